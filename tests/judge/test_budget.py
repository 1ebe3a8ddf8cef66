"""The error budget: its arithmetic, and the pace it allows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.budget import (
    HEALTHY,
    LEAST_STEP,
    SLOWEST,
    Budget,
    NoBudget,
    Throttle,
    burn_rate,
    burned,
    expected_burn,
    measured,
    throttle,
)

pytestmark = pytest.mark.pure

HOUR = 3600.0


def spent(share: float, *, name: str = "") -> Budget:
    """A window of 100,000 events at 99 %, of which that share of the budget was spent."""
    return Budget(0.99, HOUR, 1000 * share, 100_000, name=name)


budgets = st.builds(
    Budget,
    objective=st.floats(0.5, 0.99999),
    window_s=st.floats(60, 1e7),
    bad=st.floats(0, 1000),
    total=st.floats(1000, 1e9),
    coverage=st.floats(0.01, 1),
)


@pytest.mark.parametrize(
    ("bad", "remaining"), [(0, 1.0), (500, 0.5), (1000, 0.0), (2500, -1.5), (100_000, -99.0)]
)
def test_what_remains_is_the_budget_less_what_was_spent(bad: float, remaining: float) -> None:
    budget = Budget(0.99, HOUR, bad, 100_000)
    assert budget.remaining == pytest.approx(remaining)
    assert budget.burn_rate == pytest.approx(1 - remaining)
    assert budget.allowed == pytest.approx(1000)


def test_the_workbooks_burn_rates_come_out() -> None:
    # "Alerting on SLOs", table 5-4: a complete outage of a 99.9 % objective burns at 1000
    assert burn_rate(1, 1, 0.999) == pytest.approx(1000)
    assert burn_rate(1, 1000, 0.999) == pytest.approx(1)
    assert burn_rate(14.4, 1000, 0.999) == pytest.approx(14.4)


@pytest.mark.parametrize("objective", [0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999])
def test_a_budget_that_is_spent_to_the_last_event_is_spent(objective: float) -> None:
    total = 1_000_000
    budget = Budget(objective, HOUR, round(total * (1 - objective)), total)
    assert budget.remaining <= 0, "binary noise must not leave a sliver to release on"
    assert throttle(budget).frozen


def test_a_window_without_traffic_has_spent_nothing() -> None:
    budget = Budget(0.999, HOUR, 0, 0)
    assert (budget.remaining, budget.burn_rate) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("objective", "window_s", "bad", "total"),
    [
        (1.0, HOUR, 0, 1),
        (0.0, HOUR, 0, 1),
        (math.nan, HOUR, 0, 1),
        (0.99, 0, 0, 1),
        (0.99, math.inf, 0, 1),
        (0.99, HOUR, -1, 1),
        (0.99, HOUR, 2, 1),
        (0.99, HOUR, math.nan, 1),
        (0.99, HOUR, 0, math.inf),
        (0.99, HOUR, 0, math.nan),
    ],
)
def test_nonsense_is_no_budget(objective: float, window_s: float, bad: float, total: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        Budget(objective, window_s, bad, total)
    assert isinstance(measured(objective, window_s, bad, total), NoBudget)


@pytest.mark.parametrize(
    ("bad", "total", "told"),
    [(None, 1.0, "bad"), (1.0, None, "total"), (None, None, "total and bad")],
)
def test_a_missing_count_is_no_data_and_never_zero(
    bad: float | None, total: float | None, told: str
) -> None:
    found = measured(0.99, HOUR, bad, total, name="availability")
    assert isinstance(found, NoBudget)
    assert told in found.reason
    held = throttle(found)
    assert held.held
    assert not held.frozen
    assert held.next_weight(5, 25) == 5, "no data is not a pass"
    assert held.next_weight(5, 0) == 0, "and no reason to keep what is to be taken back"
    assert "availability" in held.reason


def test_extrapolation_may_exceed_the_whole_by_a_hair() -> None:
    found = measured(0.99, HOUR, 100.00001, 100.0)
    assert isinstance(found, Budget)
    assert found.bad == 100.0


@pytest.mark.parametrize(
    ("share_spent", "step", "factor"),
    [
        (0.0, None, 1.0),
        (0.5, None, 1.0),
        (0.6, 80.0, 1.25),
        (0.75, 50.0, 2.0),
        (0.9, 20.0, SLOWEST),
        (0.99, LEAST_STEP, SLOWEST),
    ],
)
def test_the_pace_follows_the_published_formula(
    share_spent: float, step: float | None, factor: float
) -> None:
    allowed = throttle(spent(share_spent))
    assert not allowed.stopped
    assert allowed.max_step == (None if step is None else pytest.approx(step))
    assert allowed.dwell_factor == pytest.approx(factor)


def test_an_exhausted_budget_freezes_and_says_by_how_much() -> None:
    frozen = throttle(spent(1.25, name="availability"))
    assert frozen.frozen
    assert not frozen.held
    assert frozen.reason == (
        "availability: the error budget is spent (-25.0% left: 1250 bad of 100000 events, where "
        "1000.0 were allowed)"
    )
    assert frozen.next_weight(0, 1) == 0
    assert frozen.next_weight(25, 25) == 25
    assert frozen.next_weight(25, 0) == 0, "the way back is never throttled"


def test_the_tightest_objective_decides() -> None:
    assert throttle(spent(0.1), spent(0.9)).max_step == pytest.approx(20)
    assert throttle(spent(0.1), spent(1.1)).frozen
    both = throttle(spent(1.1, name="latency"), NoBudget("away", "availability"))
    assert both.frozen
    assert both.held
    assert "latency" in both.reason
    assert "availability" in both.reason


def test_without_an_objective_there_is_no_limit() -> None:
    assert throttle() == Throttle(None, 1.0, frozen=False, held=False, reason=throttle().reason)


@pytest.mark.parametrize("stopped", [spent(2.0), NoBudget("Prometheus is away")])
def test_an_override_lifts_the_budgets_say_and_keeps_its_reason(
    stopped: Budget | NoBudget,
) -> None:
    lifted = throttle(stopped).overridden("alice: the fix for the outage")
    assert not lifted.stopped
    assert lifted.next_weight(0, 100) == 100
    assert throttle(stopped).reason in lifted.reason
    assert "alice: the fix for the outage" in lifted.reason


@given(st.floats(-2, 3), st.floats(-2, 3))
def test_less_budget_never_speeds_a_release_up(one: float, other: float) -> None:
    less, more = sorted((max(0.0, 1 - one), max(0.0, 1 - other)), reverse=True)
    tight, loose = throttle(spent(less)), throttle(spent(more))
    assert (tight.max_step or 100) <= (loose.max_step or 100)
    assert tight.dwell_factor >= loose.dwell_factor
    assert tight.frozen >= loose.frozen


@given(st.lists(budgets, min_size=1, max_size=4), budgets)
def test_one_more_objective_never_speeds_a_release_up(few: list[Budget], more: Budget) -> None:
    before, after = throttle(*few), throttle(*few, more)
    assert (after.max_step or 100) <= (before.max_step or 100)
    assert after.dwell_factor >= before.dwell_factor
    assert after.frozen >= before.frozen


@given(budgets, st.floats(0, 100), st.floats(0, 100))
def test_a_weight_never_rises_past_what_is_wanted_or_allowed(
    budget: Budget, present: float, wanted: float
) -> None:
    allowed = throttle(budget)
    written = allowed.next_weight(present, wanted)
    assert min(present, wanted) <= written <= max(present, wanted)
    if budget.remaining <= 0:
        assert written <= present
    elif budget.remaining < HEALTHY and wanted > present:
        assert written - present <= (allowed.max_step or 0) + 1e-9


LADDER = [(1.0, 600.0), (5.0, 600.0), (25.0, 600.0), (50.0, 600.0)]


def test_the_expected_burn_of_a_ramp_is_its_exposure_times_the_excess() -> None:
    # 600 s x (0.01 + 0.05 + 0.25 + 0.5) x 200/s = 97,200 requests; 2 % of them = 1,944 bad
    budget = Budget(0.99, 86_400, 0, 200 * 86_400)
    assert budget.allowed == pytest.approx(172_800)
    burn = expected_burn(LADDER, rps=200, excess_error_rate=0.02, budget=budget)
    assert burn == pytest.approx(1944 / 172_800)


def test_a_young_window_is_charged_as_the_whole_one_it_will_be() -> None:
    young = Budget(0.99, 86_400, 0, 200 * 43_200, coverage=0.5)
    whole = Budget(0.99, 86_400, 0, 200 * 86_400)
    burns = {
        expected_burn(LADDER, rps=200, excess_error_rate=0.02, budget=budget)
        for budget in (young, whole)
    }
    assert len({round(burn, 12) for burn in burns}) == 1


def test_a_ramp_that_is_no_worse_burns_nothing() -> None:
    assert expected_burn(LADDER, rps=200, excess_error_rate=0.0, budget=spent(0)) == 0
    assert expected_burn(LADDER, rps=200, excess_error_rate=-1.0, budget=spent(0)) == 0
    assert expected_burn([], rps=200, excess_error_rate=0.5, budget=spent(0)) == 0


def test_a_window_that_allows_nothing_makes_any_burn_infinite() -> None:
    empty = Budget(0.99, HOUR, 0, 0)
    assert expected_burn(LADDER, rps=1, excess_error_rate=0.1, budget=empty) == math.inf
    assert burned(bad=1, total=10, budget=empty) == math.inf
    assert burned(bad=0, total=10, budget=empty) == 0


def test_a_release_burned_its_bad_events_beyond_those_there_were_without_it() -> None:
    budget = Budget(0.99, HOUR, 100, 100_000)  # allows 1000
    assert burned(bad=150, total=5000, budget=budget) == pytest.approx(0.15)
    assert burned(bad=150, total=5000, budget=budget, base_rate=0.01) == pytest.approx(0.1)
    assert burned(bad=10, total=5000, budget=budget, base_rate=0.01) == 0, "never gives back"


@given(budgets, st.floats(0, 1), st.floats(0, 1), st.floats(1, 1000))
def test_a_worse_candidate_is_expected_to_burn_more(
    budget: Budget, one: float, other: float, rps: float
) -> None:
    low, high = sorted((one, other))
    burns = [
        expected_burn(LADDER, rps=rps, excess_error_rate=excess, budget=budget)
        for excess in (low, high)
    ]
    assert burns[0] <= burns[1]
