"""The confidence sequence of the slowdown: it covers, and it says what a pass excludes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.slowdown import Slowdown, positions, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

pytestmark = pytest.mark.pure

BOUNDS = (*(0.02 * 1.3**step for step in range(20)), math.inf)
MEDIAN, SHAPE = 0.1, 4.0


def loglogistic(times: float = 1.0) -> Floats:
    """Bucket probabilities of a latency whose log-odds are straight in log-time."""
    edges = np.array(BOUNDS[:-1])
    above = 1 / (1 + (edges / (MEDIAN * times)) ** SHAPE)
    return -np.diff(np.concatenate([[1.0], above, [0.0]]))


def seen(times: float, *, runs: int, ticks: int, alpha: float) -> NDArray[np.bool_]:
    """Whether a limit ever missed the true slowdown, `(2, runs)`: the lower and the upper one."""
    rng = np.random.default_rng(0)
    slowdown = Slowdown(alpha=alpha, shape=(runs,))
    missed = np.zeros((2, runs), dtype=bool)
    for nth in range(ticks):
        weight = (0.02, 0.5, 0.2, 0.05)[nth * 4 // ticks]
        swing = 1 + 0.5 * math.sin(nth / 9)
        counts = [
            rng.multinomial(rng.poisson(2000 * swing * part, runs), chances)[None].astype(float)
            for chances, part in ((loglogistic(), 1 - weight), (loglogistic(times), weight))
        ]
        slowdown.add(counts[0], counts[1], BOUNDS, np.ones(runs))
        found = slowdown.slowest()
        missed |= np.stack([found.lower > times * 1.0001, found.upper < times * 0.9999])
    return missed


@pytest.mark.parametrize("times", [1.0, 1.1, 1.5])
def test_the_true_slowdown_is_missed_at_any_time_more_seldom_than_promised(times: float) -> None:
    missed = seen(times, runs=200, ticks=80, alpha=0.05)
    assert missed.any(axis=0).mean() <= 0.05


def test_with_traffic_the_interval_closes_on_the_truth() -> None:
    slowdown = Slowdown(alpha=0.01, shape=())
    for _ in range(50):
        slowdown.add(5000 * loglogistic()[None], 2000 * loglogistic(1.2)[None], BOUNDS, np.ones(()))
    found = slowdown.slowest()
    assert 1.15 < found.lower < 1.2 < found.upper < 1.3
    fastest = slowdown.fastest()
    assert 1.1 < fastest.lower <= 1.2 <= fastest.upper < 1.25


def test_the_mirror_of_a_slowdown_is_a_speed_up() -> None:
    ours, theirs = 4000 * loglogistic()[None], 3000 * loglogistic(1.3)[None]
    slow, fast = Slowdown(alpha=0.01, shape=()), Slowdown(alpha=0.01, shape=())
    slow.add(ours, theirs, BOUNDS, np.ones(()))
    # time runs backwards: 1/x for x
    mirrored = (*(1 / bound for bound in BOUNDS[-2::-1]), math.inf)
    fast.add(ours[:, ::-1], theirs[:, ::-1], mirrored, np.ones(()))
    assert fast.fastest().lower == pytest.approx(1 / slow.slowest().upper)
    assert fast.fastest().upper == pytest.approx(1 / slow.slowest().lower)


def test_without_requests_nothing_is_excluded() -> None:
    found = Slowdown(alpha=0.01, shape=(2,)).slowest()
    assert found.lower.tolist() == [0, 0]
    assert found.upper.tolist() == [math.inf, math.inf]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 30), min_size=8, max_size=8),
    st.lists(st.integers(0, 30), min_size=8, max_size=8),
)
def test_whatever_the_counts_lower_is_at_most_upper_and_neither_is_nan(
    ours: list[int], theirs: list[int]
) -> None:
    slowdown = Slowdown(alpha=0.01, shape=())
    bounds = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, math.inf)
    slowdown.add(np.array([ours]) * 1.0, np.array([theirs]) * 1.0, bounds, np.ones(()))
    for found in (slowdown.slowest(), slowdown.fastest()):
        assert 0 <= found.lower <= found.upper
        assert not math.isnan(found.lower + found.upper)


def test_shares_after_a_slowdown_are_those_of_the_stretched_latency() -> None:
    at = positions(BOUNDS[:-1])
    above = 1 - loglogistic().cumsum()[:-1]
    got = shifted(above, np.array([1e9]), at, 0.1)
    assert got == pytest.approx(loglogistic(1.1), abs=1e-4)
    assert shifted(above, np.array([1e9]), at, 0.0) == pytest.approx(loglogistic(), abs=1e-9)


def test_more_bounds_than_are_kept_are_thinned_and_still_tell() -> None:
    bounds = (*(0.01 * 1.02**step for step in range(300)), math.inf)
    edges = np.array(bounds[:-1])
    slowdown = Slowdown(alpha=0.01, shape=())
    above = [1 / (1 + (edges / (MEDIAN * times)) ** SHAPE) for times in (1.0, 1.3)]
    ours, theirs = (-9e4 * np.diff([1.0, *one.tolist(), 0.0])[None] for one in above)
    slowdown.add(ours, theirs, bounds, np.ones(()))
    assert 1.2 < slowdown.slowest().lower < 1.3 < slowdown.slowest().upper < 1.45
