"""Bets are fair: to the last bit where the law is known, and for every law that is clumpier."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

from judge.law import OUTCOMES, Law
from judge.stakes import BOLDEST, stakes
from judge.wealth import STRETCH, Bet, Wealth

pytestmark = pytest.mark.pure

Floats = npt.NDArray[np.float64]
ROW = np.ones(1, dtype=np.bool_)
BELIEFS = np.array([1.5, 3.0, 8.0])


HYPERGEOM: Any = stats.hypergeom
FISHER: Any = stats.nchypergeom_fisher
BINOM: Any = stats.binom


def law_of(ticks: list[tuple[int, int, int]]) -> Floats:
    """Probabilities of the outcomes over ticks of (bad, baseline, candidate)."""
    law = Law((1,))
    for bad, baseline, candidate in ticks:
        law.add(*(np.array([float(one)]) for one in (bad, baseline, candidate)))
    return law.of(ROW, np.zeros(1))[0][0]


def after(
    start: float,
    outcome: int,
    ticks: list[tuple[int, int, int]],
    *,
    boosted: bool = True,
    leap: float = math.inf,
) -> float:
    """The wealth after one bet, from a wealth of `start`."""
    wealth = Wealth(np.ones(3), alpha=0.01, shape=(1,))
    wealth.bettors *= start
    wealth.reserve *= start
    bad = sum(tick[0] for tick in ticks)
    mean = sum(d * c / (b + c) for d, b, c in ticks)
    law = (law_of(ticks)[None], np.arange(float(OUTCOMES))[None] - mean) if boosted else None
    bet = Bet(
        stake=stakes(BELIEFS, np.array([[mean / max(bad, 1)]]), np.array([[float(bad)]])),
        surprise=np.array([outcome - mean]),
        seconds=np.array([2.0]),
        law=law,
        leap=leap,
    )
    wealth.settle(ROW, bet)
    return float(wealth.total[0])


TICKS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(20, 400), st.integers(1, 200)), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(TICKS)
def test_the_law_is_a_sum_of_hypergeometrics(ticks: list[tuple[int, int, int]]) -> None:
    expected = np.ones(1)
    for bad, baseline, candidate in ticks:
        one = HYPERGEOM(baseline + candidate, bad, candidate).pmf(np.arange(bad + 1))
        expected = np.convolve(expected, one)
    np.testing.assert_allclose(law_of(ticks)[: len(expected)], expected, atol=1e-12)


def test_more_events_than_are_told_apart_are_one_outcome() -> None:
    told = law_of([(20, 50, 50), (20, 50, 50)])
    one = HYPERGEOM(100, 20, 50).pmf(np.arange(21))
    both = np.convolve(one, one)
    assert told[-1] == pytest.approx(both[OUTCOMES - 1 :].sum())
    assert told.sum() == pytest.approx(1.0)
    beyond = law_of([(OUTCOMES + 5, 500, 500)])
    assert beyond[-1] == 1.0, "what is not computed must not be told as impossible"


@settings(max_examples=80, deadline=None)
@given(TICKS, st.floats(0.001, 99.0))
def test_a_boosted_bet_is_fair_by_enumeration(
    ticks: list[tuple[int, int, int]], start: float
) -> None:
    probability = law_of(ticks)
    most = sum(tick[0] for tick in ticks)
    mean = sum(probability[x] * after(start, x, ticks) for x in range(most + 1))
    assert mean <= start * (1 + 1e-9), "wealth that grows without a regression is a false alarm"


def test_the_boost_wastes_nothing_near_the_bound() -> None:
    ticks = [(3, 990, 10)]
    probability = law_of(ticks)
    plain = sum(probability[x] * after(60.0, x, ticks, boosted=False) for x in range(4))
    boosted = sum(probability[x] * after(60.0, x, ticks) for x in range(4))
    assert plain < 60 * 0.995, "this start is not near enough to waste anything"
    assert boosted == pytest.approx(60.0, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 60), st.floats(0.01, 99.0), st.floats(1.2, 30.0))
def test_clumped_errors_win_no_more_than_unrelated_ones(
    bad: int, share: int, start: float, leap: float
) -> None:
    ticks = [(bad, 1000 - 10 * share, 10 * share)]
    mean_share = 10 * share / 1000
    # all errors of the span are one clump, which is the candidate's with its share
    clumped = mean_share * after(start, bad, ticks, leap=leap)
    clumped += (1 - mean_share) * after(start, 0, ticks, leap=leap)
    assert clumped <= start * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.floats(0.1, 1.0), st.floats(0.01, 99.0))
def test_a_better_candidate_wins_no_more_than_an_equal_one(
    bad: int, theta: float, start: float
) -> None:
    ticks = [(bad, 900, 100)]
    law = FISHER(1000, bad, 100, theta).pmf(np.arange(bad + 1))
    mean = sum(law[x] * after(start, x, ticks) for x in range(bad + 1))
    assert mean <= start * (1 + 1e-9)


def test_wealth_stops_at_the_bound() -> None:
    assert after(99.0, 5, [(5, 500, 500)]) == pytest.approx(100.0)
    wealth = Wealth(np.ones(2), alpha=0.01)
    wealth.bettors *= 1000
    assert wealth.log == math.log(100.0)


def test_no_burst_lifts_the_wealth_beyond_its_leap() -> None:
    wealth = Wealth(np.ones(3), alpha=1e-6, shape=(1,))
    for _ in range(int(STRETCH / 2)):
        bet = Bet(
            stake=stakes(BELIEFS, np.array([[0.1]]), np.array([[4.0]])),
            surprise=np.array([4 - 0.4]),
            seconds=np.array([2.0]),
            leap=5.0,
        )
        wealth.settle(ROW, bet)
    assert float(wealth.total[0]) == pytest.approx(5.0), "half a minute of errors is one burst"


def test_the_reserve_meets_what_starts_late() -> None:
    wealth = Wealth(np.ones(3), alpha=0.01, shape=(1,))
    quiet = Bet(
        stake=stakes(BELIEFS, np.array([[0.5]]), np.array([[10.0]])),
        surprise=np.array([-2.0]),
        seconds=np.array([10.0]),
    )
    for _ in range(360):
        wealth.settle(ROW, quiet)
    assert float(wealth.total[0]) > 0.002, "an hour without regression must not blind the judge"


@given(
    st.floats(0.02, 50.0),
    st.floats(1e-6, 1 - 1e-6),
    st.integers(0, 500),
    st.floats(0.0, 1.0),
)
def test_no_stake_loses_more_than_it_may(
    belief: float, share: float, bad: int, part: float
) -> None:
    stake = float(stakes(np.array(belief), np.array(share), np.array(float(bad))))
    outcome = round(part * bad)
    assert 1 + stake * (outcome - bad * share) >= 1 - BOLDEST - 1e-9


def test_a_stake_on_one_event_is_the_likelihood_ratio() -> None:
    share, theta = 0.2, 3.0
    stake = float(stakes(np.array(theta), np.array(share), np.array(1.0)))
    believed = theta * share / (theta * share + 1 - share)
    assert 1 + stake * (1 - share) == pytest.approx(believed / share)
    assert 1 + stake * (0 - share) == pytest.approx((1 - believed) / (1 - share))


def test_a_stake_is_close_to_that_of_the_fastest_growth() -> None:
    for share, theta, bad in ((0.01, 5.0, 10), (0.05, 3.0, 5), (0.25, 1.5, 8), (0.5, 1.5, 4)):
        believed = theta * share / (theta * share + 1 - share)
        law = BINOM(bad, believed).pmf(np.arange(bad + 1))
        surprise = np.arange(bad + 1.0) - bad * share

        def growth(stake: float, law: Floats = law, surprise: Floats = surprise) -> float:
            return float(law @ np.log1p(stake * surprise))

        ours = growth(float(stakes(np.array(theta), np.array(share), np.array(float(bad)))))
        best = max(growth(stake) for stake in np.linspace(0, 0.999 / (bad * share), 400))
        assert ours > 0.9 * best
