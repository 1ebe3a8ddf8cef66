"""Shows how far each tool is: a live table on a terminal, plain lines elsewhere.

It prints to standard error, so that standard output stays with the command's result.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.workshop import Reporter

HEARTBEAT_SECONDS = 30.0
"""How often a run without a terminal says that it is alive."""

_STYLES = {"ready": "green", "missing": "bold red", "at work": "cyan"}


class Silent:
    """Says nothing."""

    def start(self, tools: Sequence[str]) -> None:
        """Ignore."""

    def working(self, tool: str, what: str) -> None:
        """Ignore."""

    def remark(self, tool: str, text: str) -> None:
        """Ignore."""

    def ready(self, tool: str, version: str, source: str, seconds: float) -> None:
        """Ignore."""

    def missing(self, tool: str) -> None:
        """Ignore."""

    def stop(self) -> None:
        """Ignore."""


@dataclass
class _State:
    """What is known of one tool."""

    word: str = "waiting"
    detail: str = ""
    begun: float | None = None
    seconds: float | None = None

    def elapsed(self) -> str:
        """Return the seconds at work, or nothing before it began."""
        if self.seconds is not None:
            return f"{self.seconds:.0f} s"
        return "" if self.begun is None else f"{time.monotonic() - self.begun:.0f} s"


class _Board:
    """The state of every tool of a run."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.states: dict[str, _State] = {}

    def start(self, tools: Sequence[str]) -> None:
        """Take down the tools of a run."""
        with self.guard:
            self.states = {tool: _State() for tool in tools}

    def working(self, tool: str, what: str) -> bool:
        """Note what a tool is at; tells whether it has only now been taken up."""
        with self.guard:
            state = self.states.setdefault(tool, _State())
            fresh = state.begun is None
            if fresh:
                state.begun = time.monotonic()
            state.word, state.detail = "at work", what
        return fresh

    def settle(self, tool: str, word: str, detail: str, seconds: float | None = None) -> None:
        """Note a tool's end."""
        with self.guard:
            state = self.states.setdefault(tool, _State())
            state.word, state.detail, state.seconds = word, detail, seconds


class Lines:
    """One plain line at each change, and a heartbeat while nothing changes."""

    def __init__(self, stream: TextIO | None = None, *, beat: float = HEARTBEAT_SECONDS) -> None:
        self._stream = stream or sys.stderr
        self._beat = beat
        self._board = _Board()
        self._over = threading.Event()
        self._begun = time.monotonic()

    def start(self, tools: Sequence[str]) -> None:
        """Say what is to be had, and begin to beat."""
        self._board.start(tools)
        self._say(f"obtaining {len(tools)}: {' '.join(tools)}")
        threading.Thread(target=self._pulse, daemon=True).start()

    def working(self, tool: str, what: str) -> None:
        """Say it when a source takes the tool up; details wait for the heartbeat."""
        fresh = self._board.working(tool, what)
        if fresh and what != "looking on PATH":
            self._say(f"{tool}: {what}")

    def remark(self, tool: str, text: str) -> None:
        """Say why a source was passed over."""
        with self._board.guard:
            state = self._board.states.get(tool)
            if state is not None:
                state.begun = None
        self._say(f"{tool}: {text}")

    def ready(self, tool: str, version: str, source: str, seconds: float) -> None:
        """Say that a tool is there."""
        self._board.settle(tool, "ready", source, seconds)
        self._say(f"{tool}: ready, {version}, {source}, {seconds:.1f} s")

    def missing(self, tool: str) -> None:
        """Say that a tool could not be had."""
        self._board.settle(tool, "missing", "no source left")
        self._say(f"{tool}: could not be had")

    def stop(self) -> None:
        """End the heartbeat."""
        self._over.set()

    def _pulse(self) -> None:
        """Say who is at work, now and then, until the run is over."""
        while not self._over.wait(self._beat):
            with self._board.guard:
                together: dict[str, list[str]] = {}
                for tool, state in self._board.states.items():
                    if state.word == "at work" and state.begun is not None:
                        together.setdefault(f"{state.detail}, {state.elapsed()}", []).append(tool)
                waiting = sum(state.word == "waiting" for state in self._board.states.values())
            busy = [f"{' '.join(tools)} ({detail})" for detail, tools in together.items()]
            at_work = "; ".join(busy) or "nothing"
            self._say(f"still at work: {at_work}; {waiting} waiting")

    def _say(self, text: str) -> None:
        """Print one line with the seconds since the run began."""
        elapsed = time.monotonic() - self._begun
        self._stream.write(f"[{elapsed:6.1f} s] {text}\n")
        self._stream.flush()


class LiveTable:
    """One line a tool with its state and seconds, redrawn in place."""

    def __init__(self, console: Console | None = None) -> None:
        self._board = _Board()
        self._console = console or Console(stderr=True)
        self._live = Live(
            get_renderable=self._table,
            console=self._console,
            refresh_per_second=4,
            vertical_overflow="ellipsis",
        )

    def start(self, tools: Sequence[str]) -> None:
        """Draw the table."""
        self._board.start(tools)
        self._live.start()

    def working(self, tool: str, what: str) -> None:
        """Show what a tool is at."""
        self._board.working(tool, what)

    def remark(self, tool: str, text: str) -> None:
        """Print why a source was passed over, above the table."""
        self._console.print(f"{tool}: {text}", style="yellow", markup=False, highlight=False)

    def ready(self, tool: str, version: str, source: str, seconds: float) -> None:
        """Show that a tool is there."""
        self._board.settle(tool, "ready", f"{version}, {source}", seconds)

    def missing(self, tool: str) -> None:
        """Show that a tool could not be had."""
        self._board.settle(tool, "missing", "no source left")

    def stop(self) -> None:
        """Leave the last state on the screen."""
        if self._live.is_started:
            self._live.stop()

    def _table(self) -> Table:
        """Draw what is known now."""
        table = Table.grid(padding=(0, 2))
        with self._board.guard:
            for tool, state in self._board.states.items():
                style = _STYLES.get(state.word, "dim")
                table.add_row(tool, f"[{style}]{state.word}[/]", state.elapsed(), state.detail)
        return table


def automatic() -> Reporter:
    """Return the table on a terminal, lines elsewhere."""
    return LiveTable() if sys.stderr.isatty() else Lines()
