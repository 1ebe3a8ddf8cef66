"""Evidence on ratios: invariances, directions, dependence, and the rates it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.config import Direction
from judge.dependence import BRIEF, REACH, Dependence
from judge.ratio import PATIENT, RatioEvidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.pure


def traffic(  # noqa: PLR0913 - what a scenario consists of
    runs: int, ticks: int, *, share: float, rate: float, times: float = 1.0, seed: int = 0
) -> tuple[NDArray[np.int64], ...]:
    """Bad and total of baseline and candidate, (ticks, runs) each."""
    rng = np.random.default_rng(seed)
    total_b = rng.poisson(200 * (1 - share), (ticks, runs))
    total_c = rng.poisson(200 * share, (ticks, runs))
    return rng.binomial(total_b, rate), total_b, rng.binomial(total_c, rate * times), total_c


def fed(evidence: RatioEvidence, ticks: tuple[NDArray[np.int64], ...]) -> NDArray[np.float64]:
    """The highest evidence of each run."""
    highest = evidence.log_e
    for four in zip(*ticks, strict=True):
        evidence.update(*four)
        highest = np.maximum(highest, evidence.log_e)
    return highest


def test_false_alarms_stay_below_the_level() -> None:
    alarms = 0
    for seed, share in enumerate((0.01, 0.1, 0.5)):
        evidence = RatioEvidence(alpha=0.05, shape=(400,))
        highest = fed(evidence, traffic(400, 150, share=share, rate=0.02, seed=seed))
        alarms += int((highest >= np.log(20) - 1e-9).sum())
    assert alarms <= 0.05 * 1200, "5 % was promised, over all looks"
    assert alarms > 0, "a judge that never errs at 5 % wastes what it may spend"


def test_clumped_errors_raise_no_more_alarms() -> None:
    rng = np.random.default_rng(3)
    runs, ticks, share = 400, 200, 0.25
    total_b, total_c = rng.poisson(150, (ticks, runs)), rng.poisson(50, (ticks, runs))
    # every clump hits ten requests of one colour, which it chooses by its share of the traffic
    clumps = rng.poisson(0.15, (ticks, runs))
    of_c = rng.binomial(clumps, share)
    bad_b, bad_c = np.minimum(10 * (clumps - of_c), total_b), np.minimum(10 * of_c, total_c)
    highest = fed(RatioEvidence(alpha=0.05, shape=(runs,)), (bad_b, total_b, bad_c, total_c))
    assert (highest >= np.log(20) - 1e-9).mean() <= 0.05


def test_the_confidence_sequence_covers_at_all_times() -> None:
    missed = np.zeros(300, dtype=np.bool_)
    evidence = RatioEvidence(alpha=0.05, alpha_pass=0.05, shape=(300,))
    for four in zip(*traffic(300, 200, share=0.3, rate=0.04, times=1.7, seed=5), strict=True):
        evidence.update(*four)
        lower, upper = evidence.interval()
        assert (lower <= upper).all()
        missed |= (lower > 1.7) | (upper < 1.7)
    assert missed.mean() <= 0.1
    assert np.median(evidence.interval()[1]) < 4, "an interval that excludes nothing covers cheaply"


def test_a_regression_of_the_margin_is_not_passed() -> None:
    evidence = RatioEvidence(margin=0.5, alpha=0.01, alpha_pass=0.05, shape=(200,))
    passed = np.zeros(200, dtype=np.bool_)
    for four in zip(*traffic(200, 250, share=0.5, rate=0.05, times=1.5, seed=6), strict=True):
        evidence.update(*four)
        passed |= evidence.passes()
    assert passed.mean() <= 0.05


@pytest.mark.parametrize(
    ("direction", "times", "fails"),
    [
        (Direction.INCREASE, 4.0, True),
        (Direction.INCREASE, 0.25, False),
        (Direction.DECREASE, 0.25, True),
        (Direction.DECREASE, 4.0, False),
        (Direction.EITHER, 4.0, True),
        (Direction.EITHER, 0.25, True),
    ],
)
def test_each_direction_sees_its_own_regression(
    direction: Direction,
    times: float,
    fails: bool,  # noqa: FBT001 - a column of the table
) -> None:
    evidence = RatioEvidence(direction=direction, shape=(20,))
    highest = fed(evidence, traffic(20, 300, share=0.5, rate=0.02, times=times, seed=7))
    assert ((highest >= np.log(100) - 1e-9) == fails).all()
    lower, upper = evidence.interval()
    assert ((lower >= 1) if times > 1 else (upper <= 1)).all()
    assert not (evidence.passes() & fails).any()


def test_rates_that_swing_together_are_no_evidence() -> None:
    rng = np.random.default_rng(8)
    runs, ticks = 300, 300
    rate = 0.02 * np.exp(1.1 * np.sin(np.arange(ticks) / 40))[:, None]
    total_b, total_c = rng.poisson(100, (ticks, runs)), rng.poisson(100, (ticks, runs))
    four = rng.binomial(total_b, rate), total_b, rng.binomial(total_c, rate), total_c
    highest = fed(RatioEvidence(alpha=0.05, shape=(runs,)), four)
    assert (highest >= np.log(20) - 1e-9).mean() <= 0.05


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(20, 200), st.integers(5, 50)),
        min_size=1,
        max_size=25,
    )
)
def test_a_tick_without_events_on_one_side_teaches_nothing(
    ticks: list[tuple[int, int, int, int]],
) -> None:
    plain, holed = RatioEvidence(), RatioEvidence()
    for bad_b, bad_c, total_b, total_c in ticks:
        plain.update(bad_b, total_b, bad_c, total_c)
        holed.update(bad_b, total_b, bad_c, total_c)
        holed.update(0, 0, 0, 0)
    assert holed.log_e == plain.log_e


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_tick_may_be_split_within_its_span(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # far from the bound, where the boost, which knows of the ticks, is nothing
    whole, split = RatioEvidence(alpha=1e-12), RatioEvidence(alpha=1e-12)
    for _ in range(40):
        half_b, half_c = int(rng.integers(50, 100)), int(rng.integers(30, 60))
        # the baseline is even, so that neither sees a dependence that the other does not
        bad_b, bad_c = np.array([1, 1]), rng.integers(0, 2, 2)
        whole.update(bad_b.sum(), 2 * half_b, bad_c.sum(), 2 * half_c, 1.0)
        for first in range(2):
            split.update(bad_b[first], half_b, bad_c[first], half_c, 0.5)
    assert float(whole.log_e) == pytest.approx(float(split.log_e), abs=1e-9)


def test_the_state_says_all() -> None:
    ticks = traffic(3, 60, share=0.3, rate=0.02, times=2.0, seed=9)
    one = RatioEvidence(shape=(3,), direction=Direction.EITHER)
    fed(one, tuple(column[:40] for column in ticks))
    other = RatioEvidence(shape=(3,), direction=Direction.EITHER)
    other.load(one.state())
    rest = tuple(column[40:] for column in ticks)
    fed(one, rest)
    fed(other, rest)
    np.testing.assert_array_equal(one.log_e, other.log_e)
    np.testing.assert_array_equal(one.interval(), other.interval())


def test_independent_errors_leave_the_span_short() -> None:
    bad, total, _, _ = traffic(200, 600, share=0.01, rate=0.005, seed=10)
    dependence = Dependence((200,))
    for one, all_of in zip(bad, total, strict=True):
        dependence.update(one.astype(float), all_of.astype(float), np.ones(200))
    assert (dependence.span == BRIEF).mean() > 0.9
    assert (dependence.calm[dependence.span == BRIEF] == 600).all()


def test_errors_that_follow_each_other_make_the_span_long() -> None:
    rng = np.random.default_rng(11)
    dependence, bad = Dependence((100,)), rng.poisson(1.0, 100)
    for _ in range(240):
        dependence.update(bad.astype(float), np.full(100, 200.0), np.ones(100))
        bad = rng.binomial(bad, 0.5) + rng.poisson(0.5, 100)
    assert (dependence.span >= REACH).mean() > 0.9
    assert np.median(dependence.autocorrelation()[:, 0]) == pytest.approx(0.5, abs=0.1)


def test_one_burst_of_the_baseline_makes_the_span_long() -> None:
    rng = np.random.default_rng(12)
    dependence = Dependence()
    for t in range(300):
        bad = rng.poisson(1.0 + (9.0 if 200 <= t < 212 else 0.0))
        dependence.update(np.asarray(bad * 1.0), np.asarray(200.0), np.ones(()))
    assert dependence.span >= REACH
    assert dependence.calm == 0


def test_a_slow_swing_is_no_burst() -> None:
    rng = np.random.default_rng(13)
    dependence = Dependence((100,))
    for t in range(1800):
        rate = np.exp(0.5 * np.log(10) * np.sin(2 * np.pi * t / 3600))
        bad = rng.poisson(rate, 100).astype(float)
        dependence.update(bad, np.full(100, 200.0), np.ones(100))
    assert (dependence.span == BRIEF).mean() > 0.7


def test_a_span_does_not_begin_within_a_clump() -> None:
    clumped, single = RatioEvidence(), RatioEvidence()
    for evidence, length in ((clumped, 4), (single, 1)):
        for _ in range(100):
            evidence.update(1, 198, 0, 2)
        for t in range(2 + int(PATIENT)):
            evidence.update(0, 198, int(t < length), 2)
    assert float(clumped.log_e) < float(single.log_e) + np.log(5), "one clump is one event"
