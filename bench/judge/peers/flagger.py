"""Flagger's analysis loop: the canary's own figures against fixed thresholds, once a minute.

At every interval the loop first looks whether the failed checks have reached the threshold, and
rolls back; then it checks the success rate and the 99th percentile of the duration over the last
interval, of the canary alone. A check that fails, or that finds no values, adds one to the failed
checks; they never go down. The weights here follow the common ladder, so that all judges see the
same traffic.

Sources, read for the rules (github.com/fluxcd/flagger): `pkg/controller/scheduler.go`
(`advanceCanary`), `pkg/controller/scheduler_metrics.go` (`runBuiltinMetricChecks`), docs
`usage/metrics` (success rate at least 99 %, duration at most 500 ms, interval 1m) and
`tutorials/istio-progressive-delivery` (threshold 5).
"""

from dataclasses import dataclass

import numpy as np

from bench.judge.latency import quantile
from bench.judge.ramp import Floats, Marks
from bench.judge.traffic import MINUTE, Histograms, Pair, Ratios, Traffic


@dataclass(frozen=True)
class Flagger:
    """The loop with the values of its documentation."""

    name: str = "Flagger"
    success_rate: float = 99.0
    """Least share of good answers, percent."""
    duration: float = 0.5
    """Most that the 99th percentile may take, seconds."""
    threshold: int = 5
    """Failed checks at which the canary is rolled back."""

    def stops(self, traffic: Traffic) -> Floats:
        """Seconds until each run was rolled back, NaN where it was promoted."""
        failed = np.zeros((traffic.minutes, traffic.runs), dtype=np.bool_)
        for pair in traffic.indicators.values():
            failed |= self._fails(pair)
        count = np.cumsum(failed, axis=0, dtype=np.int64)
        reached = count >= self.threshold
        # the roll-back is found out at the next visit
        at = np.argmax(reached, axis=0) + 2.0
        return np.where(reached.any(axis=0), at * MINUTE, np.nan)

    def _fails(self, pair: Pair) -> Marks:
        minutes = pair.by_minute
        if isinstance(minutes, Ratios):
            with np.errstate(divide="ignore", invalid="ignore"):
                rate = 100 * (1 - minutes.bad[1] / minutes.totals[1])
            return ~(rate >= self.success_rate)
        if isinstance(minutes, Histograms):
            return ~(quantile(minutes.counts[1], 0.99) <= self.duration)
        # a gauge has no built-in check
        return np.zeros(minutes.values[1].shape, dtype=np.bool_)
