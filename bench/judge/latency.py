"""Latency as Prometheus keeps it: counts per bucket, and the quantiles read back from them."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from bench.judge.ramp import Counts, Floats

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets in seconds: the default of Prometheus' clients; +Inf follows."""

_GRID = np.linspace(-0.6, 0.6, 121)
"""Logarithms of the common slowness for which the buckets' probabilities are computed once."""


@dataclass(frozen=True)
class Latency:
    """A histogram indicator: lognormal latencies, of which the candidate's may be worse."""

    median: float = 0.1
    """Seconds."""
    sigma: float = 0.5
    """Standard deviation of the logarithm."""
    times: float = 1.0
    """What the candidate multiplies every latency by."""
    tail: float = 1.0
    """What the candidate multiplies its slowest tenth by; the median stays where it was."""
    wobble: float = 0.0
    """Standard deviation of each colour's own logarithmic slowness from second to second."""
    autocorrelation: float = 0.0
    """Lag-1 autocorrelation of that slowness (a Gaussian AR(1))."""

    def draw(
        self, totals: tuple[Counts, Counts], rng: np.random.Generator
    ) -> tuple[Counts, Counts]:
        """Requests per bucket of baseline and candidate, (ticks, runs, buckets) each."""
        drawn = [
            self._buckets(total, worse=worse, rng=rng)
            for worse, total in zip((False, True), totals, strict=True)
        ]
        return drawn[0], drawn[1]

    def _buckets(self, total: Counts, *, worse: bool, rng: np.random.Generator) -> Counts:
        table = self.probabilities(_GRID, worse=worse)
        runs = total.shape[1]
        counts = np.empty((*total.shape, len(BOUNDS) + 1), dtype=np.int64)
        middle = len(_GRID) // 2
        step = _GRID[1] - _GRID[0]
        state = rng.standard_normal((runs,))
        fresh = (1 - self.autocorrelation**2) ** 0.5
        for tick, requests in enumerate(total):
            if self.wobble:
                state = self.autocorrelation * state + fresh * rng.standard_normal((runs,))
                nearest = middle + np.rint(self.wobble * state / step).astype(np.int64)
                chosen = table[np.clip(nearest, 0, len(_GRID) - 1)]
            else:
                chosen = table[middle]
            counts[tick] = rng.multinomial(requests, chosen)
        return counts

    def probabilities(self, slowness: Floats, *, worse: bool) -> Floats:
        """Probability of each bucket, (slowness, buckets), for logarithms of a common slowness."""
        times = self.times if worse else 1.0
        tail = self.tail if worse else 1.0
        scale = (
            np.log(np.asarray(BOUNDS))[None, :] - np.log(self.median * times) - slowness[:, None]
        )
        below = _normal(scale / self.sigma)
        if tail != 1.0:
            # a request below its colour's p90 keeps its latency, one above is multiplied
            below = np.minimum(below, 0.9) + np.maximum(
                _normal((scale - np.log(tail)) / self.sigma) - 0.9, 0
            )
        return np.diff(below, axis=1, prepend=0.0, append=1.0)


def _normal(values: Floats) -> Floats:
    """The standard normal distribution function."""
    cdf = NormalDist().cdf
    return np.array([[cdf(value) for value in row] for row in values])


def quantile(counts: Counts, q: float) -> Floats:
    """Prometheus' `histogram_quantile` over the last axis: linear within a bucket, seconds.

    The +Inf bucket answers with the highest finite bound; no requests answer NaN. Source:
    prometheus/prometheus `promql/quantile.go`, `bucketQuantile`.
    """
    bounds = np.asarray(BOUNDS)
    lower = np.concatenate(([0.0], bounds))
    cumulative = np.cumsum(counts, axis=-1)
    total = cumulative[..., -1]
    rank = q * total
    bucket = np.argmax(cumulative >= rank[..., None], axis=-1)
    finite = np.minimum(bucket, len(bounds) - 1)
    inside = np.take_along_axis(counts, finite[..., None], axis=-1)[..., 0]
    before = np.take_along_axis(cumulative, finite[..., None], axis=-1)[..., 0] - inside
    part = (rank - before) / np.maximum(inside, 1)
    found: npt.NDArray[np.float64] = lower[finite] + (bounds[finite] - lower[finite]) * part
    found = np.where(bucket == len(bounds), bounds[-1], found)
    return np.where(total > 0, found, np.nan)
