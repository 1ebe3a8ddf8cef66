"""How long a gauge remembers: the integrated autocorrelation time of a series, measured as it runs.

Gauges read every second are strongly dependent: memory hardly moves, CPU is a rate over a window.
The mean of `B` readings then varies as that of `B / tau` independent ones (Sokal 1997, "Monte Carlo
methods in statistical mechanics"). `tau` is taken as the larger of two estimates, both blind to a
constant and to a linear drift, which are what is to be found and not noise:

- from neighbouring readings: with `r` the lag-1 autocorrelation of the residuals from a line,
  corrected for its bias (Marriott & Pope 1954; Tanaka 1984) and raised by a standard error, an
  autoregressive series has `tau = (1 + r) / (1 - r)`; when that leaves no `r` below 1 the series
  may as well be a random walk, and `tau` is infinite;
- from means over 8, 16, ... 256 readings: `B` times the Hadamard variance of neighbouring means
  (second differences; Baugh 1971) over the variance of one reading, lowered by a standard error; it
  sees slow swings beneath fast noise, which neighbours do not.

Every figure is even in the series: turning all readings' signs changes nothing, so batches that are
cut by it leave a symmetric null symmetric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 24
"""Readings before anything is said: fewer cannot tell a slow series from a constant one."""
SPANS = np.array([10.0, 20.0, 40.0, 80.0, 160.0, 320.0])
"""Readings to a mean, for slow swings; multiples of the blocks that gauges come in."""
FEW = 4
"""Second differences of means before a span is heard."""
ADJACENT = 1.5
"""Hadamard variances of neighbouring means miss a third of what these share: so much is added."""


class Memory:
    """Running sums of one series a run, `(...,)`.

    Args:
        shape: leading shape of independent runs.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._sums = np.zeros((9, *shape))
        """Readings, first, last, whether the last was heard, sum, sum of squares, sum of index
        times reading, pairs of neighbours, their squared steps."""
        self._spans = np.zeros((6, *shape, SPANS.size))
        """Readings in the open mean, their sum, mean before, mean before that, means, sum of their
        squared second differences."""

    def add(self, values: Floats, heard: NDArray[np.bool_]) -> None:
        """Add a block of readings, `(readings, ...)` each, where `heard`."""
        n, first, last, open_, total, squares, leaning, pairs, steps = self._sums
        first = np.where(
            n == 0,
            values[heard.argmax(axis=0)]
            if values.ndim == 1
            else np.take_along_axis(values, heard.argmax(axis=0)[None], axis=0)[0],
            first,
        )
        value = np.where(heard, values - first, 0.0)
        before = np.concatenate([last[None], value[:-1]])
        paired = heard & np.concatenate([open_[None] > 0, heard[:-1]])
        step = np.where(paired, value - before, 0.0)
        index = n + heard.cumsum(axis=0) - 1
        fresh = heard.sum(axis=0)
        gained = value.sum(axis=0)
        self._sums = np.stack(
            [
                n + fresh,
                np.where(n + fresh > 0, first, 0.0),
                value[-1],
                heard[-1].astype(np.float64),
                total + gained,
                squares + (value * value).sum(axis=0),
                leaning + (index * value).sum(axis=0),
                pairs + paired.sum(axis=0),
                steps + (step * step).sum(axis=0),
            ]
        )
        self._add_to_spans(gained[..., None], fresh[..., None])

    def time(self) -> Floats:
        """Readings that one independent reading is worth, at least 1, `(...,)`; inf: not known."""
        n, _, _, _, total, squares, leaning, pairs, steps = self._sums
        count = np.maximum(n, LEAST)
        middle = (count - 1) / 2
        slope = leaning - middle * total
        spread = squares - total * total / count - slope * slope * 12 / (count * (count**2 - 1))
        variance = np.where(spread > 1e-12 * squares, spread / (count - 2), 0.0)
        some = np.where(variance > 0, variance, 1.0)
        r = np.where(variance > 0, 1 - steps / (2 * np.maximum(pairs, 1.0) * some), 0.0)
        r = r + (2 + 4 * np.maximum(r, 0.0)) / count + np.sqrt(np.maximum(1 - r * r, 0.0) / count)
        neighbours = np.where(r < 1, (1 + r) / np.maximum(1 - r, 1e-9), np.inf)
        swings = np.where(variance > 0, self._long_run().max(axis=-1) / some, 1.0)
        tau = np.maximum(np.maximum(neighbours, swings), 1.0)
        return np.where(n < LEAST, np.inf, tau)

    def state(self) -> dict[str, Any]:
        """All that later readings depend on, as JSON values."""
        return {"sums": self._sums.tolist(), "spans": self._spans.tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self._sums = np.asarray(state["sums"], dtype=np.float64)
        self._spans = np.asarray(state["spans"], dtype=np.float64)

    def _add_to_spans(self, gained: Floats, fresh: NDArray[np.int64]) -> None:
        self._spans[0] += fresh
        self._spans[1] += gained
        spans: tuple[Floats, ...] = tuple(self._spans)
        count, total, mean_1, mean_2, means, bends = spans
        full = count >= SPANS
        if not full.any():
            return
        mean: Floats = total / np.maximum(count, 1.0)
        bend = mean - 2 * mean_1 + mean_2
        third = full & (means >= 2)  # noqa: PLR2004 - a bend needs three means
        self._spans = np.stack(
            [
                np.where(full, 0.0, count),
                np.where(full, 0.0, total),
                np.where(full, mean, mean_1),
                np.where(full, mean_1, mean_2),
                means + full,
                bends + np.where(third, bend * bend, 0.0),
            ]
        )

    def _long_run(self) -> Floats:
        """Variance of one mean times its readings, from below, for every span heard."""
        _, _, _, _, means, squares = self._spans
        bends = np.maximum(means - 2, FEW)
        certain = 1 - np.sqrt(1.0 / bends)
        told = ADJACENT * SPANS * squares / (6 * bends) * certain
        return np.where(means - 2 >= FEW, told, 0.0)
