"""Reads the world for a decision: no more than the phase asks for, all of it at once.

What cannot be read becomes `Unknown` with the reason; nothing here raises for want of data, but for
the TrafficSwitch itself, without which there is nothing to decide.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from controller import resources
from controller.api import ABORT, ABORT_REASON, GROUP, OVERRIDE, RETRY, Service, Status, Switch
from controller.arrival import NOTHING_YET, Arrival, key_of, movement_of
from controller.gateway_probe import BURST, CONSECUTIVE, GatewayProbe, Proxy, proxies
from controller.observed import Allowance, Commands, Identity, Judgement, Observed
from controller.phases import MOVED, Colour, Phase
from controller.resources import ApiServer, ServerError
from controller.sight import NOT_LOOKED_AT, NotReady, Readiness, Shown, Sight, Unknown
from controller.workloads import judge, judge_endpoints

COLOUR_LABEL = f"{GROUP}/colour"
GATEWAY_LABELS = "gateway.envoyproxy.io/owning-gateway"

Raw = dict[str, Any]


class UnreadableError(Exception):
    """A read failed; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What this process alone knows; losing it costs precision, never safety."""

    written_at: datetime | None = None
    watched_since: datetime | None = None
    arrival: Arrival = NOTHING_YET


class Judges(Protocol):
    """Where evidence about candidates under traffic comes from."""

    def look(self, switch: Switch) -> Judgement | Unknown:
        """What has been judged since the last look; never waits."""
        ...

    def budget(self, switch: Switch) -> Allowance | Unknown | None:
        """What the error budget allows; never waits."""
        ...


class NoJudges:
    """For switches that never ramp."""

    def look(self, switch: Switch) -> Judgement | Unknown:
        """Nothing is judged."""
        return Unknown(f"nobody judges {switch.name}")

    def budget(self, switch: Switch) -> Allowance | Unknown | None:
        """Nothing is known of a budget that somebody asks for."""
        return Unknown("no budget is read") if switch.spec.error_budget else None


class Reader:
    """Reads the API server, asks the gateway pods, and hears the judges."""

    def __init__(
        self, server: ApiServer, probe: GatewayProbe, judges: Judges | None = None
    ) -> None:
        self._server = server
        self._probe = probe
        self._judges = judges or NoJudges()

    async def switch(self, namespace: str, name: str) -> Raw | None:
        """The TrafficSwitch, or None when there is none."""
        try:
            return await self._server.get(resources.TRAFFIC_SWITCH, namespace, name)
        except ServerError as error:
            if error.is_missing:
                return None
            raise

    async def observe(self, switch: Switch, memory: Memory) -> Observed:
        """Look at everything that the switch's phase needs."""
        status, spec = switch.status, switch.spec
        attempt = status.attempt
        to = attempt.to if attempt else spec.live
        services = _services(switch)
        async with asyncio.TaskGroup() as at_once:
            routes = at_once.create_task(self._routes(switch.namespace))
            candidate = at_once.create_task(self._candidate(switch))
            preview = at_once.create_task(self._preview(switch, to))
            live = at_once.create_task(self._live(switch, services))
            endpoints = {
                colour: at_once.create_task(self._endpoints(switch, colour, services))
                for colour in self._colours_to_check(switch)
            }
        return Observed(
            identity=Identity(switch.name, switch.namespace, switch.uid, switch.generation),
            status=status,
            commands=_commands(switch.annotations),
            routes=routes.result(),
            candidate=candidate.result(),
            endpoints={colour: task.result() for colour, task in endpoints.items()},
            preview=preview.result(),
            live=live.result(),
            arrival=_asked(status, memory, live.result()),
            judgement=self._judges.look(switch) if status.phase is Phase.RAMPING else NOT_LOOKED_AT,
            budget=self._judges.budget(switch),
            written_at=memory.written_at,
            watched_since=memory.watched_since,
        )

    @staticmethod
    def _colours_to_check(switch: Switch) -> list[Colour]:
        """Where traffic is or may have to go back to."""
        status = switch.status
        is_moving = status.phase in MOVED or status.phase is Phase.ROLLING_BACK
        if not (is_moving or ABORT in switch.annotations):
            return []
        return list(Colour)

    async def _candidate(self, switch: Switch) -> Readiness:
        attempt = switch.status.attempt
        if attempt is None or switch.status.phase not in {Phase.PREPARING, Phase.PROBING}:
            return NOT_LOOKED_AT
        namespace = switch.spec.colours.namespace(attempt.to)
        labels = {COLOUR_LABEL: attempt.to.value}
        try:
            deployments, stateful_sets, jobs = await asyncio.gather(
                self._list(resources.DEPLOYMENT, namespace, labels),
                self._list(resources.STATEFUL_SET, namespace, labels),
                self._list(resources.JOB, namespace, labels),
            )
        except UnreadableError as error:
            return Unknown(str(error))
        workloads = [*deployments, *stateful_sets]
        verdict = judge(workloads, jobs, attempt.digests, attempt.to.value)
        if isinstance(verdict, NotReady):
            return verdict
        return await self._endpoints(switch, attempt.to, attempt.services)

    async def _endpoints(
        self, switch: Switch, colour: Colour, services: tuple[Service, ...]
    ) -> Readiness:
        namespace = switch.spec.colours.namespace(colour)
        try:
            slices = await self._list(resources.ENDPOINT_SLICE, namespace)
        except UnreadableError as error:
            return Unknown(str(error))
        return judge_endpoints(slices, services, colour.value)

    async def _routes(self, namespace: str) -> Mapping[str, Mapping[str, Any]] | Unknown:
        try:
            found = await self._list(resources.HTTP_ROUTE, namespace)
        except UnreadableError as error:
            return Unknown(str(error))
        return {route["metadata"]["name"]: route for route in found}

    async def _proxies(self, switch: Switch) -> list[Proxy]:
        gateway = switch.spec.gateway
        labels = {
            f"{GATEWAY_LABELS}-name": gateway.name,
            f"{GATEWAY_LABELS}-namespace": gateway.namespace,
        }
        return proxies(await self._list(resources.ENDPOINT_SLICE, resources.EVERYWHERE, labels))

    async def _preview(self, switch: Switch, colour: Colour) -> Readiness:
        if switch.status.phase is not Phase.PROBING:
            return NOT_LOOKED_AT
        try:
            pods = await self._proxies(switch)
        except UnreadableError as error:
            return Unknown(str(error))
        return await self._probe.preview(pods, switch.spec.services, colour)

    async def _live(self, switch: Switch, services: tuple[Service, ...]) -> Sight:
        status = switch.status
        has_arrived = status.phase is Phase.RAMPING and status.ramp and status.ramp.seen_at
        if status.phase not in MOVED | {Phase.ROLLING_BACK} or has_arrived:
            return NOT_LOOKED_AT
        movement = movement_of(status)
        times = BURST if movement is not None and movement.partial else CONSECUTIVE
        try:
            pods = await self._proxies(switch)
        except UnreadableError as error:
            return Unknown(str(error))
        return await self._probe.live(pods, services, times)

    async def _list(
        self,
        kind: Any,  # noqa: ANN401 - the library's classes are made at run time
        namespace: str,
        labels: dict[str, str] | None = None,
    ) -> list[Raw]:
        """All objects of a kind; never half of them.

        Raises:
            UnreadableError: when the API server did not give them.
        """
        try:
            return await self._server.list(kind, namespace, labels)
        except ServerError as error:
            raise UnreadableError(f"cannot list {kind.__name__}s: {error}") from error


def _asked(status: Status, memory: Memory, live: Sight) -> Arrival:
    """What the answers prove, those of this look and of earlier ones about the same movement."""
    movement, key = movement_of(status), key_of(status)
    arrival = memory.arrival
    if arrival.movement != movement or arrival.key != key:
        arrival = Arrival(movement, key)
    return arrival.after(live) if isinstance(live, Shown) else arrival


def _services(switch: Switch) -> tuple[Service, ...]:
    """The services whose live routes matter now."""
    status = switch.status
    if status.phase is Phase.ROLLING_BACK and status.rollback is not None:
        return (status.rollback.to or status.rollback.content).services
    return status.attempt.services if status.attempt else switch.spec.services


def _commands(annotations: Mapping[str, str]) -> Commands:
    return Commands(
        abort=annotations.get(ABORT),
        abort_reason=annotations.get(ABORT_REASON, ""),
        retry=annotations.get(RETRY),
        has_override=OVERRIDE in annotations,
    )
