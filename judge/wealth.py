"""Wealth from bets on the share of bad events: anytime-valid, and unmoved by errors in clumps.

A bet is settled over a span of time, once, on the number `x` of bad events that were the
candidate's among `d` of both colours. Given the exposures, "the candidate is no worse" makes the
mean of `x` at most some `m`, which is known. A bettor who stakes `c` on every event multiplies her
wealth by `1 + c (x - m)`, whose mean is at most 1: a supermartingale, so her wealth ever reaches
`1/alpha` with probability `alpha` at most (Ville 1939). Linear bets on bounded means are those of
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (JRSS B, 2024).
Nothing is assumed of how the `d` events depend on each other within the span: ten errors of one
broken connection are fine, as long as a clump is the candidate's with the probability of its share.

Wealth is split over several bettors, who believe in different sizes of the regression (a mixture:
Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021), and a reserve that trickles to them with
time, so that a regression that starts late meets fresh wealth (fixed share: Herbster and Warmuth
1998).

Overshoot is wasted: what exceeds `1/alpha` buys nothing. So the wealth is cut off there, and what
the cut saves is given to the other outcomes, so that the mean is 1 again (boosting: Fischer and
Ramdas, "Improving Wald's (approximate) sequential probability ratio test by avoiding overshoot",
2024). That asks for the law of `x` without regression, which for unrelated events is known: given
the totals, `x` is hypergeometric (Fisher's exact test). The cut wealth is concave in `x`; by
Jensen's inequality any law of the same mean that spreads more widely (in convex order, as clumps
and draws with replacement do: Hoeffding 1963, theorem 4) has a lower mean of it. So the boost that
is exact for unrelated events stays valid for clumped ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESERVE = 0.02
"""Share of the wealth kept for regressions that start late; it costs the others 0.02 nats."""
TRICKLE = 1800.0
"""Seconds in which the reserve falls to 1/e: the order of a whole ramp."""
STRETCH = 30.0
"""Seconds; longer than most bursts of errors."""
PIECES = 3
"""Marks of the wealth within a stretch; the oldest one rules."""
ROUNDS = 8
"""Newton's steps to the boost; they come from below, so that fewer are valid as well."""
FULL = 1 - 1e-9
"""Of the bound: where wealth counts as there, for the last bit of a float is not evidence."""


@dataclass(frozen=True, slots=True)
class Bet:
    """One bet in each of some runs."""

    stake: NDArray[np.float64]
    """What each bettor stakes on an event, shape `(runs, bettors)`; none may lose more than all."""
    surprise: NDArray[np.float64]
    """`x - m`, shape `(runs,)`."""
    seconds: NDArray[np.float64]
    """What the bet spans, shape `(runs,)`."""
    law: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    """Probability of each outcome without regression, and its surprise, shape `(runs, outcomes)`;
    the last outcome stands for all above. None: no boost."""
    leap: NDArray[np.float64] | float = math.inf
    """Factor by which wealth may grow within `STRETCH` seconds, so that no single burst of errors
    convicts, shape `(runs,)`."""


