"""How fast the data plane followed: flips of traffic, measured on the load's own samples.

Deliberately not taken from the controller's status: what users got is measured where users are.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True)
class Flip:
    """One movement of all traffic from a colour to the other.

    Attributes:
        to: the colour that serves afterwards.
        why: `release`, `abort` or `retry`.
        asked_at: when the user's command was given to the cluster.
        written_at: when the controller had written the weights.
        seen_at: when the controller had seen every gateway pod serve the new colour.
    """

    to: str
    why: str
    asked_at: datetime
    written_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True)
class Sample:
    """One request of the load: when it was sent, and which colour had answered by when."""

    sent: datetime
    answered: datetime
    colour: str


def followed_ms(flips: Sequence[Flip], samples: Sequence[Sample], *, since: str) -> list[float]:
    """Milliseconds until users were served by the new colour alone, one figure a flip.

    The figure is the age of the last request that the former colour still answered, counted from
    `since` and by when the request was *sent*; 0 when no such request was sent after it.

    Args:
        flips: in the order in which they happened.
        samples: the load, in the order in which it was sent.
        since: `written_at` or `asked_at`.
    """
    times = [sample.sent for sample in samples]
    figures: list[float] = []
    for index, flip in enumerate(flips):
        start: datetime = getattr(flip, since)
        following = flips[index + 1] if index + 1 < len(flips) else None
        late = [
            sample.sent
            for sample in samples[bisect.bisect_left(times, start) :]
            if sample.colour not in ("", flip.to)
            # what was answered once the next flip was asked for, that flip may have answered: the
            # data plane has its weights before the write of them returns
            and (following is None or sample.answered < following.asked_at)
        ]
        figures.append((late[-1] - start).total_seconds() * 1000 if late else 0.0)
    return figures


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing.

    Args:
        values: in any order.
        share: between 0 and 1.
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
