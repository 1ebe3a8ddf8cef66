"""The tripwire: both colours together break the absolute objective.

A candidate can take the baseline down with it (a database both use, a queue both fill). Compared
with each other they look alike; so the bad events of both are held against the objective. Under
"the rate is at most the objective" the mean of a span's bad events is at most that share of its
events: bets on it are those of `wealth`, without a boost, for nothing is assumed of how the events
depend on each other.

Deliberately not an alert on a burn rate: those are made by `slo`, page people, and may be wrong
now and then; this one ends a release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from judge.wealth import Bet, Wealth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BELIEFS = np.array([1.5, 3.0, 10.0])
"""Times the objective that the bettors believe in."""
SPAN = 10.0
"""Seconds a bet spans: a burst shorter than that is one bet."""
BOLDEST = 0.9
"""Largest part of a bettor's wealth that she may lose in one bet."""
RESERVE = 0.5
"""Share of the wealth kept for later: an objective is mostly kept for long, and broken late."""


class Tripwire:
    """The tripwire of one ratio indicator, for `shape` runs.

    Args:
        objective: largest share of bad events that the SLO allows.
        alpha: probability of ever tripping while the objective is kept.
        shape: leading shape of all arrays.
    """

    def __init__(self, *, objective: float, alpha: float, shape: tuple[int, ...] = ()) -> None:
        self.objective = objective
        self.bound = 1 / alpha
        self._wealth = Wealth(np.ones(len(BELIEFS)), alpha=alpha, shape=shape, reserve=RESERVE)
        self._age: Floats = np.zeros(shape)
        self._bad: Floats = np.zeros(shape)
        self._total: Floats = np.zeros(shape)

    @property
    def log_e(self) -> NDArray[np.float64]:
        """Running log e-value against "the objective is kept", shape `(...,)`."""
        return self._wealth.log

    def update(self, bad: Floats, total: Floats, seconds: float = 1.0) -> None:
        """Take in one tick of both colours together.

        Args:
            bad: bad events, shape `(...,)`.
            total: all events.
            seconds: what the tick covers.
        """
        self._age += seconds
        self._bad += bad
        self._total += total
        due = self._age >= SPAN - 1e-9
        if not due.any():
            return
        mean = self.objective * self._total[due]
        part = np.minimum(-np.expm1(-(BELIEFS - 1) * mean[:, None]), BOLDEST)
        bet = Bet(
            stake=part / np.maximum(mean, 1e-12)[:, None],
            surprise=self._bad[due] - mean,
            seconds=self._age[due],
        )
        self._wealth.settle(due, bet)
        for sums in (self._age, self._bad, self._total):
            sums[due] = 0.0

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        own = {name: getattr(self, name).tolist() for name in _ARRAYS}
        return own | {"wealth": self._wealth.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _ARRAYS:
            shape = getattr(self, name).shape
            setattr(self, name, np.array(state[name], dtype=np.float64).reshape(shape))
        self._wealth.load(state["wealth"])


_ARRAYS = ("_age", "_bad", "_total")
