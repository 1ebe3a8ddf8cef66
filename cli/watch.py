"""`switchyard watch`: a live picture in a terminal, one line per change anywhere else."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.live import Live

from cli import changes, output, screen, traffic
from cli.environments import environments
from cli.errors import BadNews, ExitCode, Failure
from cli.follow import Gone, Lost, Updates, following
from cli.release_report.keeping import Keeper
from cli.rest import Rest

if TYPE_CHECKING:
    from collections.abc import Generator

    from lightkube import Client

    from cli.changes import Change
    from cli.screen import Scene
    from cli.views import SwitchView

FRAME_SECONDS = 0.2
"""A flip takes milliseconds; five pictures a second show it without costing anything."""
LOOK_SECONDS = 1.0
"""How often readiness and traffic are read."""
QUIET_SECONDS = 3600.0
"""How long one wait for the next change may last; then it is simply begun again."""


def watch(client: Client, view: SwitchView, *, as_json: bool) -> ExitCode:
    """Follow one switch until `q`, Ctrl-C, or its deletion; its releases are recorded meanwhile.

    Returns:
        How to leave: OK after `q`, INTERRUPTED after Ctrl-C.

    Raises:
        BadNews: the switch was deleted.
    """
    picture = sys.stdout.isatty() and sys.stdin.isatty() and not as_json
    keeper = Keeper(view.name, "watch")
    try:
        keeper.begin(client)
        with following(client, view, keeper.see) as updates:
            if picture:
                _live(client, view, updates)
            else:
                _lines(view, updates, as_json=as_json)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    finally:
        keeper.close()
    return ExitCode.OK


def _gone(view: SwitchView) -> BadNews:
    return BadNews(
        value=f"TrafficSwitch {view.namespace}/{view.name}",
        consequence="it was deleted, there is nothing left to watch",
        fix="`switchyard up` makes it again",
    )


def _lines(view: SwitchView, updates: Updates, *, as_json: bool) -> None:
    """One line per change, until interrupted."""
    _tell(changes.first(view, datetime.now(UTC)), as_json=as_json)
    lost = False
    while True:
        update = updates.next(QUIET_SECONDS)
        if isinstance(update, Gone):
            raise _gone(view)
        if isinstance(update, Lost):
            if not lost:
                _tell(changes.told("lost", view, update.reason), as_json=as_json)
            lost = True
        elif update is not None:
            if lost:
                _tell(changes.told("back", update, "connected again"), as_json=as_json)
                lost = False
            for change in changes.between(view, update, datetime.now(UTC)):
                _tell(change, as_json=as_json)
            view = update


def _tell(change: Change, *, as_json: bool) -> None:
    sys.stdout.write((change.model_dump_json() if as_json else changes.line(change)) + "\n")
    sys.stdout.flush()


def _live(client: Client, view: SwitchView, updates: Updates) -> None:
    """The picture, until `q`."""
    look = Look(client, view)
    scene = screen.Scene(view, client.config.cluster.server, datetime.now(UTC))
    try:
        with (
            _keys() as pressed,
            Live(console=output.console(), screen=True, auto_refresh=False) as live,
        ):
            while True:
                scene = look.into(_catch_up(scene, updates))
                live.update(screen.draw(scene), refresh=True)
                if pressed(FRAME_SECONDS) in {"q", "Q"}:
                    return
    finally:
        look.close()


def _catch_up(scene: Scene, updates: Updates) -> Scene:
    """The scene after everything that has arrived meanwhile."""
    while (update := updates.next(0)) is not None:
        if isinstance(update, Gone):
            raise _gone(scene.view)
        if isinstance(update, Lost):
            scene = replace(scene, lost=update.reason)
        else:
            scene = replace(scene, view=update, lost=None)
    return replace(scene, now=datetime.now(UTC))


class Look:
    """Reads readiness and traffic beside the picture, so that a slow answer never freezes it."""

    def __init__(self, client: Client, view: SwitchView) -> None:
        self._rest = Rest(client)
        self._view = view
        self._closed = threading.Event()
        self._seen: dict[str, object] = {}
        threading.Thread(target=self._run, daemon=True, name="switchyard-look").start()

    def into(self, scene: Scene) -> Scene:
        """The scene with what was read last."""
        return replace(scene, **self._seen)

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                found = environments(self._rest, self._view)
                seen: dict[str, object] = {"environments": found, "blind": None}
            except Failure as failure:
                seen = {"blind": failure.consequence}
            self._seen = {
                **self._seen,
                **seen,
                "traffic": traffic.read(self._rest, self._view.name),
            }
            self._closed.wait(LOOK_SECONDS)


@contextmanager
def _keys() -> Generator[Keys]:
    """Single key presses for the length of a `with` block; the terminal is put back after it."""
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    tty.setcbreak(handle)
    try:
        yield Keys(handle)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


class Keys:
    """Reads one key, or nothing within the time given."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __call__(self, timeout: float) -> str | None:
        """The key pressed within `timeout` seconds; `q` when the terminal has gone away."""
        ready, _, _ = select.select([self._handle], [], [], timeout)
        if not ready:
            return None
        return os.read(self._handle, 1).decode(errors="replace") or "q"
