"""An analysis of Argo Rollouts in the background of a rollout: a condition, measured once a minute.

Each measurement is Successful, Failed, Inconclusive (both conditions given and neither met) or an
Error (the query answered nothing). A metric fails when more than `failureLimit` measurements
failed, is inconclusive beyond `inconclusiveLimit`, and errs beyond `consecutiveErrorLimit` errors
in a row; each of them ends the rollout's advance, the first and the last abort it.

Sources, read for the rules (github.com/argoproj/argo-rollouts): `analysis/analysis.go`
(`assessMetricStatus`, `runMeasurements`, `DefaultConsecutiveErrorLimit`), docs
`features/analysis.md` (successCondition `result[0] >= 0.95`, failureLimit 3; here the condition is
Flagger's 99 %, so that the two are comparable).
"""

from dataclasses import dataclass

import numpy as np

from bench.judge.latency import quantile
from bench.judge.ramp import Counts, Floats, Marks
from bench.judge.traffic import MINUTE, Histograms, Pair, Ratios, Traffic


@dataclass(frozen=True)
class Limits:
    """How many measurements of a kind a metric bears."""

    failure: int = 3
    inconclusive: int = 0
    consecutive_error: int = 4


@dataclass(frozen=True)
class Analysis:
    """One metric: good from `success` up, bad below `failure`, inconclusive between them."""

    success: float
    failure: float | None = None
    """None: whatever is not a success is a failure, NaN included."""
    limits: Limits = Limits()

    def stops(self, values: Floats, *, empty: Marks | None = None) -> Floats:
        """Measurements until the metric was over, (runs,), NaN if never.

        `values` are (measurements, runs); `empty` marks those whose query answered nothing.
        """
        error = np.zeros(values.shape, dtype=np.bool_) if empty is None else empty
        good = (values >= self.success) & ~error
        bad = ~good & ~error
        open_ = np.zeros_like(bad)
        if self.failure is not None:
            open_ = bad & ~(values < self.failure)
            bad &= ~open_
        over = np.cumsum(bad, axis=0) > self.limits.failure
        over |= np.cumsum(open_, axis=0) > self.limits.inconclusive
        over |= _in_a_row(error) > self.limits.consecutive_error
        return np.where(over.any(axis=0), np.argmax(over, axis=0) + 1.0, np.nan)


@dataclass(frozen=True)
class ArgoRollouts:
    """Success rate and 99th percentile of the canary, each its own metric."""

    name: str = "Argo Rollouts"
    success_rate: Analysis = Analysis(success=0.99)
    duration: float = 0.5
    """Most that the 99th percentile may take, seconds."""

    def stops(self, traffic: Traffic) -> Floats:
        """Seconds until each run was aborted, NaN where it was promoted."""
        first = np.full(traffic.runs, np.nan)
        for pair in traffic.indicators.values():
            first = np.fmin(first, self._stops(pair))
        return first * MINUTE

    def _stops(self, pair: Pair) -> Floats:
        minutes = pair.by_minute
        if isinstance(minutes, Ratios):
            with np.errstate(divide="ignore", invalid="ignore"):
                good: Floats = 1 - minutes.bad[1] / minutes.totals[1]
            return self.success_rate.stops(good)
        if isinstance(minutes, Histograms):
            fast = Analysis(success=-self.duration, limits=self.success_rate.limits)
            return fast.stops(-quantile(minutes.counts[1], 0.99))
        # a gauge needs a query of one's own: there is no usual one to compare with
        return np.full((minutes.values[0].shape[1],), np.nan)


def _in_a_row(marked: Marks) -> Counts:
    count = np.zeros(marked.shape, dtype=np.int64)
    run = np.zeros(marked.shape[1], dtype=np.int64)
    for at, row in enumerate(marked):
        run = np.where(row, run + 1, 0)
        count[at] = run
    return count
