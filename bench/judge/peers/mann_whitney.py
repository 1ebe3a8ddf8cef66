"""The rank-sum confidence interval that Kayenta compares populations by, of many pairs at once.

It is the asymptotic two-sample interval of R's `wilcox.test(x, y, conf.int=TRUE)`: a shift is in
the interval when the continuity-corrected rank-sum statistic of the shifted samples is within the
normal quantiles; the estimate is where it crosses zero (a Hodges-Lehmann estimate). As the
statistic is a step function, its roots are only as exact as the search: 1e-4 there, and here.

Sources, read for the rule (github.com/spinnaker/kayenta):
`kayenta-mannwhitney/src/main/scala/com/netflix/kayenta/mannwhitney/MannWhitney.scala`; R:
`src/library/stats/R/wilcox.test.R`. Hollander and Wolfe, Nonparametric Statistical Methods, ch. 4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bench.judge.ramp import Floats

TOLERANCE = 1e-4
"""Width at which the search for a root ends, in the metric's unit."""


@dataclass(frozen=True)
class Shift:
    """By how much x lies above y, one value a pair of samples; NaN where all values are tied."""

    lower: Floats
    upper: Floats
    estimate: Floats


def shift(x: Floats, y: Floats, confidence: float) -> Shift:
    """The interval of each pair of rows: x (pairs, n), y (pairs, m), no NaN, n and m at least 1."""
    statistic = _Statistic(x, y)
    lowest = x.min(axis=1) - y.max(axis=1)
    highest = x.max(axis=1) - y.min(axis=1)
    quantile = NormalDist().inv_cdf((1 + confidence) / 2)

    def root(level: float) -> Floats:
        return _root(lambda mu: statistic(mu) - level, lowest, highest)

    return Shift(root(quantile), root(-quantile), root(0.0))


class _Statistic:
    """The standardized rank sum of x - mu among y, falling in mu."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self._differences = (x[:, :, None] - y[:, None, :]).reshape(len(x), -1)
        self._own = (x[:, :, None] == x[:, None, :]).sum(axis=2)
        tied_x = (self._own**2 - 1).sum(axis=1)
        tied_y = ((y[:, :, None] == y[:, None, :]).sum(axis=2) ** 2 - 1).sum(axis=1)
        self._ties = (tied_x + tied_y).astype(np.float64)
        self._sizes = x.shape[1], y.shape[1]

    def __call__(self, mu: Floats) -> Floats:
        n, m = self._sizes
        above = self._differences > mu[:, None]
        equal = self._differences == mu[:, None]
        surplus = above.sum(axis=1) + 0.5 * equal.sum(axis=1) - n * m / 2
        ties = self._ties
        if equal.any():
            # a group of a tied x and b tied y merges into one of a + b: 3ab(a + b) more
            b = equal.reshape(len(mu), n, m).sum(axis=2)
            ties = ties + (3 * b * (self._own + b)).sum(axis=1)
        both = n + m
        variance = n * m / 12 * ((both + 1) - ties / (both * (both - 1)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return (surplus - 0.5 * np.sign(surplus)) / np.sqrt(np.maximum(variance, 0.0))


def _root(function: Callable[[Floats], Floats], lowest: Floats, highest: Floats) -> Floats:
    """Where each falling function crosses zero: bisected, then the side that is nearer to it."""
    low, high = lowest.copy(), highest.copy()
    at_low, at_high = function(low), function(high)
    missing = np.isnan(at_low) | np.isnan(at_high)
    below, over = at_low <= 0, at_high >= 0
    while np.max(high - low) > TOLERANCE:
        middle = (low + high) / 2
        at_middle = function(middle)
        up = at_middle > 0
        low, at_low = np.where(up, middle, low), np.where(up, at_middle, at_low)
        high, at_high = np.where(up, high, middle), np.where(up, at_high, at_middle)
    nearest = np.where(np.abs(at_low) < np.abs(at_high), low, high)
    ends = np.where(below, lowest, np.where(over, highest, nearest))
    return np.where(missing, np.nan, ends)
