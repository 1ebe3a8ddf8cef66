"""The ramp against a simulated cluster: step by step, on evidence alone, and back at once."""

from datetime import timedelta
from itertools import pairwise

import pytest
from controller_simulator import DIGESTS, Cluster, make_spec
from scripted_judges import STEPS, ScriptedJudges, about_to_ramp, ramp_spec

from controller.observed import Allowance
from controller.phases import Outcome, Phase
from controller.sight import Unknown
from controller.writer import Verb

pytestmark = pytest.mark.pure

LIMIT = 800


def weights_written(cluster: Cluster) -> list[tuple[str, int]]:
    """The candidate's weights in the order of the writes."""
    return [
        (write.name, write.body["spec"]["rules"][0]["backendRefs"][1]["weight"])
        for write in cluster.writes
        if write.verb is Verb.APPLY_ROUTE and not write.name.endswith("-preview")
    ]


async def run_until(cluster: Cluster, phase: Phase, weight: int | None = None) -> None:
    cluster.start()
    for _ in range(LIMIT):
        status = cluster.status
        at_weight = weight is None or (
            status.ramp is not None and status.ramp.weight == weight and status.ramp.seen_at
        )
        if status.phase is phase and at_weight:
            return
        cluster.now += timedelta(seconds=await cluster.tick() or 0)
    raise AssertionError(f"never {phase} at {weight}: {cluster.status.phase}")


async def look(cluster: Cluster, times: int) -> None:
    for _ in range(times):
        cluster.now += timedelta(seconds=await cluster.tick() or 0)


async def test_a_good_candidate_climbs_every_step_with_all_services_together() -> None:
    cluster, judges = await about_to_ramp()
    await cluster.settle(limit=LIMIT)
    assert cluster.status.serving == "green", cluster.status.reason
    assert weights_written(cluster) == [
        (name, weight) for weight in (*STEPS, 100) for name in ("orders", "storefront")
    ], "one write a service and step, in pairs, and never a step left out"
    assert {weight for weight, _ in judges.said} == set(STEPS), "every step was judged"
    ending = cluster.status.history[-1]
    assert ending.outcome is Outcome.PROMOTED
    assert ending.ramp is not None
    assert [one.weight for one in ending.ramp.weights] == [*STEPS, 100]
    assert (ending.ramp.change_size, ending.ramp.services) == (1.0, ("orders", "storefront"))


async def test_every_step_lasts_its_dwell_of_judged_time() -> None:
    cluster, _ = await about_to_ramp(dwell="1m")
    await cluster.settle(limit=3000)
    ending = cluster.status.history[-1].ramp
    assert ending is not None
    spans = [later.at - sooner.at for sooner, later in pairwise(ending.weights)]
    # a second of evidence a look, and two looks a second
    assert all(span >= timedelta(seconds=30) for span in spans), spans


async def test_the_status_tells_the_real_weight_while_it_climbs() -> None:
    cluster, _ = await about_to_ramp()
    cluster.start()
    seen: list[int] = []
    while cluster.status.serving != "green":
        held = {weights["shop-green"] for weights in cluster.live_weights().values()}
        cluster.now += timedelta(seconds=await cluster.tick() or 0)
        if cluster.status.attempt and cluster.status.attempt.to == "green":
            assert cluster.status.weight in held, "what the routes held when it looked"
            seen.append(cluster.status.weight)
    assert sorted(set(seen)) == [0, *STEPS, 100]


@pytest.mark.parametrize("weight", STEPS)
async def test_a_failing_judge_ends_at_weight_zero_and_the_digests_are_refused(weight: int) -> None:
    cluster, judges = await about_to_ramp()
    judges.verdicts[weight] = "FAIL"
    await cluster.settle(limit=LIMIT)
    status = cluster.status
    assert (status.phase, status.serving, status.weight) == (Phase.REJECTED, "blue", 0)
    assert max(w for _, w in weights_written(cluster)) == weight, "no step beyond the failing one"
    assert status.rejected[-1].digests == DIGESTS["v2"]
    assert "the judge says FAIL" in status.rejected[-1].reason
    assert status.history[-1].outcome is Outcome.ROLLED_BACK
    assert status.history[-1].ramp is not None
    assert [one.weight for one in status.history[-1].ramp.weights][-2:] == [weight, 0]


