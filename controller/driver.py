"""Drives one TrafficSwitch: look, decide, act; again and again, from nothing but what is there."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import ValidationError

from controller import metrics
from controller.api import Switch
from controller.arrival import key_of
from controller.decide import Decision, Notice, decide
from controller.observe import Memory
from controller.observed import Observed
from controller.phases import MOVED, Phase
from controller.resources import ServerError
from controller.routes import LIVE, Route, role_of
from controller.writer import (
    ConflictError,
    NotLeaderError,
    Verb,
    Write,
    Writer,
    event_write,
    forget_write,
    status_write,
)

log = logging.getLogger(__name__)

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds to wait after the first, second… failure in a row: the API server may be restarting."""


class World(Protocol):
    """Where a switch and its surroundings are read."""

    async def switch(self, namespace: str, name: str) -> dict[str, Any] | None:
        """The TrafficSwitch as the API server tells it."""
        ...

    async def observe(self, switch: Switch, memory: Memory) -> Observed:
        """What the decision needs."""
        ...


_HURRY = frozenset({Phase.SHIFTING, Phase.CONFIRMING, Phase.ROLLING_BACK})
"""Phases in which events wait: while traffic moves, every write in between delays the proof."""


class InterruptedLookError(Exception):
    """A new goal or command came while looking: what was being looked at may not matter now."""


class GoneError(Exception):
    """The TrafficSwitch is no more."""


def utc_now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


def _as_of(switch: Switch, written: dict[str, Any]) -> Switch:
    """The switch with the version that our own write gave it."""
    version = written["metadata"]["resourceVersion"]
    return switch.model_copy(update={"resource_version": version})


