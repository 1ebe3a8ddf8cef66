"""Waits for conditions, within bounds, and says why when one does not come."""

import time
from collections.abc import Callable
from pathlib import Path

from local.errors import YardError

Condition = Callable[[], str | None]
"""Returns None once it holds, else a few words on what is still missing."""


def wait_for(
    what: str,
    condition: Condition,
    *,
    timeout: float,
    log: Path | None = None,
    interval: float = 0.1,
) -> None:
    """Return as soon as the condition holds.

    Args:
        what: the condition in words, as in "the API server is ready".
        condition: asked again and again; see ``Condition``.
        timeout: seconds until giving up.
        log: its last lines go into the error.
        interval: seconds between two questions.

    Raises:
        YardError: the condition did not come in time; with the last reason and the log's end.
    """
    deadline = time.monotonic() + timeout
    while True:
        missing = condition()
        if missing is None:
            return
        if time.monotonic() >= deadline:
            raise YardError(
                f"waited {timeout:.0f} s until {what}, in vain: {missing}.{ending(log)}"
            )
        time.sleep(interval)


def ending(log: Path | None, lines: int = 12) -> str:
    """The last lines of a log, set off for an error message; empty without a log."""
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            tail = file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return f"\nIts log {log} does not exist."
    return "\n".join([f"\nThe last lines of {log}:", *(f"  {line[:400]}" for line in tail)])
