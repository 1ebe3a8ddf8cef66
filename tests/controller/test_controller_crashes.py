"""Death after every single write of a cutover, a rollback or an abort: always the same end."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from controller_simulator import Cluster, make_spec, serving_blue

from controller.phases import Phase
from controller.writer import Verb

pytestmark = pytest.mark.pure

GREEN_V2 = make_spec("green", "v2")
Scenario = Callable[[], Awaitable[Cluster]]


async def cutover() -> Cluster:
    cluster = await serving_blue()
    cluster.set_spec(GREEN_V2)
    return cluster


async def first_release() -> Cluster:
    cluster = Cluster()
    cluster.create(make_spec("blue", "v1"))
    return cluster


async def abort_after_promotion() -> Cluster:
    cluster = await cutover()
    await cluster.settle()
    cluster.annotate(abort=GREEN_V2["release"], abort_reason="enough")
    return cluster


async def abort_while_moving() -> Cluster:
    cluster = await moving()
    cluster.annotate(abort=GREEN_V2["release"], abort_reason="enough")
    cluster.stuck = False
    return cluster


async def candidate_lost_while_moving() -> Cluster:
    cluster = await moving()
    cluster.run("green", "v2", endpoints=0)
    cluster.stuck = False
    return cluster


async def superseded_while_moving() -> Cluster:
    cluster = await moving()
    cluster.set_spec(make_spec("blue", "v1", release="5" * 16))
    cluster.stuck = False
    return cluster


async def abort_of_the_first_release() -> Cluster:
    cluster = await first_release()
    cluster.stuck = True
    cluster.start()
    while cluster.status.phase is not Phase.CONFIRMING:
        await cluster.tick()
    cluster.annotate(abort=make_spec("blue", "v1")["release"])
    cluster.stuck = False
    return cluster


async def moving() -> Cluster:
    cluster = await cutover()
    cluster.catch_up()
    cluster.stuck = True
    cluster.start()
    while cluster.status.phase is not Phase.CONFIRMING:
        await cluster.tick()
    return cluster


SCENARIOS: list[Scenario] = [
    first_release,
    cutover,
    abort_after_promotion,
    abort_while_moving,
    candidate_lost_while_moving,
    superseded_while_moving,
    abort_of_the_first_release,
]


def essence(cluster: Cluster) -> dict[str, Any]:
    """Everything that lasts, without times."""
    status = cluster.status
    return {
        "phase": status.phase,
        "phases": [record.phase for record in status.phases],
        "serving": status.serving,
        "weight": status.weight,
        "settled": status.settled,
        "reason": status.reason if status.phase is Phase.REJECTED else "",
        "current": status.current,
        "previous": status.previous,
        "rejected": [entry.digests for entry in status.rejected],
        "history": [(e.release, e.outcome, e.origin, e.to) for e in status.history],
        "weights": cluster.live_weights(),
        "annotations": cluster.switch["metadata"]["annotations"],
        "conditions": [(c.type, c.status) for c in status.conditions],
    }


async def count_writes(scenario: Scenario) -> tuple[int, dict[str, Any]]:
    cluster = await scenario()
    cluster.writes.clear()
    cluster.start()  # a process like those that die: nothing kept in memory
    await cluster.settle()
    return len(cluster.writes), essence(cluster)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
async def test_death_after_any_write_ends_in_the_same_settled_state(scenario: Scenario) -> None:
    total, expected = await count_writes(scenario)
    assert total > 3, "a scenario without writes proves nothing"
    for nth in range(1, total + 1):
        cluster = await scenario()
        deaths = await cluster.settle(die_after=nth)
        assert deaths == 1, f"the process must have died after write {nth} of {total}"
        assert essence(cluster) == expected, f"after death at write {nth} of {total}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
async def test_death_after_every_write_of_every_life_ends_there_too(scenario: Scenario) -> None:
    """Each process gets one single write done."""
    total, expected = await count_writes(scenario)
    cluster = await scenario()
    for _ in range(4 * total + 20):
        cluster.start(die_after=1)
        for _ in range(5):
            if cluster.driver is not None:
                await cluster.tick()
    await cluster.settle()
    assert essence(cluster) == expected


async def test_a_weight_never_moves_twice_in_a_cutover_whatever_dies() -> None:
    total, _ = await count_writes(cutover)
    for nth in range(1, total + 1):
        cluster = await cutover()
        cluster.writes.clear()
        await cluster.settle(die_after=nth)
        routes = [w.name for w in cluster.writes if w.verb is Verb.APPLY_ROUTE]
        assert sorted(routes) == ["orders", "storefront"], "one write a route, no more"
