"""Runs programs of the host to their end and turns a failure into an error that can be acted on."""

import subprocess
from collections.abc import Mapping

from local.errors import YardError


def run(
    *command: str,
    stdin: str | None = None,
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command and return its standard output.

    Args:
        command: executable and arguments.
        stdin: text for its standard input.
        timeout: seconds after which it is killed.
        env: its whole environment; ours by default.

    Raises:
        YardError: it is missing, fails, or takes too long; with what it wrote to standard error.
    """
    try:
        done = subprocess.run(
            command,
            input=stdin,
            timeout=timeout,
            env=env,
            check=False,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise YardError(
            f"{command[0]} is not on this machine, and the yard needs it."
            " `switchyard yard preflight` says how to get it."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise YardError(f"`{' '.join(command)}` did not end within {timeout:.0f} s.") from error
    if done.returncode != 0:
        raise YardError(
            f"`{' '.join(command)}` failed with code {done.returncode}: "
            f"{(done.stderr or done.stdout).strip()[-2000:]}"
        )
    return done.stdout


def attempt(*command: str, stdin: str | None = None) -> bool:
    """Run a command whose failure is an answer; False also when it is not installed."""
    try:
        run(*command, stdin=stdin)
    except YardError:
        return False
    return True