class Driver:
    """The loop of one TrafficSwitch.

    Args:
        namespace: its namespace.
        name: its name.
        world: where to look.
        writer: where to write.
        identity: this replica's name, for events.
        clock: the time, with its zone.
    """

    def __init__(  # noqa: PLR0913 - six facts, named at the call
        self,
        *,
        namespace: str,
        name: str,
        world: World,
        writer: Writer,
        identity: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._namespace = namespace
        self._name = name
        self._world = world
        self._writer = writer
        self._identity = identity
        self._clock = clock
        self._memory = Memory()
        self._movement: tuple[object, ...] = ()
        self._complained: int | None = None
        self._fresh: dict[str, Any] | None = None
        self._notices: list[Notice] = []
        self.wake = asyncio.Event()
        """Set to look at once."""

    async def run(self, may_lead: asyncio.Event) -> None:
        """Drive the switch while this replica leads, until the switch is gone."""
        failures = 0
        while True:
            if not may_lead.is_set():
                self._memory = Memory()
                await may_lead.wait()
            try:
                delay = await self.tick()
                failures = 0
            except GoneError:
                return
            except (ConflictError, InterruptedLookError):
                delay = 0.0
            except NotLeaderError as error:
                log.warning("not leading", extra=self._extra(error=str(error)))
                delay = BACKOFF[0]
            except Exception as error:  # noqa: BLE001 - the loop outlives any error, and says so
                delay = BACKOFF[min(failures, len(BACKOFF) - 1)]
                failures += 1
                self._complain(error, delay)
            await self._pause(delay)

    async def tick(self) -> float:
        """Look, decide, act once; returns the seconds until the next look.

        Raises:
            GoneError: there is no such TrafficSwitch any more.
            ConflictError: somebody wrote meanwhile: look again.
            InterruptedLookError: somebody wants something: look again.
            NotLeaderError: this replica must not write.
        """
        started = time.perf_counter()
        if self._memory.watched_since is None:
            self._memory = replace(self._memory, watched_since=self._clock())
        raw, self._fresh = (None if self.wake.is_set() else self._fresh), None
        self.wake.clear()  # before reading: what comes from now on is worth another look
        if raw is None:
            raw = await self._world.switch(self._namespace, self._name)
        if raw is None or raw["metadata"].get("deletionTimestamp"):
            raise GoneError
        try:
            switch = Switch.read(raw)
        except ValidationError as error:
            return await self._refuse(raw, error)
        observed = await self._observe(switch)
        self._memory = replace(self._memory, arrival=observed.arrival)
        decision = decide(switch.spec, observed, {}, self._clock())
        await self._act(switch, decision)
        metrics.note(switch, decision)
        metrics.TICK_SECONDS.observe(time.perf_counter() - started)
        return decision.requeue

    async def _observe(self, switch: Switch) -> Observed:
        """Look, unless somebody wants something: an abort never waits for a slow answer."""
        look = asyncio.ensure_future(self._world.observe(switch, self._memory))
        nudge = asyncio.ensure_future(self.wake.wait())
        try:
            await asyncio.wait({look, nudge}, return_when=asyncio.FIRST_COMPLETED)
            if not look.done():
                raise InterruptedLookError
            return look.result()
        finally:
            for task in (look, nudge):
                task.cancel()

    async def _act(self, switch: Switch, decision: Decision) -> None:
        """Carry out a decision: status before routes, so that a half-done movement is known."""
        self._note_movement(decision)
        self._notices += decision.notices
        written: dict[str, Any] | None = None
        if decision.status != switch.status:
            written = await self._writer.write(status_write(switch, decision.status))
            switch = _as_of(switch, written)
            self._log(decision)
        for route in decision.apply:
            await self._apply(route)
        for name in decision.delete:
            write = Write(Verb.DELETE_ROUTE, switch.namespace, name, {})
            await self._writer.write(write)
        if decision.forget:
            written = await self._writer.write(forget_write(switch, decision.forget))
        if decision.status.phase not in _HURRY:
            await self._tell(switch)
        if decision.requeue == 0:
            self._fresh = written  # as good as reading it again, and a conflict tells when not

    def _note_movement(self, decision: Decision) -> None:
        """Forget when weights were written once another movement begins."""
        status = decision.status
        back = status.phase is Phase.ROLLING_BACK
        moving = back or status.phase in MOVED
        movement = (key_of(status), moving)
        if movement != self._movement:
            self._movement = movement
            self._memory = replace(self._memory, written_at=None)

    async def _apply(self, route: Route) -> None:
        name = route["metadata"]["name"]
        await self._writer.write(Write(Verb.APPLY_ROUTE, self._namespace, name, route))
        if role_of(route) == LIVE and self._memory.written_at is None:
            self._memory = replace(self._memory, written_at=self._clock())

    async def _tell(self, switch: Switch) -> None:
        """Post the events; one that cannot be posted must not stop a release."""
        while self._notices:
            notice = self._notices.pop(0)
            try:
                await self._writer.write(event_write(switch, notice, self._identity))
            except (ServerError, ConflictError) as error:
                log.warning("an event was lost", extra=self._extra(error=str(error)))

    async def _refuse(self, raw: dict[str, Any], error: ValidationError) -> float:
        """A spec that the schema let pass but that makes no sense: say so, once, and wait."""
        generation = raw["metadata"].get("generation", 0)
        if self._complained != generation:
            self._complained = generation
            log.error("the spec makes no sense", extra=self._extra(error=str(error)))
        await asyncio.sleep(0)
        return BACKOFF[-1]

    def _complain(self, error: Exception, delay: float) -> None:
        known = isinstance(error, ServerError)
        extra = self._extra(error=f"{type(error).__name__}: {error}", retry_in_seconds=delay)
        log.error("this look failed", extra=extra, exc_info=None if known else error)

    async def _pause(self, delay: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), max(delay, 0.001))

    def _log(self, decision: Decision) -> None:
        status = decision.status
        extra = self._extra(
            release=status.release,
            phase=status.phase.value,
            serving=status.serving and status.serving.value,
            weight=status.weight,
            because=decision.because.value,
            reason=status.reason,
        )
        log.log(logging.INFO if decision.notices else logging.DEBUG, "decided", extra=extra)

    def _extra(self, **more: object) -> dict[str, object]:
        return {"namespace": self._namespace, "switch": self._name, **more}
