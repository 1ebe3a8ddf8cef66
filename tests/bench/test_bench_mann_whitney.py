"""The rank-sum interval that the Kayenta peer rests on."""

from statistics import NormalDist

import numpy as np
import pytest

from bench.judge.peers.mann_whitney import TOLERANCE, shift

pytestmark = pytest.mark.pure

RNG = np.random.default_rng(20261123)


def test_the_estimate_is_the_median_of_all_differences() -> None:
    x, y = RNG.normal(1.0, 1.0, (20, 15)), RNG.normal(0.0, 2.0, (20, 22))
    medians = np.median((x[:, :, None] - y[:, None, :]).reshape(20, -1), axis=1)
    found = shift(x, y, 0.98)
    # 15 x 22 differences are even in number: any value between the middle two is a median
    assert np.allclose(found.estimate, medians, atol=0.1), "Hodges and Lehmann's estimate"


def test_the_interval_is_made_of_ordered_differences() -> None:
    x, y = RNG.normal(0.0, 1.0, (20, 30)), RNG.normal(0.0, 1.0, (20, 30))
    differences = np.sort((x[:, :, None] - y[:, None, :]).reshape(20, -1), axis=1)
    half = NormalDist().inv_cdf(0.99) * np.sqrt(30 * 30 * 61 / 12)
    cut = int(30 * 30 / 2 - half)  # Hollander and Wolfe, equation 4.31
    found = shift(x, y, 0.98)
    for run in range(20):
        near = differences[run, cut - 2 : cut + 3]
        assert near[0] - TOLERANCE <= found.lower[run] <= near[-1] + TOLERANCE


def test_the_interval_covers_the_true_shift_as_often_as_it_says() -> None:
    runs = 2000
    x, y = RNG.normal(0.7, 1.0, (runs, 25)), RNG.normal(0.0, 1.0, (runs, 25))
    found = shift(x, y, 0.90)
    covered = ((found.lower <= 0.7) & (found.upper >= 0.7)).mean()
    assert abs(covered - 0.90) < 0.03, "the same interval as R's, and so the same coverage"


def test_ties_within_and_between_samples_are_averaged() -> None:
    x = np.array([[1.0, 1.0, 2.0, 3.0]])
    y = np.array([[1.0, 2.0, 2.0, 3.0]])
    one, other = shift(x, y, 0.9), shift(y, x, 0.9)
    assert one.estimate[0] == pytest.approx(-other.estimate[0], abs=2 * TOLERANCE)
    assert one.lower[0] == pytest.approx(-other.upper[0], abs=2 * TOLERANCE)


def test_samples_without_any_spread_have_no_interval() -> None:
    found = shift(np.full((1, 4), 2.0), np.full((1, 4), 1.0), 0.98)
    assert np.isnan(found.estimate[0]), "all tied once shifted: Kayenta raises here"
