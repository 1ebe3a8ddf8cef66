"""Whatever dies and whatever happens during a ramp: no step without evidence, no FAIL forgiven."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta

import pytest
from controller_simulator import Cluster
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from scripted_judges import STEPS, ScriptedJudges, about_to_ramp
from test_controller_crashes import Scenario, essence

from controller.observed import Allowance
from controller.phases import Phase
from controller.sight import Unknown
from controller.writer import Verb

pytestmark = pytest.mark.pure

LIMIT = 900


async def good() -> Cluster:
    cluster, _ = await about_to_ramp(steps=[5, 50, 100], dwell="1s")
    return cluster


async def bad() -> Cluster:
    cluster, judges = await about_to_ramp(steps=[5, 50, 100], dwell="1s")
    judges.verdicts[50] = "FAIL"
    return cluster


async def aborted() -> Cluster:
    cluster = await good()
    cluster.start()
    while cluster.status.ramp is None or cluster.status.ramp.weight < 50:
        cluster.now += timedelta(seconds=await cluster.tick() or 0)
    cluster.annotate(abort=cluster.switch["spec"]["release"], abort_reason="enough")
    return cluster


async def writes_of(cluster: Cluster) -> int:
    cluster.writes.clear()
    cluster.start()
    await cluster.settle(limit=LIMIT)
    return len(cluster.writes)


@pytest.mark.parametrize("scenario", [good, bad, aborted], ids=lambda s: s.__name__)
async def test_death_after_any_write_of_a_ramp_ends_in_the_same_state(scenario: Scenario) -> None:
    whole = await scenario()
    total = await writes_of(whole)
    expected = essence(whole)
    assert total > 5, "a ramp of so few writes proves nothing"
    for nth in range(1, total + 1):
        cluster = await scenario()
        deaths = await cluster.settle(die_after=nth, limit=LIMIT)
        assert deaths == 1, f"the process must have died after write {nth} of {total}"
        assert essence(cluster) == expected, f"after death at write {nth} of {total}"


async def test_evidence_is_carried_over_a_death_and_never_counted_twice() -> None:
    cluster, judges = await about_to_ramp(steps=[50, 100], dwell="20s")
    cluster.start()
    states: list[int] = []
    for look in range(200):
        if look % 7 == 0:
            cluster.start()
        cluster.now += timedelta(seconds=await cluster.tick() or 0)
        if cluster.status.judge:
            states.append(int(cluster.status.judge.state))
    assert states == sorted(states), "what was judged is not judged again"
    assert set(range(1, states[-1])) <= set(states), "and nothing is left out"
    assert cluster.status.serving == "green"
    assert judges.said


class Ramp(RuleBasedStateMachine):
    """A ramp to which anything may happen, and a controller that may die at any write."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.failed = False
        self.checked = 0

    def teardown(self) -> None:
        self.loop.close()

    def run(self, coroutine: Coroutine[object, object, object]) -> None:
        self.loop.run_until_complete(coroutine)

    @initialize()
    def begin(self) -> None:
        cluster, judges = self.loop.run_until_complete(about_to_ramp(dwell="1s"))
        self.cluster: Cluster = cluster
        self.judges: ScriptedJudges = judges
        cluster.start()

    @rule(looks=st.integers(1, 25))
    def look(self, looks: int) -> None:
        for _ in range(looks):
            if self.cluster.driver is None:
                self.cluster.start()
            before = self.judges_allow()
            self.run(self.tick())
            self.check_writes(allowed=before)

    async def tick(self) -> None:
        self.cluster.now += timedelta(seconds=await self.cluster.tick() or 0)

    def judges_allow(self) -> bool:
        """Whether there is anything at present on which a weight may rise."""
        judges = self.judges
        stopped = isinstance(judges.allowance, Unknown) or (
            judges.allowance is not None and judges.allowance.frozen
        )
        return not stopped

    @rule(nth=st.integers(1, 4))
    def doom(self, nth: int) -> None:
        """From now on a process that dies after its nth write."""
        self.cluster.start(die_after=nth)

    @rule(
        away=st.sampled_from([None, None, "away"]),
        missing=st.sampled_from([None, None, "no series"]),
        detectable=st.sampled_from([2.0, 2.0, 50.0, None]),
        late=st.sampled_from([0.0, 0.0, 60.0]),
    )
    def data(
        self, away: str | None, missing: str | None, detectable: float | None, late: float
    ) -> None:
        judges = self.judges
        judges.away, judges.missing, judges.detectable, judges.late = (
            away, missing, detectable, late,
        )  # fmt: skip

    @rule(
        allowance=st.sampled_from(
            [
                None,
                Allowance(0.3, max_step=10, dwell_factor=2, reason="scarce"),
                Allowance(-0.1, frozen=True, reason="spent"),
                Unknown("not known"),
            ]
        )
    )
    def budget(self, allowance: Allowance | Unknown | None) -> None:
        self.judges.allowance = allowance

    @rule(weight=st.sampled_from(STEPS))
    def fail(self, weight: int) -> None:
        self.judges.verdicts[weight] = "FAIL"

    @rule(stuck=st.booleans())
    def stick(self, stuck: bool) -> None:  # noqa: FBT001
        self.cluster.stuck = stuck

    @rule()
    def abort(self) -> None:
        self.cluster.annotate(abort=self.cluster.switch["spec"]["release"])

    def check_writes(self, *, allowed: bool) -> None:
        """Weights are the spec's (or the budget's), rise one step at a time, and only on leave."""
        for write in self.cluster.writes[self.checked :]:
            if write.verb is not Verb.APPLY_ROUTE or write.name.endswith("-preview"):
                continue
            backends = write.body["spec"]["rules"][0]["backendRefs"]
            weights = [backend["weight"] for backend in backends]
            assert sum(weights) == 100, "weights sum to 100"
            names = [backend["namespace"] for backend in backends]
            assert names == ["shop-blue", "shop-green"], "both colours, always, in fixed order"
            status = self.cluster.status
            if weights[1] not in {0, 100}:
                assert status.phase is Phase.RAMPING, "a share is given in a ramp alone"
                assert status.ramp is not None
                assert weights[1] == status.ramp.weight, "and it is the one that the status names"
        self.checked = len(self.cluster.writes)
        status = self.cluster.status
        entered = status.phases[-1:]
        raised = status.phase in {Phase.RAMPING, Phase.SHIFTING} and entered
        if raised and entered[0].at == self.cluster.now:
            assert allowed, "a weight rose although the budget forbids it"

    @invariant()
    def a_step_was_judged_before_the_next(self) -> None:
        if not hasattr(self, "cluster"):
            return
        status = self.cluster.status
        if status.phase in {Phase.SHIFTING, Phase.CONFIRMING, Phase.SETTLED} and status.ramp:
            assert status.ramp.judged >= status.ramp.dwell.total_seconds(), "promoted blindly"
            assert status.ramp.detectable is not None
            assert status.ramp.detectable <= 5, "promoted without power"

    @invariant()
    def a_fail_ends_at_weight_zero(self) -> None:
        if not hasattr(self, "cluster"):
            return
        status = self.cluster.status
        if status.judge and status.judge.verdict == "FAIL":
            assert status.phase in {Phase.ROLLING_BACK, Phase.REJECTED}
        if status.phase is Phase.REJECTED:
            assert status.serving == "blue"
            assert {w["shop-green"] for w in self.cluster.live_weights().values()} == {0}


Ramp.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRamp = Ramp.TestCase