async def test_the_way_back_is_proven_by_answers_and_not_by_luck() -> None:
    cluster, judges = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 1)
    judges.verdicts[1] = "FAIL"
    cluster.stuck = True
    await look(cluster, 30)
    assert cluster.status.phase is Phase.ROLLING_BACK, (
        "at 1 % most answers are blue, and prove nothing"
    )
    cluster.stuck = False
    await cluster.settle(limit=LIMIT)
    assert cluster.status.phase is Phase.REJECTED


async def test_a_weight_that_never_shows_in_the_data_plane_ends_the_ramp() -> None:
    cluster, _ = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 5)
    cluster.stuck = True
    await run_until(cluster, Phase.ROLLING_BACK)
    assert "25 % was not seen in the data plane within 30s" in cluster.status.reason
    cluster.stuck = False
    await cluster.settle(limit=LIMIT)
    assert cluster.status.serving == "blue"


async def test_a_wrong_share_is_no_arrival() -> None:
    cluster, _ = await about_to_ramp(steps=[10, 100])
    await run_until(cluster, Phase.RAMPING)
    cluster.stuck = True
    cluster.shown = {s: {"blue": 50, "green": 50} for s in ("orders", "storefront")}
    await look(cluster, 20)
    assert cluster.status.ramp is not None
    assert cluster.status.ramp.seen_at is None, "half of the answers are not a tenth of them"


async def hold_for(judges: ScriptedJudges, cluster: Cluster, minutes: int) -> str:
    """Stay in the first step, many times its dwell, and tell the reason."""
    await look(cluster, minutes * 40)
    assert cluster.status.phase is Phase.RAMPING, cluster.status.reason
    assert cluster.status.ramp is not None
    assert cluster.status.ramp.weight == 1, "no step without evidence"
    assert judges.said is not None
    return cluster.status.reason


async def test_without_prometheus_it_holds_for_ever_and_says_so() -> None:
    cluster, judges = await about_to_ramp()
    judges.away = "Prometheus does not answer"
    await run_until(cluster, Phase.RAMPING, 1)
    reason = await hold_for(judges, cluster, 5)
    assert "Prometheus does not answer" in reason
    assert "no data is not a pass" in reason
    judges.away = None
    await cluster.settle(limit=LIMIT)
    assert cluster.status.serving == "green", "it goes on by itself once there is data"


async def test_prometheus_lost_late_in_a_step_holds_although_its_time_is_over() -> None:
    cluster, judges = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 1)
    await look(cluster, 1)
    judges.late = 60.0
    reason = await hold_for(judges, cluster, 2)
    assert "the newest judged sample is of" in reason


async def test_one_indicator_without_data_holds() -> None:
    cluster, judges = await about_to_ramp()
    judges.missing = "green has no series"
    await run_until(cluster, Phase.RAMPING, 1)
    reason = await hold_for(judges, cluster, 2)
    assert "errors: green has no series" in reason


@pytest.mark.parametrize("detectable", [None, 20.0])
async def test_low_traffic_holds_with_the_reason_and_neither_aborts_nor_promotes(
    detectable: float | None,
) -> None:
    cluster, judges = await about_to_ramp()
    judges.detectable = detectable
    await run_until(cluster, Phase.RAMPING, 1)
    reason = await hold_for(judges, cluster, 5)
    assert "only a regression of 20 times could show" in reason
    assert cluster.status.ramp is not None
    assert "20 times" in cluster.status.ramp.reason


