"""What was seen in one tick: increments for both colours, or the typed absence of data.

Deliberately no totals since the start: a tick holds what happened since the tick before, so that a
lost tick loses its own data and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Counts:
    """A ratio's increments on one side."""

    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram's increments on one side, cumulative over the bounds as Prometheus has them."""

    bounds: tuple[float, ...]
    """Upper bounds, rising, the last one infinite."""
    cumulative: tuple[int, ...]
    """Events at or below each bound; never falling."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A gauge's readings on one side, such as one a pod."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NoData:
    """Nothing usable was seen: missing, stale or ambiguous. Never zero, and never a pass."""

    reason: str


Side = Counts | Buckets | Samples | NoData


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of one indicator, over the same span of time."""

    baseline: Side
    candidate: Side


@dataclass(frozen=True, slots=True)
class Tick:
    """One look at both colours."""

    t: float
    """Seconds, on any clock that does not run backwards."""
    share: float
    """The candidate's share of traffic in the tick, 0 to 1: what was asked for, told in sentences.
    Exposure comes from the counts."""
    indicators: Mapping[str, Pair | NoData] = field(default_factory=dict[str, "Pair | NoData"])
    """By name; one that is missing is no data."""
    users: int | None = None
    """Users who met the candidate for the first time in this tick; None when nobody counts."""
