"""The e-value of draws without replacement: held by enumeration of all draws."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats  # pyright: ignore[reportMissingTypeStubs]

from judge.config import Direction
from judge.histogram import HistogramEvidence
from judge.special import log_gamma, log_sum_exp, normal_cdf, student_cdf
from judge.wallenius import log_e_bound, taxed_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

pytestmark = pytest.mark.pure


def draws(pooled: Sequence[int], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every sample of `n` from the pool, and its probability when all are equally likely."""
    samples = [
        taken
        for taken in itertools.product(*(range(count + 1) for count in pooled))
        if sum(taken) == n
    ]
    ways = [
        math.prod(math.comb(m, c) for m, c in zip(pooled, taken, strict=True)) for taken in samples
    ]
    return np.array(samples, dtype=float), np.array(ways) / math.comb(sum(pooled), n)


def expectation(pooled: Sequence[int], n: int, log_w: NDArray[np.float64]) -> NDArray[np.float64]:
    samples, chances = draws(pooled, n)
    rest = np.array(pooled) - samples
    weights = np.exp(log_w)
    few, many = np.full(len(samples), float(n)), np.full(len(samples), float(sum(pooled) - n))
    logs = log_e_bound(samples @ log_w.T, samples @ weights.T, rest @ weights.T, few, many)
    return (chances[:, None] * np.exp(logs)).sum(axis=0)


@settings(deadline=None, max_examples=60)
@given(
    pooled=st.lists(st.integers(0, 5), min_size=2, max_size=4).filter(lambda one: sum(one) > 2),
    log_w=st.lists(st.floats(-4, 4), min_size=4, max_size=4),
    data=st.data(),
)
def test_no_bet_wins_on_average_against_draws_without_replacement(
    pooled: list[int], log_w: list[float], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, sum(pooled) // 2))
    mean = expectation(pooled, n, np.array([log_w[: len(pooled)]]))
    assert mean[0] <= 1 + 1e-9, "an e-value's mean under the null is at most 1, or alpha is lost"


def test_the_bound_loses_little_even_when_half_of_all_are_sampled() -> None:
    # a shift told by ten draws of twenty; the exact likelihood ratio grows fastest of all
    pooled, scores = [4, 6, 6, 4], np.array([-1.5, -0.5, 0.5, 1.5])
    samples, chances = draws(pooled, 10)
    exact = 0.2 * (samples @ scores)
    exact -= np.log((chances * np.exp(exact)).sum())
    shifted = chances * np.exp(exact)
    log_w = np.linspace(0.1, 0.2, 11)[:, None] * scores
    half, weights = np.full(len(samples), 10.0), np.exp(log_w).T
    rest = np.array(pooled) - samples
    ours = log_e_bound(samples @ log_w.T, samples @ weights, rest @ weights, half, half)
    grown = (shifted[:, None] * ours).sum(axis=0).max()
    assert grown > 0.93 * (shifted * exact).sum(), "half the traffic must not cost half the power"


def test_a_sample_of_equal_weights_tells_nothing() -> None:
    one = np.array([[3.0]])
    log_e = log_e_bound(np.zeros((1, 1)), one, 4 * one, np.array([3.0]), np.array([12.0]))
    assert log_e[0, 0] == pytest.approx(0, abs=1e-12)


def test_a_small_sample_is_taxed_for_each_draw_and_a_half_for_less() -> None:
    assert taxed_draws(np.array([10.0]), np.array([1e9]))[0, 0] == pytest.approx(10, rel=1e-6)
    assert taxed_draws(np.array([10.0]), np.array([10.0]))[0, 0] == pytest.approx(10 * math.log(2))


@pytest.mark.parametrize("direction", list(Direction))
def test_the_whole_kernel_wins_nothing_on_average_over_every_outcome_of_a_tick(
    direction: Direction,
) -> None:
    pooled = [6, 3, 2, 1]
    samples, chances = draws(pooled, 4)
    for candidate_is_few in (True, False):
        few, many = samples, np.array(pooled) - samples
        baseline, candidate = (many, few) if candidate_is_few else (few, many)
        evidence = HistogramEvidence(
            direction=direction, margin=0.1, alpha=0.01, shape=(len(samples),), tolerance=0.0
        )
        evidence.update(baseline, candidate, (0.1, 0.5, 1.0, math.inf), seconds=60)
        mean = (chances * np.exp(evidence.log_e)).sum()
        assert mean <= 1 + 1e-9, "given the pool, equal colours must win nothing"
        assert mean > 0.9, "nor is much of the wealth to be lost to a bound"


def test_two_ticks_that_bet_on_what_the_first_taught_win_nothing_on_average() -> None:
    pools = ([3, 2, 1], [2, 2, 2])
    first, second = (draws(pool, 2) for pool in pools)
    pairs = list(itertools.product(range(len(first[0])), range(len(second[0]))))
    evidence = HistogramEvidence(
        direction=Direction.INCREASE, margin=0.1, alpha=0.01, shape=(len(pairs),), tolerance=0.0
    )
    for which, (pool, (samples, _)) in enumerate(zip(pools, (first, second), strict=True)):
        candidate = samples[[pair[which] for pair in pairs]]
        evidence.update(np.array(pool) - candidate, candidate, (0.1, 1.0, math.inf), seconds=60)
    chances = np.array([first[1][a] * second[1][b] for a, b in pairs])
    assert (chances * np.exp(evidence.log_e)).sum() <= 1 + 1e-9


def test_log_gamma_is_scipys() -> None:
    x = np.concatenate([np.linspace(0.01, 5, 500), np.geomspace(5, 1e8, 500)])
    assert log_gamma(x) == pytest.approx(special.gammaln(x), rel=1e-11, abs=1e-9)


def test_log_sum_exp_neither_overflows_nor_loses_the_small() -> None:
    values = np.array([[1000.0, 999.0], [-1000.0, -1001.0]])
    assert log_sum_exp(values) == pytest.approx(special.logsumexp(values, axis=-1))


def test_normal_and_student_distribution_functions_are_scipys() -> None:
    z = np.linspace(-8, 8, 401)
    assert normal_cdf(z) == pytest.approx(stats.norm.cdf(z), abs=2e-7)
    for freedom in (3.0, 5.0, 30.0, 1000.0):
        got = student_cdf(z, np.full_like(z, freedom))
        assert got == pytest.approx(stats.t.cdf(z, freedom), abs=0.01), f"{freedom} degrees"
