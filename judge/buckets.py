"""Bucket counts of two colours on one axis.

Prometheus counts cumulatively over upper bounds, and a version may bring other bounds than the one
it follows. What both colours counted is what can be compared: a cumulative count at a bound that
both have is exact, whatever lies between, so the common axis is the intersection of the bounds.
Nothing is interpolated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import ObservationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Aligned:
    """Both colours' counts on their common bounds."""

    bounds: tuple[float, ...]
    """Upper bounds, rising, the last one infinite."""
    baseline: NDArray[np.float64]
    """Events per bucket, not cumulative, shape `(len(bounds),)`."""
    candidate: NDArray[np.float64]
    """The same of the candidate."""


def align(
    bounds_b: Sequence[float],
    cumulative_b: Sequence[float],
    bounds_c: Sequence[float],
    cumulative_c: Sequence[float],
) -> Aligned | None:
    """Both colours on the bounds that both have; None when they share no finite bound.

    Args:
        bounds_b: the baseline's upper bounds, rising, the last one infinite.
        cumulative_b: its events at or below each bound.
        bounds_c: the same of the candidate.
        cumulative_c: the same of the candidate.

    Raises:
        ObservationError: when bounds do not rise, do not end in +Inf, or counts fall or are
            negative; the message names the bound and the counts.
    """
    check(bounds_b, cumulative_b)
    if tuple(bounds_b) == tuple(bounds_c):
        check(bounds_c, cumulative_c)
        common = tuple(float(bound) for bound in bounds_b)
        below_b, below_c = cumulative_b, cumulative_c
    else:
        check(bounds_c, cumulative_c)
        of_b = dict(zip(bounds_b, cumulative_b, strict=True))
        of_c = dict(zip(bounds_c, cumulative_c, strict=True))
        common = tuple(float(bound) for bound in bounds_b if bound in of_c)
        below_b = [of_b[bound] for bound in common]
        below_c = [of_c[bound] for bound in common]
    if len(common) < 2:  # noqa: PLR2004 - one bucket holds everything and tells nothing
        return None
    return Aligned(common, _per_bucket(below_b), _per_bucket(below_c))


def check(bounds: Sequence[float], cumulative: Sequence[float]) -> None:
    """Refuse what no cumulative histogram can be.

    Raises:
        ObservationError: see `align`.
    """
    if len(bounds) != len(cumulative):
        raise ObservationError(
            f"{len(bounds)} bounds beside {len(cumulative)} counts",
            "leave counts without a bucket",
            "give one cumulative count a bound",
        )
    if not bounds or bounds[-1] != math.inf:
        raise ObservationError(
            f"buckets {list(bounds)}",
            "have no +Inf, so the total is unknown",
            "keep the +Inf bucket in the query, as Prometheus does",
        )
    below, last = 0.0, -math.inf
    for bound, count in zip(bounds, cumulative, strict=True):
        if not bound > last:
            raise ObservationError(
                f"bucket {bound:g} after {last:g}",
                "is out of order, so nobody knows what its count includes",
                "sort the buckets by their bounds and name each once",
            )
        if not (math.isfinite(count) and count >= below):
            raise ObservationError(
                f"bucket {bound:g} counts {count:g} after {below:g} below it",
                "cannot be: cumulative counts never fall",
                "give cumulative counts; for increments subtract one whole histogram from another",
            )
        below, last = count, bound


def _per_bucket(cumulative: Sequence[float]) -> NDArray[np.float64]:
    return np.diff(np.asarray(cumulative, dtype=np.float64), prepend=0.0)
