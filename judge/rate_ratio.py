"""Confidence sequence for the ratio of two rates, candidate / baseline.

It is the set of values that no bettor has refuted: for each of a grid of `theta0`, one bets that
the ratio is higher and one that it is lower, with a stake that follows the estimate so far
(predictable plug-in: Waudby-Smith and Ramdas 2024; Johari, Pekelis and Walsh 2015, for always-valid
intervals as duals of such tests). Under `theta0` the candidate's mean share of a tick's bad events
is `theta0 n_c / (theta0 n_c + n_b)`. Bets are linear and settled over spans, as in `wealth`, so
that the interval needs no more than they do: neither steady rates nor unrelated events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from judge.stakes import stakes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPAN = 10.0
"""Seconds a bet spans at least; an interval is in no hurry."""
VALUES = 41
"""Values of theta that are decided on, besides the ends of the margin."""
WITHIN = 1e-3
"""Relative; how far within the margin a pass must refute, so that its interval excludes it."""
FARTHEST = 30.0
"""The largest of them, and one over the smallest."""
DOUBT = 3.0
"""Bad events of "no difference" that the estimate starts with, on either side."""


class RateRatio:
    """The confidence sequences of `shape` runs.

    Args:
        margin: relative; what lies just within it, above and below, is decided on.
        below: probability that the lower end is ever above the true ratio.
        above: probability that the upper end is ever below it.
        shape: leading shape of all arrays.
    """

    def __init__(
        self, *, margin: float, below: float, above: float, shape: tuple[int, ...] = ()
    ) -> None:
        self._limits = -np.log(below), -np.log(above)
        self._grid = _grid(margin)
        self._null = int(np.searchsorted(self._grid, 1.0))
        self._span = np.full(shape, SPAN)
        self._age, self._bad, self._candidate = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._expected = np.zeros((*shape, len(self._grid)))
        self._harm = np.zeros((2, *shape))
        self._refuted = np.zeros((2, *shape, len(self._grid)))
        self._ends: tuple[Floats, Floats] | None = None

    def update(self, bad: Floats, candidate: Floats, share: Floats, seconds: Floats) -> None:
        """Take in one tick.

        Args:
            bad: bad events of both colours, shape `(...,)`.
            candidate: the candidate's among them.
            share: the candidate's share of all events.
            seconds: what the tick covers; 0 where there is nothing to learn.
        """
        self._age += seconds
        if bad.any():
            self._bad += bad
            self._candidate += candidate
            odds = self._grid * share[..., None]
            self._expected += bad[..., None] * odds / (odds + 1 - share[..., None])

    def settle(self, among: NDArray[np.bool_], span: Floats) -> None:
        """Settle the bets that are due.

        Args:
            among: runs in which a bet may be settled now, shape `(...,)`; others have to wait, so
                that no run of a batch is settled for the sake of another.
            span: seconds that the next bets there span at least.
        """
        due = among & (self._age >= self._span - 1e-9)
        if not due.any():
            return
        bad, candidate, expected = self._bad[due], self._candidate[due], self._expected[due]
        estimate = (self._harm[0, due] + DOUBT) / (self._harm[1, due] + DOUBT)
        share = expected / np.maximum(bad, 1.0)[:, None]
        stake = stakes(estimate[:, None] / self._grid, share, bad[:, None])
        gain = np.log1p(stake * (candidate[:, None] - expected))
        self._refuted[0, due] += np.where(stake > 0, gain, 0.0)
        self._refuted[1, due] += np.where(stake < 0, gain, 0.0)
        # Mantel and Haenszel's estimate: unmoved by rates and shares that change together
        usual = share[:, self._null]
        self._harm[0, due] += candidate * (1 - usual)
        self._harm[1, due] += (bad - candidate) * usual
        for sums in (self._age, self._bad, self._candidate, self._expected):
            sums[due] = 0.0
        np.copyto(self._span, np.maximum(span, SPAN), where=due)
        self._ends = None

    def ends(self) -> tuple[Floats, Floats]:
        """Both ends, shape `(...,)`, `lower <= upper`; 0 and infinity mean no bound.

        They lie on the grid, rounded outwards. Should all values be refuted, for the ratio has
        changed, what lies between is told.
        """
        if self._ends is None:
            # refuting "at most theta0" refutes every smaller theta as well
            low = self._refuted[0] >= self._limits[0]
            high = self._refuted[1] >= self._limits[1]
            lower: Floats = np.where(low, self._grid, 0.0).max(axis=-1)
            upper: Floats = np.where(high, self._grid, np.inf).min(axis=-1)
            self._ends = np.minimum(lower, upper), np.maximum(lower, upper)
        return self._ends

    def state(self) -> dict[str, Any]:
        """All that later results depend on."""
        return {name: getattr(self, name).tolist() for name in _ARRAYS}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _ARRAYS:
            shape = getattr(self, name).shape
            setattr(self, name, np.array(state[name], dtype=np.float64).reshape(shape))
        self._ends = None


_ARRAYS = ("_span", "_age", "_bad", "_candidate", "_expected", "_harm", "_refuted")


def _grid(margin: float) -> Floats:
    """Values of theta, rising, dense where margins are; 1 and what is just within the margin."""
    steps = np.linspace(-1.0, 1.0, VALUES)
    values = np.exp(np.sinh(3 * steps) / np.sinh(3) * np.log(FARTHEST))
    within = [(1 + margin) * (1 - WITHIN), max(1 - margin, 0.0) * (1 + WITHIN)]
    whole = np.concatenate([values[np.abs(values - 1) > WITHIN], [1.0], within])
    return np.unique(whole[whole > 0])
