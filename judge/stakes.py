"""How much to stake on a belief about the candidate's share of bad events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOLDEST = 0.9
"""Largest part of a bettor's wealth that she may lose in one bet."""


def stakes(
    belief: NDArray[np.float64], share: NDArray[np.float64], bad: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What to stake on an event of the candidate, negative for one on the baseline.

    Who believes that the odds of the candidate's share are `belief` times what they should be
    loses, when none of the `bad` events is the candidate's, what the likelihood ratio would. For
    one event that is the likelihood ratio itself; for more it is close to the stake of the fastest
    growth (Kelly 1956).

    Args:
        belief: ratio of odds, above 0.
        share: the share under the hypothesis, 0 to 1.
        bad: bad events in the span.

    Returns:
        Stakes `c` for wealth times `1 + c (x - bad * share)`, which stays at or above
        `1 - BOLDEST` for every `x` from 0 to `bad`; shaped as the arguments broadcast.
    """
    whole = np.minimum(np.maximum(share, 1e-12), 1 - 1e-12)
    rest = 1 - whole
    believed = belief * whole / (belief * whole + rest)
    up = believed > whole
    against = np.where(up, (1 - believed) / rest, believed / whole)
    part = np.minimum(1 - against**bad, BOLDEST)
    # without bad events the part is 0, and so is the stake
    return part / (np.where(up, whole, -rest) * np.maximum(bad, 1.0))