class Wealth:
    """The wealth of a mixture of bettors, for `shape` runs.

    Args:
        prior: how the wealth is split over bettors at first, shape `(bettors,)`; any scale.
        alpha: the probability with which the wealth may ever reach `1/alpha`.
        shape: leading shape of all arrays.
        reserve: share kept for later.
    """

    def __init__(
        self,
        prior: NDArray[np.float64],
        *,
        alpha: float,
        shape: tuple[int, ...] = (),
        reserve: float = RESERVE,
    ) -> None:
        self.prior = prior / prior.sum()
        self.bound = 1 / alpha
        self._piece = np.zeros(shape)
        """Seconds since the present piece of a stretch began."""
        self._marks = np.ones((*shape, PIECES))
        """The wealth at the beginning of the last pieces, oldest first."""
        self.bettors = np.empty((*shape, len(prior)))
        self.bettors[...] = self.prior * (1 - reserve)
        self.reserve = np.full(shape, reserve)

    @property
    def total(self) -> NDArray[np.float64]:
        """The wealth, shape `(...,)`: 1 at first, `bound` at most."""
        return self.bettors.sum(axis=-1) + self.reserve

    @property
    def log(self) -> NDArray[np.float64]:
        """Its logarithm; exactly `log(bound)` once it is there."""
        total = self.total
        return np.log(np.where(total >= self.bound * FULL, self.bound, total))

    def settle(self, rows: NDArray[np.bool_], bet: Bet) -> None:
        """Settle one bet in some of the runs.

        Args:
            rows: which runs, shape `(...,)`; `runs` of them are true.
            bet: of those runs.
        """
        moved = self.reserve[rows] * -np.expm1(-bet.seconds / TRICKLE)
        reserve = self.reserve[rows] - moved
        bettors = self.bettors[rows] + moved[:, None] * self.prior
        before = bettors.sum(axis=-1) + reserve
        ceiling = np.minimum(self._marked(rows, before, bet.seconds) * bet.leap, self.bound)
        live = before < ceiling * FULL
        on_event = (bettors * bet.stake).sum(axis=-1)
        bettors *= 1 + bet.stake * bet.surprise[:, None]
        if bet.law is not None:
            boost = _boost(before, on_event, bet.law, ceiling)
            bettors *= boost[:, None]
            reserve *= boost
        after = bettors.sum(axis=-1) + reserve
        cut = np.minimum(1.0, ceiling / after)
        self.bettors[rows] = np.where(live[:, None], bettors * cut[:, None], self.bettors[rows])
        self.reserve[rows] = np.where(live, reserve * cut, self.reserve[rows])

    def _marked(
        self,
        rows: NDArray[np.bool_],
        before: NDArray[np.float64],
        seconds: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """The wealth a stretch ago; marks the present one when a piece is over."""
        marks, piece = self._marks[rows], self._piece[rows]
        due = piece >= STRETCH / PIECES - 1e-9
        shifted = np.concatenate([marks[:, 1:], before[:, None]], axis=-1)
        marks = np.where(due[:, None], shifted, marks)
        self._marks[rows] = marks
        self._piece[rows] = np.where(due, 0.0, piece) + seconds
        return marks[:, 0]

    def state(self) -> dict[str, Any]:
        """All that later bets depend on."""
        return {name: getattr(self, name).tolist() for name in _ARRAYS}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _ARRAYS:
            shape = getattr(self, name).shape
            setattr(self, name, np.array(state[name], dtype=np.float64).reshape(shape))


_ARRAYS = ("bettors", "reserve", "_piece", "_marks")


def _boost(
    before: NDArray[np.float64],
    on_event: NDArray[np.float64],
    law: tuple[NDArray[np.float64], NDArray[np.float64]],
    bound: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The factor `b >= 1` on the wealth that makes its mean after the cut what it was before.

    The mean `E[min(b v(x), bound)]` is concave and rising in `b`, so Newton's steps from 1 rise
    towards the root and never pass it: whatever step is the last, the bet stays fair.

    Args:
        before: wealth before the bet, shape `(runs,)`.
        on_event: what it gains by an event of the candidate.
        law: probabilities and surprises, shape `(runs, outcomes)`.
        bound: where wealth is cut off, shape `(runs,)`.
    """
    probability, surprise = law
    boost = np.ones(before.shape)
    value = before[:, None] + on_event[:, None] * surprise
    near = ((value > bound[:, None]) & (probability > 0)).any(axis=-1)
    if not near.any():
        return boost
    value, probability = value[near], probability[near]
    before, bound = before[near], bound[near]
    # what the last outcome stands for may be worth more, or with a bet on the baseline, less
    value[:, -1] = bound * 2
    found = np.ones(before.shape)
    for _ in range(ROUNDS):
        whole = found[:, None] * value < bound[:, None]
        kept = (probability * value * whole).sum(axis=-1)
        full = 1 - (probability * whole).sum(axis=-1)
        step = (before - bound * full) / np.where(kept > 0, kept, 1.0)
        found = np.where(kept > 0, np.maximum(found, step), found)
    boost[near] = found
    return boost
