"""One leader, whatever the replicas do."""

import asyncio

import pytest
from controller_simulator import MemoryServer

from controller import lease, resources
from controller.lease import DURATION, MARGIN, Leadership
from controller.resources import Object, ServerError
from controller.writer import NotLeaderError, Verb, Write, Writer

pytestmark = pytest.mark.pure


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Replica:
    def __init__(self, server: MemoryServer, name: str, clock: Clock) -> None:
        self.leadership = Leadership(server, "switchyard", name, clock)
        self.writer = Writer(server, self.leadership.may_write)

    async def campaign_once(self) -> None:
        campaign = asyncio.create_task(self.leadership.campaign(self.writer))
        for _ in range(10):
            await asyncio.sleep(0)
        campaign.cancel()

    @property
    def leads(self) -> bool:
        return self.leadership.may_write()


@pytest.fixture
def world() -> tuple[MemoryServer, Clock, Replica, Replica]:
    server, clock = MemoryServer(), Clock()
    return server, clock, Replica(server, "a", clock), Replica(server, "b", clock)


World = tuple[MemoryServer, Clock, Replica, Replica]


async def test_the_first_leads_and_the_second_waits(world: World) -> None:
    _, _, a, b = world
    await a.campaign_once()
    await b.campaign_once()
    assert (a.leads, b.leads) == (True, False)
    assert a.leadership.held.is_set()


async def test_a_replica_that_cannot_renew_stops_before_another_may_start(world: World) -> None:
    _, clock, a, b = world
    await a.campaign_once()
    for _ in range(int(DURATION * 10)):
        clock.now += 0.1
        await b.campaign_once()
        assert not (a.leads and b.leads), "two leaders at once"
    clock.now += DURATION
    await b.campaign_once()
    await b.campaign_once()
    assert (a.leads, b.leads) == (False, True)


async def test_the_writer_of_a_replica_without_a_lease_refuses(world: World) -> None:
    server, clock, a, _ = world
    await a.campaign_once()
    clock.now += DURATION - MARGIN
    with pytest.raises(NotLeaderError):
        await a.writer.write(Write(Verb.APPLY_ROUTE, "shop", "orders", {}))
    assert not [kind for kind, _, _ in server.objects if kind == "HTTPRoute"]


async def test_a_lease_given_up_is_taken_at_once(world: World) -> None:
    _, _, a, b = world
    await a.campaign_once()
    await a.leadership.release(a.writer)
    assert not a.leads
    await b.campaign_once()
    assert b.leads


async def test_a_restart_under_the_same_name_goes_on_at_once(world: World) -> None:
    server, clock, a, _ = world
    await a.campaign_once()
    again = Replica(server, "a", clock)
    await again.campaign_once()
    assert again.leads


async def test_of_two_that_take_a_free_lease_at_once_one_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _, a, b = world
    await a.campaign_once()
    await a.leadership.release(a.writer)
    stale = await server.get(resources.LEASE, "switchyard", lease.NAME)

    async def read_stale(*_: object) -> Object:
        return stale

    monkeypatch.setattr(server, "get", read_stale)
    await a.campaign_once()
    await b.campaign_once()
    assert (a.leads, b.leads) == (True, False)


async def test_an_api_server_that_does_not_answer_costs_the_lead_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, clock, a, _ = world
    await a.campaign_once()

    async def fail(*_: object) -> Object:
        raise ServerError(0, "ConnectError")

    monkeypatch.setattr(server, "get", fail)
    clock.now += 1
    await a.campaign_once()
    assert a.leads, "one failure is no reason to stop"
    clock.now += DURATION
    await a.campaign_once()
    assert not a.leadership.held.is_set()
