"""What a source is given to work with, and what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tools.recipe import Source, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.cache import Cache
    from tools.runner import Runner

S = TypeVar("S", bound=Source)

HERE = Path(__file__).parent
"""The folder of this room: go.mod files and wheel requirements are data beside the code."""


@dataclass(frozen=True, kw_only=True)
class Order(Generic[S]):
    """One tool wanted from one source; the source fills the staging folder's `bin/`."""

    tool: Tool
    source: S
    staging: Path
    log: Path

    @property
    def bin(self) -> Path:
        """Where the commands belong."""
        return self.staging / "bin"

    @property
    def share(self) -> Path:
        """Where data that ships with the tool belongs; made when needed."""
        return self.staging / "share"


class Reporter(Protocol):
    """Hears what happens to each tool. Calls come from several threads."""

    def working(self, tool: str, what: str) -> None:
        """A source took the tool up, or says how far it is."""
        ...

    def remark(self, tool: str, text: str) -> None:
        """Something the reader should know once, as a source that was passed over."""
        ...

    def ready(self, tool: str, version: str, source: str, seconds: float) -> None:
        """The tool can be used."""
        ...

    def missing(self, tool: str) -> None:
        """No source had it."""
        ...

    def start(self, tools: Sequence[str]) -> None:
        """The tools of this run, in order."""
        ...

    def stop(self) -> None:
        """The run is over."""
        ...


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """The means of a source."""

    cache: Cache
    runner: Runner
    reporter: Reporter
    need: Callable[[Tool], Path]
    """Obtains another tool first, such as Go itself; raises SourceFailed."""


Outcomes = dict[str, str | None]
"""Tool name to None when its staging folder is filled, or to the reason why not."""
