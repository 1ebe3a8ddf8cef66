"""What can go wrong when a tool is wanted, told so that the reader knows the next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One source that was asked for a tool, and why it did not give it."""

    source: str
    reason: str

    def __str__(self) -> str:
        """Render as `source: reason`, further lines indented."""
        return f"{self.source}: {self.reason}".replace("\n", "\n      ")


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A tool that could not be had: every source tried, in order, and what the reader can do."""

    tool: str
    attempts: tuple[Attempt, ...]
    fix: str
    what: str = "could not be had"

    def __str__(self) -> str:
        """Render what, what was tried, fix."""
        lines = [f"{self.tool} {self.what}."]
        if self.attempts:
            lines.append("  tried, in this order:")
            lines += [f"    {attempt}" for attempt in self.attempts]
        lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class ToolMissing(RuntimeError):  # noqa: N818 - the name says it whole
    """Raised when a tool is not there and cannot be had; the message says what to do."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = tuple(missing)
        super().__init__("\n".join(str(one) for one in missing))


class UnknownTool(ValueError):  # noqa: N818 - the name says it whole
    """Raised for a name that no tool, command or group of the catalogue bears."""


class SourceFailed(RuntimeError):  # noqa: N818 - the name says it whole
    """Raised by a source that cannot give what was ordered; the reason goes into the report."""


class Interrupted(BaseException):
    """Raised in a lane when the run is being stopped; nothing half-made is kept."""
