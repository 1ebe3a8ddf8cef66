"""How much more two colours differ from time to time than the draw of their requests explains.

A neighbour on the node, a pause of the collector, a cold cache: one colour is slower for a while
and then the other. Requests near in time then say less than their number. With `U` a span's sum of
the candidate's scores less its expectation, and `V` the variance of that under exchangeable draws,
a wandering difference of variance `w` gives `U` the variance `V + w V^2`; over a block of `B` spans
`w` counts as often as the wandering lasts. What is kept is the largest `B w` over blocks of 1, 2,
4, ... 128 spans: an inflation of `1 + B w V`, that grows with the traffic of a span as it should.

It is measured on differences of neighbouring blocks' means `U / V` (von Neumann 1941), which a
constant difference, that is a regression, leaves as they are; and lowered by a standard error, so
that well-behaved traffic pays nothing. Dividing the log-evidence by the inflation is the
quasi-likelihood of Wedderburn (1974) and McCullagh & Nelder (1989), and predictable here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SCALES = 8
"""Blocks of 1, 2, 4, ... 128 spans."""
FEW = 4
"""Differences of neighbouring blocks before a scale is heard."""
SPREAD = 3.0
"""Variance of half a squared difference of neighbours, their overlap included, under normality."""

ADJACENT = 1.5
"""Differences of neighbouring blocks miss a third of the wandering that these share: it is
added."""

_SPANS = 2.0 ** np.arange(SCALES)


class Dispersion:
    """Running measure for a batch of runs.

    Args:
        shape: leading shape `(...,)`.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._spans = 0
        self._sums = np.zeros((7, *shape, SCALES))
        """U and V of the open block; U / V and V of the one before; pairs seen; weighted excess;
        sum of squared weights."""
        self._rate = np.zeros(shape)

    def inflation(self, variance: Floats) -> Floats:
        """At least 1, `(...,)`, from past spans, for one of that variance `V`."""
        return 1 + self._rate * variance

    def add(self, surprise: Floats, variance: Floats) -> None:
        """Add one span's `U` and `V`, `(...,)` each; `V` of 0 where nothing was heard."""
        self._sums[0] += surprise[..., None]
        self._sums[1] += variance[..., None]
        self._spans += 1
        # a scale fills with every so-manieth span: as often as 2 divides its number
        full = min((self._spans & -self._spans).bit_length(), SCALES)
        u, v, last, last_v, pairs, excess, squares = self._sums[..., :full]
        mean = u / np.where(v > 0, v, 1.0)
        # harmonic mean of both variances: that of a difference of means, without wandering
        weight = np.where((v > 0) & (last_v > 0), 2 * v * last_v / np.maximum(v + last_v, 1e-9), 0)
        step = mean - last
        self._sums[..., :full] = np.stack(
            [
                np.zeros_like(u),
                np.zeros_like(u),
                mean,
                v,
                pairs + (weight > 0),
                excess + weight * (0.5 * step * step * weight - 1),
                squares + weight * weight,
            ]
        )
        _, _, _, _, pairs, excess, squares = self._sums
        sure = excess - np.sqrt(SPREAD * squares)
        rates = np.where(
            pairs >= FEW, sure * ADJACENT * _SPANS / np.where(squares > 0, squares, 1.0), 0.0
        )
        self._rate = np.maximum(rates.max(axis=-1), 0.0)

    def state(self) -> dict[str, Any]:
        """All that later spans depend on, as JSON values."""
        return {
            "spans": self._spans,
            "sums": self._sums.tolist(),
            "rate": self._rate.tolist(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self._spans = state["spans"]
        self._sums = np.asarray(state["sums"], dtype=np.float64)
        self._rate = np.asarray(state["rate"], dtype=np.float64)