async def test_an_empty_budget_freezes_before_any_traffic_moves() -> None:
    cluster, judges = await about_to_ramp()
    frozen = Allowance(-0.2, frozen=True, reason="the error budget of availability is spent")
    judges.allowance = frozen
    cluster.start()
    await look(cluster, 60)
    assert cluster.status.phase is Phase.PROBING
    assert "availability is spent" in cluster.status.reason
    assert weights_written(cluster) == [], "frozen means that nothing moves"
    judges.allowance = Allowance(-0.2, override="by ann until 12:00: a repair")
    await cluster.settle(limit=LIMIT)
    assert cluster.status.serving == "green"
    ending = cluster.status.history[-1].ramp
    assert ending is not None
    assert (ending.override, ending.budget_left) == ("by ann until 12:00: a repair", -0.2)


async def test_a_freeze_in_the_middle_holds_the_weight() -> None:
    cluster, judges = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 5)
    judges.allowance = Allowance(0.0, frozen=True, reason="the budget is spent")
    await look(cluster, 100)
    assert cluster.status.ramp is not None
    assert (cluster.status.ramp.weight, cluster.status.ramp.reason) == (
        5,
        "frozen: the budget is spent",
    )
    judges.allowance = Unknown("Prometheus does not answer")
    await look(cluster, 20)
    assert "nobody knows what is left of the error budget" in cluster.status.ramp.reason or (
        "nobody knows" in cluster.status.reason
    )
    assert cluster.status.weight == 5


async def test_a_scarce_budget_takes_smaller_steps_and_stays_longer() -> None:
    cluster, judges = await about_to_ramp()
    judges.allowance = Allowance(0.2, max_step=10, dwell_factor=2, reason="20 % is left")
    await cluster.settle(limit=3000)
    climbed = [w for name, w in weights_written(cluster) if name == "orders"]
    assert climbed == [1, 5, 15, 25, 35, 45, 50, 60, 70, 80, 90, 100]


async def test_an_abort_ends_a_ramp_at_once() -> None:
    cluster, _ = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 25)
    cluster.annotate(abort=cluster.switch["spec"]["release"], abort_reason="enough")
    await cluster.settle(limit=LIMIT)
    assert (cluster.status.serving, cluster.status.weight) == ("blue", 0)
    assert cluster.status.history[-1].outcome is Outcome.ABORTED


async def test_a_candidate_without_endpoints_ends_a_ramp_at_once() -> None:
    cluster, _ = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 25)
    cluster.run("green", "v2", endpoints=0)
    await run_until(cluster, Phase.ROLLING_BACK)
    assert "lost its endpoints" in cluster.status.reason


async def test_another_goal_overtakes_a_ramp_without_blame() -> None:
    cluster, _ = await about_to_ramp()
    await run_until(cluster, Phase.RAMPING, 5)
    cluster.set_spec(make_spec("blue", "v1", release="5" * 16))
    await cluster.settle(limit=LIMIT)
    assert cluster.status.serving == "blue"
    assert cluster.status.rejected == ()


async def test_the_first_release_has_nothing_to_be_compared_with() -> None:
    cluster = Cluster()
    cluster.judges = ScriptedJudges(cluster)
    cluster.create(ramp_spec("blue", "v1"))
    await cluster.settle()
    assert cluster.status.serving == "blue"
    assert [w for _, w in weights_written(cluster)] == [0, 0], "all of it on blue at once"


async def test_a_retry_begins_the_evidence_anew() -> None:
    cluster, judges = await about_to_ramp()
    judges.verdicts[5] = "FAIL"
    await cluster.settle(limit=LIMIT)
    judges.verdicts.clear()
    cluster.annotate(retry=cluster.switch["spec"]["release"])
    await look(cluster, 3)
    assert cluster.status.judge is None, "old evidence would stop the new try at once"
    await cluster.settle(limit=LIMIT)
    assert cluster.status.serving == "green"
