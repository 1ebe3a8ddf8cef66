"""The pinned Pulumi engine, run with one stack's environment.

Deliberately a subprocess and not the Automation API: what `switchyard` does is then exactly what
a user sees when typing the printed command.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import tools
from cli import output
from cli.errors import BadNews, ExitCode, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).resolve().parent.parent
YARD_PASSPHRASE = "yard"  # noqa: S105 - public by design: it guards a throw-away database on loopback
"""Passphrase of the `local` stack's secrets; documented in the README."""


@dataclass(frozen=True)
class Engine:
    """One stack's engine.

    Attributes:
        stack: name of the stack, as in `Pulumi.<stack>.yaml`.
        backend: URL of the state backend; None leaves the choice to the user's own login.
        config_file: another stack file than `Pulumi.<stack>.yaml`.
    """

    stack: str
    backend: str | None = None
    config_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """The process environment in which every command of this stack runs."""
        virtual_env = PROJECT / ".venv"
        env = dict(os.environ)
        env["PATH"] = os.pathsep.join(
            [str(virtual_env / "bin"), str(tools.bin_dir()), env.get("PATH", "")]
        )
        # without its bytecode Pulumi's SDK is compiled anew by every command: seconds
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        # the provider parses every definition at start and lives for seconds: memory for time
        env.setdefault("GOGC", "400")
        # what a killed update made and could not record is adopted by the next one, not refused
        env["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
        env["VIRTUAL_ENV"] = str(virtual_env)
        # 2.4 s of every command otherwise: the search for plugins that pip packages name
        env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        env["PULUMI_SKIP_UPDATE_CHECK"] = "true"
        if self.backend:
            env["PULUMI_BACKEND_URL"] = self.backend
            env["PULUMI_HOME"] = str(tools.cache_dir() / "pulumi-home")
            env.setdefault("PULUMI_CONFIG_PASSPHRASE", YARD_PASSPHRASE)
        return env

    def command(self, *args: str) -> list[str]:
        """The argument list of `pulumi ARGS` for this stack."""
        command = [str(tools.path("pulumi")), *args, "--stack", self.stack, "--non-interactive"]
        if self.config_file:
            command += ["--config-file", str(self.config_file)]
        return command

    def start(
        self, *args: str, stdout: IO[str] | None = None, new_session: bool = False
    ) -> subprocess.Popen[str]:
        """Start `pulumi ARGS`.

        Args:
            args: of `pulumi`.
            stdout: where its output goes; inherited when None.
            new_session: a process group of its own, which no Ctrl-C of this terminal reaches.
        """
        return subprocess.Popen(
            self.command(*args),
            cwd=PROJECT,
            env=self.environment(),
            text=True,
            stdout=stdout,
            start_new_session=new_session,
        )

    def run(self, *args: str, quiet_stdout: bool = False) -> int:
        """Run `pulumi ARGS` in the user's terminal and return its exit code.

        Args:
            args: of `pulumi`.
            quiet_stdout: what Pulumi prints goes to stderr, so that stdout can hold JSON.

        Raises:
            KeyboardInterrupt: the user pressed Ctrl-C; Pulumi has ended in order by then.
        """
        process = self.start(*args, stdout=sys.stderr if quiet_stdout else None)
        interrupted = False
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                # the terminal told Pulumi too: it saves its state and ends
                interrupted = True
                continue
            if interrupted:
                raise KeyboardInterrupt
            return code

    def update(self, *, quiet_stdout: bool = False) -> bool:
        """Run `pulumi up` without asking; True when it succeeded.

        A lock left by an update that was killed is removed first, and said.
        """
        for sentence in self.clear_stale_locks():
            output.progress(sentence)
        # a lock is removed; what the killed update left pending is found out by a refresh
        return self.run("up", "--yes", "--skip-preview", quiet_stdout=quiet_stdout) == 0

    def read(self, *args: str) -> str:
        """Run `pulumi ARGS` and return its standard output.

        Raises:
            EngineError: the command failed; holds what it printed.
        """
        return self._capture(self.command(*args))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return cast("dict[str, Any]", json.loads(self.read("stack", "output", "--json")))

    def select_or_create(self) -> None:
        """Make the stack exist in its backend; harmless when it does."""
        if self.backend and self.backend.startswith("file://"):
            Path(self.backend.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        self._capture(_bare("stack", "select", "--create", self.stack))

    def cancel(self) -> None:
        """Remove the lock that a killed update left behind."""
        self._capture(_bare("cancel", "--yes", self.stack))

    def locks(self) -> list[Path]:
        """Lock files of this stack in a file backend: an update is running, or one was killed."""
        if not self.backend or not self.backend.startswith("file://"):
            return []
        root = Path(self.backend.removeprefix("file://")) / ".pulumi" / "locks"
        return sorted(path for path in root.rglob("*.json") if path.parent.name == self.stack)

    def clear_stale_locks(self) -> list[str]:
        """Remove locks whose process is gone; returns one sentence a lock.

        Raises:
            BadNews: an update of this stack is running, here or on another machine.
        """
        stale: list[str] = []
        for path in self.locks():
            lock = cast("dict[str, Any]", json.loads(path.read_text()))
            holder = f"{lock.get('username')}@{lock.get('hostname')} (process {lock.get('pid')})"
            if lock.get("hostname") != socket.gethostname() or _alive(int(lock.get("pid", 0))):
                raise BadNews(
                    value=f"stack {self.stack!r} is locked by {holder}",
                    consequence="an update is running; a second one would corrupt its state",
                    fix="wait for it, or, when it is surely dead, run `pulumi cancel`",
                )
            stale.append(f"an update by {holder} was killed: its lock is removed")
        if stale:
            self.cancel()
        return stale

    def _capture(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise EngineError(command[1:], done.returncode, done.stdout + done.stderr)
        return done.stdout


def _bare(*args: str) -> list[str]:
    """The argument list of a command that takes its stack by position."""
    return [str(tools.path("pulumi")), *args, "--non-interactive"]


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class EngineError(Failure):
    """A Pulumi command failed."""

    code = ExitCode.UNREACHABLE

    def __init__(self, args: Sequence[str], code: int, output: str) -> None:
        super().__init__(
            value=f"`pulumi {' '.join(args)}` ended with {code}",
            consequence=output.strip() or "it printed nothing",
            fix="mend what it says and run the same command again; `switchyard doctor` helps",
        )


def of_stack(stack: str, config_file: Path | None = None) -> Engine:
    """The engine of a stack: the yard's stack keeps its state with the yard."""
    backend = None
    if stack == "local" and "PULUMI_BACKEND_URL" not in os.environ:
        backend = f"file://{tools.cache_dir() / 'yard' / 'pulumi'}"
    return Engine(stack, backend, config_file)
