"""What reaches the terminal: answers on stdout, progress and errors on stderr.

With `--json`, stdout holds exactly one JSON document, in success and in failure.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import BaseModel
    from rich.console import Console

    from cli.errors import Failure

NOTHING = "-"
"""Shown where there is nothing to show."""

PIPE_WIDTH = 200
"""Characters; wider than any table of ours."""

COLOUR_STYLE = {"blue": "bold dodger_blue1", "green": "bold green3"}
"""How the two colours are painted, wherever they are named."""


def console() -> Console:
    """The console of answers (stdout)."""
    from rich.console import Console

    return Console(highlight=False, **_shape(tty=sys.stdout.isatty()))


def progress_console() -> Console:
    """The console of progress and errors (stderr)."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, **_shape(tty=sys.stderr.isatty()))


def _shape(*, tty: bool) -> dict[str, Any]:
    """A pipe is as wide as it needs to be: nothing is cut or wrapped for `grep`."""
    return {} if tty else {"width": PIPE_WIDTH, "soft_wrap": True}


def progress(line: str) -> None:
    """One line of progress on stderr, as plain text."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def emit(document: BaseModel | Mapping[str, Any]) -> None:
    """Write the one JSON document of this run to stdout."""
    plain = dict(document) if isinstance(document, Mapping) else document.model_dump(mode="json")
    sys.stdout.write(json.dumps(plain, indent=2, default=str) + "\n")
    sys.stdout.flush()


def failure(error: Failure, *, as_json: bool) -> None:
    """Tell an expected failure: for people on stderr, for scripts on stdout as well."""
    if as_json:
        emit(
            {
                "error": {
                    "value": error.value,
                    "consequence": error.consequence,
                    "fix": error.fix,
                    "exit_code": int(error.code),
                }
            }
        )
    from rich.text import Text

    console = progress_console()
    console.print(Text.assemble(("✗ ", "bold red"), (error.value, "bold")))
    console.print(Text.assemble("  so   ", error.consequence))
    console.print(Text.assemble("  fix  ", (error.fix, "cyan")))


def colour_markup(colour: str | None) -> str:
    """A colour's name in its own paint; a dash when there is none."""
    if colour is None:
        return "[dim]none[/]"
    style = COLOUR_STYLE.get(colour, "bold")
    return f"[{style}]{colour}[/]"


def duration(seconds: float) -> str:
    """A duration in the largest two units that matter: `59m 12s`, `3.4 s`, `850 ms`."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"


def clock(at: datetime | None) -> str:
    """A moment as local wall-clock time with milliseconds; a dash when unknown."""
    if at is None:
        return NOTHING
    return at.astimezone().strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def short(identity: str | None, length: int = 12) -> str:
    """The first characters of a digest, revision or release; a dash when there is none."""
    if not identity:
        return NOTHING
    return identity.removeprefix("sha256:")[:length]
