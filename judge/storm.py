"""The storm rule: a candidate whose requests nearly all fail is stopped within seconds.

The bets of `wealth` are settled span by span and cannot lose their sleep over one burst; a total
outage must not wait for that. So this watches request by request: each bad answer of the candidate
multiplies the evidence by how much likelier it is in an outage than at a rate no healthy service
has, four times what the baseline had until then. It holds where both colours fail together as
well, for the baseline's past is the measure. Starting points are spread over time (Shiryaev and
Roberts' sum, with a reserve, so that it is a supermartingale; Shin, Ramdas and Rinaldo,
"E-detectors", 2023).

Deliberately blind for anything less than an outage: a good answer takes back most of what a bad one
brought.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.arrays import shaped

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

OUTAGE = 0.99
"""Share of bad answers in an outage; not 1, for a health check may still be answered. With it, one
failing pod of three is none: a good answer takes back more than a bad one brings."""
TIMES = 4.0
"""A rate this many times the baseline's is no healthy service's."""
FLOOR = 0.02
"""Nor is one of 2 %, however clean the baseline; below it single errors would weigh too much."""
CEILING = 0.9
"""A baseline this bad leaves nothing to tell an outage by."""
START = (1.0, 25.0)
"""Bad and all answers of the baseline before any was seen: 4 %, outweighed within a second."""
MEMORY = 300.0
"""Seconds over which the baseline's rate is remembered."""
TRICKLE = 1800.0
"""Seconds in which the reserve of evidence falls to 1/e: the order of a whole ramp."""


class Storm:
    """The storm rule for `shape` runs.

    Args:
        alpha: probability of ever calling it on a candidate whose rate stays below the measure.
        shape: leading shape of all arrays.
    """

    def __init__(self, *, alpha: float, shape: tuple[int, ...] = ()) -> None:
        self._alpha = alpha
        self._evidence, self._reserve = np.zeros(shape), np.ones(shape)
        self._bad, self._total = np.full(shape, START[0]), np.full(shape, START[1])
        self._called = np.zeros(shape)

    @property
    def called(self) -> NDArray[np.bool_]:
        """Where a storm has been seen, shape `(...,)`; stays."""
        return self._called > 0

    @property
    def measure(self) -> NDArray[np.float64]:
        """The rate of bad answers that no healthy candidate exceeds, shape `(...,)`."""
        return np.minimum(np.maximum(TIMES * self._bad / self._total, FLOOR), CEILING)

    def update(
        self,
        bad_baseline: ArrayLike,
        total_baseline: ArrayLike,
        bad_candidate: ArrayLike,
        total_candidate: ArrayLike,
        seconds: float = 1.0,
    ) -> None:
        """Take in one tick; arguments as in `RatioEvidence.update`."""
        bad_b, total_b, bad_c, total_c = shaped(
            self._evidence.shape, bad_baseline, total_baseline, bad_candidate, total_candidate
        )
        measure = self.measure
        likelier = bad_c * np.log(OUTAGE / measure)
        likelier = likelier + (total_c - bad_c) * np.log((1 - OUTAGE) / (1 - measure))
        moved = self._reserve * -math.expm1(-seconds / TRICKLE)
        self._reserve = self._reserve - moved
        # far beyond the bound there is nothing to gain by telling floats apart
        self._evidence = (self._evidence + moved) * np.exp(
            np.minimum(np.maximum(likelier, -50.0), 50.0)
        )
        self._evidence = np.minimum(self._evidence, 1 / self._alpha)
        seen = self._evidence + self._reserve >= 1 / self._alpha
        self._called = np.where(seen, 1.0, self._called)
        # an outage of the baseline is not to become the measure of itself
        kept = math.exp(-seconds / MEMORY)
        self._bad = START[0] + (self._bad - START[0]) * kept + np.minimum(bad_b, measure * total_b)
        self._total = START[1] + (self._total - START[1]) * kept + total_b

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        return {name: getattr(self, name).tolist() for name in _ARRAYS}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _ARRAYS:
            shape = getattr(self, name).shape
            setattr(self, name, np.array(state[name], dtype=np.float64).reshape(shape))


_ARRAYS = ("_evidence", "_reserve", "_bad", "_total", "_called")
