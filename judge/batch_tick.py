"""One tick of an indicator as arrays, for a batch of independent releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RatioTick:
    """A ratio's increments, shape `(...,)` each."""

    bad_baseline: Floats
    total_baseline: Floats
    bad_candidate: Floats
    total_candidate: Floats

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Where both sides had events."""
        return np.asarray(np.minimum(self.total_baseline, self.total_candidate) > 0)

    @property
    def exposed(self) -> tuple[Floats, Floats]:
        """Events of the baseline and the candidate."""
        return self.total_baseline, self.total_candidate


@dataclass(frozen=True, slots=True)
class HistogramTick:
    """A histogram's increments, not cumulative, shape `(..., buckets)` each."""

    bounds: tuple[float, ...]
    """Upper bounds, rising, the last one infinite; common to both sides and all runs."""
    baseline: Floats
    candidate: Floats

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Where both sides had events."""
        baseline, candidate = self.exposed
        return np.asarray(np.minimum(baseline, candidate) > 0)

    @property
    def exposed(self) -> tuple[Floats, Floats]:
        """Events of the baseline and the candidate."""
        return self.baseline.sum(axis=-1), self.candidate.sum(axis=-1)


@dataclass(frozen=True, slots=True)
class GaugeTick:
    """A gauge's mean readings, shape `(...,)` each; NaN where there is none."""

    baseline: Floats
    candidate: Floats

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Where both sides had a reading."""
        return np.asarray(np.isfinite(self.baseline) & np.isfinite(self.candidate))

    @property
    def exposed(self) -> tuple[Floats, Floats]:
        """Readings of the baseline and the candidate: one each, or none."""
        return np.isfinite(self.baseline) * 1.0, np.isfinite(self.candidate) * 1.0


Observed = RatioTick | HistogramTick | GaugeTick
