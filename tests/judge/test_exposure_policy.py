"""The policy: as fast as risk and evidence let it, within its bounds, never without leave."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from judge.budget import Throttle
from judge.exposure import Belief, Bounds, Features, Ladder, Past, Policy, RampState, Step
from judge.exposure.policy import ENOUGH
from judge.verdict import Verdict

pytestmark = pytest.mark.pure

COLD = Policy.learn([])
BOUNDS = Bounds()
FREE = Throttle(None, 1.0, frozen=False, held=False, reason="all of the error budget is left")
TYPICAL = Features(hour=10.0, weekday=1, change_size=100, services=("cart",), budget_left=1.0)
SLOWLY = settings(max_examples=40, deadline=None)

probabilities = st.floats(0.001, 0.999)
bounds = st.builds(
    Bounds,
    min_weight=st.integers(1, 5),
    max_weight=st.sampled_from([20, 25, 40, 50, 80]),
    max_factor=st.sampled_from([5.0, 6.0, 10.0]),
    min_dwell_s=st.sampled_from([5.0, 60.0, 300.0]),
    max_dwell_s=st.sampled_from([600.0, 1800.0]),
    regression=st.sampled_from([1.2, 1.5, 2.0]),
)


@st.composite
def states(draw: st.DrawFn) -> RampState:
    """Any state of a ramp, likely and unlikely ones."""
    rate = draw(st.sampled_from([0.0, 0.0005, 0.005, 0.05]))
    belief = Belief()
    for share in draw(st.lists(st.sampled_from([0.01, 0.05, 0.25, 0.5]), max_size=4)):
        requests = draw(st.integers(100, 200_000))
        candidate = max(int(requests * share), 1)
        baseline = requests - candidate
        worse = draw(st.sampled_from([1.0, 1.0, 1.5, 3.0]))
        bad = (int(baseline * rate), min(int(candidate * rate * worse), candidate))
        belief = belief.add(
            bad[0], baseline, bad[1], candidate, draw(st.sampled_from([60.0, 600.0]))
        )
    return RampState(
        weight=draw(st.sampled_from([0, 1, 2, 5, 17, 25, 50, 60, 80])),
        rps=draw(st.sampled_from([0.1, 5.0, 200.0, 5000.0])),
        error_rate=rate,
        evidence=belief,
        log_e=draw(st.floats(-3, 4)),
    )


throttles = st.builds(
    Throttle,
    max_step=st.none() | st.floats(10, 100),
    dwell_factor=st.floats(1, 4),
    frozen=st.just(value=False),
    held=st.just(value=False),
    reason=st.just("some of the error budget is left"),
)


@given(probabilities, states(), bounds)
@SLOWLY
def test_every_step_is_inside_the_bounds(p: float, state: RampState, within: Bounds) -> None:
    step = COLD.pace(p, state, within)
    if state.weight == 0:
        assert step.weight == within.min_weight
        return
    assert state.weight <= step.weight <= max(state.weight, state.weight * within.max_factor)
    assert step.weight in {state.weight, 100} or step.weight <= within.max_weight
    if step.weight < 100:
        assert within.min_dwell_s <= step.dwell_s <= within.max_dwell_s + 1


@given(probabilities, probabilities, states(), bounds)
@SLOWLY
def test_what_is_likelier_bad_is_never_moved_faster(
    one: float, other: float, state: RampState, within: Bounds
) -> None:
    safer, riskier = (COLD.pace(p, state, within) for p in sorted([one, other]))
    assert _pace(riskier) <= _pace(safer), "else a riskier release would harm more"


@given(probabilities, states(), st.floats(0, 5))
@SLOWLY
def test_suspicion_of_another_indicator_never_speeds_a_release_up(
    p: float, state: RampState, more: float
) -> None:
    suspected = replace(state, log_e=state.log_e + more)
    # the same distance from the judge's bar: only the suspicion differs
    assume(suspected.log_e <= max(0.0, state.evidence.log_factor))
    assert _pace(COLD.pace(p, suspected, BOUNDS)) <= _pace(COLD.pace(p, state, BOUNDS))


@given(probabilities, states(), throttles)
@SLOWLY
def test_the_budget_caps_the_step_and_lengthens_the_dwell(
    p: float, state: RampState, budget: Throttle
) -> None:
    step = COLD.pace(p, replace(state, budget=budget), BOUNDS)
    if state.weight and budget.max_step is not None:
        assert step.weight - state.weight <= budget.max_step
    if step.weight < 100:
        assert step.dwell_s >= BOUNDS.min_dwell_s * budget.dwell_factor


@given(probabilities, states(), st.sampled_from(["frozen", "held"]))
@SLOWLY
def test_a_spent_or_unknown_budget_freezes_the_weight(p: float, state: RampState, why: str) -> None:
    stop = replace(FREE, **{why: True}, reason="nothing is left")
    step = COLD.pace(p, replace(state, budget=stop), BOUNDS)
    assert step.weight == state.weight
    assert "nothing is left" in step.reason


@given(probabilities, states())
@SLOWLY
def test_full_traffic_needs_power_or_a_pass(p: float, state: RampState) -> None:
    step = COLD.pace(p, state, BOUNDS)
    if step.weight == 100:
        assert state.collected(BOUNDS) >= BOUNDS.required, "a blind promotion"


def test_a_pass_needs_no_further_power() -> None:
    seen = Belief().add(15, 3000, 15, 3000, 300)
    state = RampState(weight=50, rps=200, error_rate=0.005, evidence=seen)
    assert COLD.pace(1e-6, state, BOUNDS).weight == 50
    step = COLD.pace(1e-6, replace(state, verdict=Verdict.PASS), BOUNDS)
    assert step.weight == 100, "the judge said that no regression is left to look for"
    assert "said PASS" in step.reason


def test_without_the_judges_leave_no_weight_is_raised() -> None:
    running = RampState(weight=5, rps=200, error_rate=0.005)
    silent = replace(running, no_data="Prometheus does not answer")
    assert COLD.pace(0.01, silent, BOUNDS).weight == 5
    assert "Prometheus does not answer" in COLD.pace(0.01, silent, BOUNDS).reason
    assert COLD.pace(0.01, replace(running, verdict=Verdict.FAIL), BOUNDS).weight == 0
    assert COLD.pace(0.01, replace(running, rps=0.0), BOUNDS).weight == 5
    assert COLD.pace(0.01, replace(running, weight=100), BOUNDS).weight == 100


def test_low_traffic_holds_and_says_how_long_it_would_take() -> None:
    state = RampState(weight=50, rps=0.2, error_rate=0.005)
    step = COLD.pace(0.02, state, BOUNDS)
    assert step.weight == 50
    assert step.dwell_s <= BOUNDS.max_dwell_s
    assert "100 % asks for the power to see 1.5 times the errors, which takes" in step.reason
    assert "0.2 requests/s" in step.reason


@pytest.mark.parametrize("rps", [50.0, 200.0, 1000.0])
def test_a_release_without_fault_arrives_whatever_was_thought_of_it(rps: float) -> None:
    for probability in (0.001, 0.1, 0.5, 0.9, 0.99):
        steps = faultless(probability, rps)
        assert steps[-1].weight == 100
        assert _minutes(steps) < 60 * max(1.0, 200 / rps) * 3


def test_without_history_the_pace_is_the_ladders() -> None:
    steps = COLD.foresee(TYPICAL, rps=200, error_rate=0.005, bounds=BOUNDS)
    assert [step.weight for step in steps] == [1, 5, 25, 50, 100]
    assert _minutes(steps) == 40
    assert "only 0 of 15 past releases to learn from" in steps[0].reason


def test_without_history_the_ladder_keeps_the_policys_rules() -> None:
    starved = COLD.foresee(TYPICAL, rps=0.2, error_rate=0.005, bounds=BOUNDS)
    assert starved[-1].weight == 50, "no blind promotion: the ladder alone would have promoted"
    assert "100 % asks for the power" in starved[-1].reason
    narrow = replace(BOUNDS, max_weight=20)
    steps = COLD.foresee(TYPICAL, rps=200, error_rate=0.005, bounds=narrow)
    assert [step.weight for step in steps][:3] == [1, 5, 20]
    assert steps[-1].weight == 100


def test_with_enough_history_it_trusts_itself() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    history = [
        Past(f"r{n}", "shop", start + timedelta(hours=7 * n), "promoted", 10.0) for n in range(90)
    ]
    few, many = Policy.learn(history[: ENOUGH - 1]), Policy.learn(history)
    ways = [p.foresee(TYPICAL, rps=200, error_rate=0.005, bounds=BOUNDS) for p in (few, many)]
    assert _minutes(ways[0]) == 40
    assert _minutes(ways[1]) < 20, "ninety good releases are a reason to be quick"


def test_a_release_known_to_be_safe_takes_less_than_half_the_ladder() -> None:
    assert _minutes(faultless(0.02, 200)) < 20


def test_a_suspect_release_takes_its_time_even_when_it_shows_no_fault() -> None:
    assert _minutes(faultless(0.7, 200)) > 1.5 * _minutes(faultless(0.02, 200))
    assert _minutes(faultless(0.95, 200)) > 40, "longer than the ladder, where it is worth it"


def test_errors_of_the_candidate_slow_it_down_before_the_judge_is_sure() -> None:
    calm = RampState(
        weight=5, rps=200, error_rate=0.005, evidence=Belief().add(285, 57_000, 15, 3000, 300)
    )
    odd = replace(calm, evidence=Belief().add(285, 57_000, 26, 3000, 300))
    assert _pace(COLD.pace(0.05, odd, BOUNDS)) < _pace(COLD.pace(0.05, calm, BOUNDS))


def test_the_reason_can_be_checked_by_hand() -> None:
    state = RampState(
        weight=5, rps=200, error_rate=0.005, evidence=Belief().add(285, 57_000, 15, 3000, 300)
    )
    step = COLD.pace(0.05, state, BOUNDS)
    assert step.reason.startswith(f"go to {step.weight} % for {step.dwell_s:.0f} s: by its end")
    assert "P(bad) 5.0% before the start" in step.reason
    assert "after 3000 requests of the candidate" in step.reason
    assert "200 requests/s and 0.50% errors" in step.reason


def test_the_same_question_has_the_same_answer() -> None:
    state = RampState(
        weight=5, rps=200, error_rate=0.005, evidence=Belief().add(285, 57_000, 15, 3000, 300)
    )
    again = Policy.load(COLD.dump())
    assert again == COLD
    assert again.pace(0.1, state, BOUNDS) == COLD.pace(0.1, state, BOUNDS)
    assert COLD.probability_bad(TYPICAL) == pytest.approx(0.15)
    assert COLD.explain(TYPICAL).sentence.startswith("bad with a probability of 15.0%")


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"min_weight": 0}, "no first step"),
        ({"max_weight": 100}, "no first step"),
        ({"max_weight": 10}, "100 % cannot be reached"),
        ({"max_factor": 1.0}, "100 % cannot be reached"),
        ({"min_dwell_s": 0.0}, "no time fits"),
        ({"min_dwell_s": 600.0, "max_dwell_s": 60.0}, "no time fits"),
        ({"regression": 1.0}, "regression 1"),
        ({"power": 1.0}, "not all are rates"),
        ({"false_alarm_rate": 0.0}, "not all are rates"),
    ],
)
def test_bounds_that_cannot_be_kept_are_refused(wrong: dict[str, float], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        replace(BOUNDS, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": 101},
        {"rps": -1.0},
        {"rps": float("nan")},
        {"error_rate": 1.5},
        {"log_e": float("inf")},
    ],
)
def test_a_state_that_was_not_measured_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"no measurement|no share"):
        replace(RampState(weight=1, rps=1, error_rate=0.01), **wrong)


def test_the_ladder_takes_its_steps_and_keeps_the_same_rules() -> None:
    ladder, state = Ladder(), RampState(weight=0, rps=200, error_rate=0.005)
    weights: list[int] = []
    while state.weight < 100:
        step = ladder.choose(TYPICAL, state, BOUNDS)
        weights.append(step.weight)
        state = replace(state, weight=step.weight)
    assert weights == [1, 5, 25, 50, 100]
    held = ladder.choose(TYPICAL, replace(state, weight=5, no_data="stale"), BOUNDS)
    assert (held.weight, "stale" in held.reason) == (5, True)
    capped = replace(FREE, max_step=10.0, dwell_factor=2.0)
    step = ladder.choose(TYPICAL, replace(state, weight=50, budget=capped), BOUNDS)
    assert (step.weight, step.dwell_s) == (60, 1200.0)


@pytest.mark.parametrize("steps", [(), (1, 5), (5, 1, 100), (0, 100), (1, 100, 100)])
def test_steps_that_are_no_ladder_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="give rising percents"):
        Ladder(steps)


def faultless(probability: float, rps: float) -> list[Step]:
    """The way of a release that shows exactly the baseline's errors."""
    state, steps = RampState(weight=0, rps=rps, error_rate=0.005), list[Step]()
    while state.weight < 100 and len(steps) < 200:
        step = COLD.pace(probability, state, BOUNDS)
        steps.append(step)
        candidate = rps * step.dwell_s * step.weight / 100
        baseline = rps * step.dwell_s - candidate
        seen = state.evidence.add(
            0.005 * baseline, baseline, 0.005 * candidate, candidate, step.dwell_s
        )
        state = replace(state, weight=step.weight, evidence=seen)
    return steps


def _minutes(steps: tuple[Step, ...] | list[Step]) -> float:
    return sum(step.dwell_s for step in steps) / 60


def _pace(step: Step) -> tuple[int, float]:
    """Larger is faster: a higher weight, or the same for less time."""
    return step.weight, -step.dwell_s
