"""Following one traffic switch: a watch on the API server, with a deadline that holds.

The watch runs in a thread, because a quiet cluster sends nothing for minutes and a deadline or a
key press must be noticed meanwhile. A lost connection is told and mended, never mistaken for news.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import httpx2
from lightkube import ApiError

from cli.errors import first_line
from cli.kind import TrafficSwitch
from cli.views import switch_view

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from lightkube import Client

    from cli.views import PhaseView, SwitchView

RECONNECT_SECONDS = 0.5
"""Pause between two attempts to get a lost watch back."""

SERVER_TIMEOUT = 300
"""Seconds after which the API server ends a watch by itself; it is begun again at once."""


class Lost:
    """The connection is lost at present; the reason is for people."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Gone:
    """The switch was deleted."""


class Updates:
    """The stream of one switch's states after the one given, newest last.

    The watch begins at that state's own version: nothing between the two is missed, and the API
    server needs no fresh list before it answers. After a loss the present state comes first.
    """

    def __init__(
        self,
        client: Client,
        view: SwitchView,
        on_seen: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._client = client
        self._on_seen = on_seen
        self._view = view
        self._since = view.resource_version
        self._queue: SimpleQueue[SwitchView | Lost | Gone] = SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="switchyard-follow")
        self._thread.start()

    def next(self, timeout: float) -> SwitchView | Lost | Gone | None:
        """The next update; None when none came within `timeout` seconds."""
        try:
            return self._queue.get(timeout=max(0.0, timeout))
        except Empty:
            return None

    def close(self) -> None:
        """Stop following. The thread ends with its connection or with the process."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._follow()
            except (httpx2.HTTPError, ApiError, OSError) as error:
                self._queue.put(Lost(f"{type(error).__name__}: {first_line(error)}"))
            self._closed.wait(RECONNECT_SECONDS)

    def _follow(self) -> None:
        events = cast("Any", self._client).watch(
            TrafficSwitch,
            namespace=self._view.namespace,
            fields={"metadata.name": self._view.name},
            server_timeout=SERVER_TIMEOUT,
            resource_version=self._since,
        )
        # after a loss the present state comes first, so that the gap is closed and told
        self._since = None
        for kind, resource in events:
            if self._closed.is_set():
                return
            if kind == "DELETED":
                self._queue.put(Gone())
            elif kind in ("ADDED", "MODIFIED"):
                seen = cast("dict[str, Any]", resource)
                if self._on_seen:
                    self._on_seen(seen)
                self._queue.put(switch_view(seen))


@contextmanager
def following(
    client: Client, view: SwitchView, on_seen: Callable[[dict[str, Any]], None] | None = None
) -> Generator[Updates]:
    """Follow a switch for the length of a `with` block.

    Args:
        client: of the cluster.
        view: the switch, as it is now.
        on_seen: called with every state as the API server tells it, in the thread that follows.
    """
    updates = Updates(client, view, on_seen)
    try:
        yield updates
    finally:
        updates.close()


def until(
    client: Client,
    view: SwitchView,
    reached: Callable[[SwitchView], bool],
    *,
    timeout: float,
) -> SwitchView:
    """Follow a switch until `reached` says so or the time is up; the last state seen.

    Args:
        client: of the cluster.
        view: the switch to follow, as it is now.
        reached: asked at every state, the present one first; may tell progress as a side effect.
        timeout: seconds.
    """
    if reached(view):
        return view
    deadline = time.monotonic() + timeout
    with following(client, view) as updates:
        while (left := deadline - time.monotonic()) > 0:
            update = updates.next(left)
            if update is None or isinstance(update, Gone):
                return view
            if isinstance(update, Lost):
                continue
            view = update
            if reached(view):
                return view
    return view


class PhaseStream:
    """Tells every phase of one release once, however often the switch is seen.

    Args:
        release: whose phases.
        on_phase: called with the switch as seen and the phase; None tells nobody.
        told: phases that are not to be told (those of an earlier try).
    """

    def __init__(
        self,
        release: str,
        on_phase: Callable[[SwitchView, PhaseView], None] | None,
        told: list[PhaseView] | None = None,
    ) -> None:
        self._release = release
        self._on_phase = on_phase
        self._told = {(phase.phase, phase.at) for phase in told or []}

    def tell(self, view: SwitchView) -> None:
        """Tell what is new in this state."""
        if view.working != self._release or self._on_phase is None:
            return
        for phase in view.phases:
            if (phase.phase, phase.at) not in self._told:
                self._told.add((phase.phase, phase.at))
                self._on_phase(view, phase)
