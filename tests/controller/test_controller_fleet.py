"""The loops around the decision: a driver for each switch, errors outlived, nudges heeded."""

import asyncio
from typing import Any

import pytest
from controller_simulator import Cluster, MemoryProbe, MortalWriter, make_spec

from controller.handlers import Fleet
from controller.lease import Leadership
from controller.observe import Reader
from controller.phases import Phase

pytestmark = pytest.mark.pure


class Leading(Leadership):
    """Leads from the start."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster.server, "switchyard", "me")
        self.held.set()


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.create(make_spec("blue", "v1"))
    return made


def fleet_of(cluster: Cluster, leadership: Leadership | None = None) -> Fleet:
    reader = Reader(cluster.server, MemoryProbe(cluster))
    writer = MortalWriter(cluster.server, None, cluster.writes)
    return Fleet(reader, writer, leadership or Leading(cluster))


async def reach(cluster: Cluster, phase: Phase) -> None:
    async with asyncio.timeout(20):
        while cluster.status.phase is not phase:  # noqa: ASYNC110 - seen from outside, as by kubectl
            await asyncio.sleep(0.01)


def seen(cluster: Cluster) -> dict[str, Any]:
    return cluster.switch


async def test_a_switch_that_is_seen_is_driven_to_its_goal(cluster: Cluster) -> None:
    fleet = fleet_of(cluster)
    fleet.notice(seen(cluster), is_gone=False)
    await reach(cluster, Phase.SETTLED)
    await fleet.stop()


async def test_a_new_goal_is_a_nudge_and_needs_no_idle_look(cluster: Cluster) -> None:
    fleet = fleet_of(cluster)
    fleet.notice(seen(cluster), is_gone=False)
    await reach(cluster, Phase.SETTLED)
    await asyncio.sleep(0.05)
    cluster.run("green", "v2")
    cluster.set_spec(make_spec("green", "v2"))
    async with asyncio.timeout(4):  # an idle look comes after five seconds
        fleet.notice(seen(cluster), is_gone=False)
        while cluster.status.serving != "green":  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.01)
    await fleet.stop()


async def test_without_the_lead_nothing_is_driven(cluster: Cluster) -> None:
    leadership = Leading(cluster)
    leadership.held.clear()
    fleet = fleet_of(cluster, leadership)
    fleet.notice(seen(cluster), is_gone=False)
    await asyncio.sleep(0.1)
    assert cluster.writes == []
    leadership.held.set()
    await reach(cluster, Phase.SETTLED)
    await fleet.stop()


async def test_an_error_is_outlived(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = iter([True, True])
    get = cluster.server.get

    async def flaky(kind: type[Any], namespace: str, name: str) -> dict[str, Any]:
        if next(fails, False):
            raise RuntimeError("something nobody thought of")
        return await get(kind, namespace, name)

    monkeypatch.setattr(cluster.server, "get", flaky)
    fleet = fleet_of(cluster)
    fleet.notice(seen(cluster), is_gone=False)
    await reach(cluster, Phase.SETTLED)
    await fleet.stop()


async def test_a_switch_that_is_gone_is_driven_no_more(cluster: Cluster) -> None:
    fleet = fleet_of(cluster)
    fleet.notice(seen(cluster), is_gone=False)
    await reach(cluster, Phase.SETTLED)
    fleet.notice(seen(cluster), is_gone=True)
    await asyncio.sleep(0.05)
    written = len(cluster.writes)
    cluster.set_spec(make_spec("blue", "v1", release="9" * 16))
    await asyncio.sleep(0.1)
    assert len(cluster.writes) == written


async def test_a_spec_that_the_types_refuse_changes_nothing(cluster: Cluster) -> None:
    cluster.switch["spec"]["live"] = "red"
    fleet = fleet_of(cluster)
    fleet.notice(seen(cluster), is_gone=False)
    await asyncio.sleep(0.1)
    assert cluster.writes == []
    await fleet.stop()
