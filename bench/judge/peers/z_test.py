"""A z-test of two proportions every minute, as a first attempt at statistics would have it.

Pooled variance, one-sided: more bad answers than the baseline. Source: any textbook, for instance
Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, section 3.2 (without
continuity correction). Latency is read as the share of requests slower than the baseline's bucket
at 250 ms; gauges are compared by Welch's z of the minute's 60 readings, which takes them for
independent.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bench.judge.latency import BOUNDS
from bench.judge.ramp import Counts, Floats
from bench.judge.traffic import MINUTE, Histograms, Pair, Ratios, Traffic

SLOW = BOUNDS.index(0.25) + 1


@dataclass(frozen=True)
class ZTest:
    """Stops at the first minute whose test is significant."""

    name: str = "z-test a minute"
    alpha: float = 0.01
    cumulative: bool = False
    """Test all data so far, every minute; otherwise each minute by itself."""

    def stops(self, traffic: Traffic) -> Floats:
        """Seconds until each run was stopped, NaN if never."""
        quantile = NormalDist().inv_cdf(1 - self.alpha)
        significant = np.zeros((traffic.minutes, traffic.runs), dtype=np.bool_)
        for pair in traffic.indicators.values():
            significant |= self._z(pair) > quantile
        at = np.argmax(significant, axis=0) + 1.0
        return np.where(significant.any(axis=0), at * MINUTE, np.nan)

    def _z(self, pair: Pair) -> Floats:
        if isinstance(pair, Ratios):
            minutes = pair.by_minute
            return self._proportions(minutes.totals, minutes.bad)
        if isinstance(pair, Histograms):
            counts = pair.by_minute.counts
            totals = counts[0].sum(axis=2), counts[1].sum(axis=2)
            slow = counts[0][:, :, SLOW:].sum(axis=2), counts[1][:, :, SLOW:].sum(axis=2)
            return self._proportions(totals, slow)
        whole = pair.values[0].shape[0] // MINUTE * MINUTE
        parts = [v[:whole].reshape(-1, MINUTE, v.shape[1]) for v in pair.values]
        spread = np.sqrt(sum(part.var(axis=1, ddof=1) / MINUTE for part in parts))
        return (parts[1].mean(axis=1) - parts[0].mean(axis=1)) / spread

    def _proportions(self, totals: tuple[Counts, Counts], bad: tuple[Counts, Counts]) -> Floats:
        n_b, n_c, x_b, x_c = *totals, *bad
        if self.cumulative:
            n_b, n_c, x_b, x_c = (np.cumsum(v, axis=0) for v in (n_b, n_c, x_b, x_c))
        with np.errstate(divide="ignore", invalid="ignore"):
            pooled = (x_b + x_c) / (n_b + n_c)
            spread = np.sqrt(pooled * (1 - pooled) * (1 / n_b + 1 / n_c))
            z = (x_c / n_c - x_b / n_b) / spread
        return np.where(np.isfinite(z), z, 0.0)
