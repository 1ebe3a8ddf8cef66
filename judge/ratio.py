"""Evidence on a ratio, such as failed requests among all: is the candidate's rate higher?

Given the `d` bad events of a tick and the exposures, "both rates are equal" makes the candidate's
number of them hypergeometric with mean `d` times its share of the exposure, whatever the rate is:
the rate may swing with the time of day, and the share may change from tick to tick. With a rate
ratio `theta` (candidate / baseline) its share of bad events is
`theta n_c / (theta n_c + n_b)`, binomially (Lindon and Malek, "Anytime-valid inference for
multinomial count data", NeurIPS 2022). Ticks are summed over a span that the baseline's dependence
sets, and bets are settled span by span (see `wealth`).

Deliberately knows nothing of the absolute rate; that is the tripwire's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.arrays import shaped
from judge.config import Direction
from judge.dependence import BRIEF, Dependence
from judge.law import Law
from judge.rate_ratio import RateRatio
from judge.stakes import stakes
from judge.wealth import STRETCH, Bet, Wealth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BELIEFS = (1.6, 2.3, 5.0)
"""Rate ratios that the bettors believe in, besides the one of the margin. Few: a bettor at theta
wins from about the root of theta on, and each one more takes wealth from the others."""
PRIOR = (1.0, 1.0, 1.75)
"""How wealth is split over them: more to the one who has the fewest events to win by."""
OF_MARGIN = (2.0, 0.05)
"""What the bettor of the margin believes in, in margins, and her part: whoever believes in twice
the margin wins from the margin on."""
CAUTIOUS = 10.0
"""Seconds; the least span before a dependence of the errors could have been seen."""
RARE = 0.03
"""Usual bad events of the candidate in a tick below which a span does not begin within a clump."""
PATIENT = 5.0
"""Ticks that the beginning of a span waits for the end of a clump at most."""
LEAP = 5.0
"""Factor by which the wealth may grow within a stretch of `wealth.STRETCH` seconds when the
candidate would have at least one bad event in it anyway: no single burst of errors convicts. With
fewer events, a single one weighs as much and bursts find few requests to hit: there the factor is
raised to one over the square of their number."""
CALM_LEAP = 25.0
"""The same once the baseline has been seen without bursts for `CALM_TIME`."""
CALM_TIME = 600.0
"""Seconds. Bursts that come every ten minutes in each colour stay unseen that long in 1 of 7
releases, and such a one then has to begin in the candidate to do harm."""
PACE = 15.0
"""Seconds over which the candidate's requests are counted to tell what is usual."""
FEW = 0.2
"""The least number that it is raised for."""
NEAR = 40.0
"""How far below its ceiling the wealth is boosted: what a span of a few errors may bring at most,
or nearly. Below that the boost is nearly 1, and not worth its computation."""


class RatioEvidence:
    """See the module; every array has the leading shape `shape`.

    Args:
        direction: which change is a regression.
        margin: relative change that a pass must exclude.
        alpha: probability of ever failing a candidate that is no worse.
        alpha_pass: probability of ever passing one that is worse by the margin.
        shape: leading shape of all arrays; `()` for one release.
    """

    def __init__(
        self,
        *,
        direction: Direction = Direction.INCREASE,
        margin: float = 0.1,
        alpha: float = 0.01,
        alpha_pass: float | None = None,
        shape: tuple[int, ...] = (),
    ) -> None:
        self.direction = direction
        self.margin = margin
        late = alpha if alpha_pass is None else alpha_pass
        worse_below = direction is Direction.DECREASE
        self._beliefs, prior = _beliefs(direction, margin)
        self._wealth = Wealth(prior, alpha=alpha, shape=shape)
        self._dependence = Dependence(shape)
        self._law = Law(shape)
        self._rate_ratio = RateRatio(
            margin=margin,
            below=late if worse_below else alpha,
            above=alpha if worse_below else late,
            shape=shape,
        )
        self._age, self._bad, self._candidate = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._mean = np.zeros(shape)
        # the candidate's requests and the seconds they took, of late
        self._requests, self._seconds = np.zeros(shape), np.zeros(shape)
        # of the present span, fixed before its first event: a bet must not depend on its outcome
        self._span, self._leap, self._near = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._last, self._waited = np.zeros(shape), np.zeros(shape)
        self._log_e = self._wealth.log
        self._ends: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    @property
    def log_e(self) -> NDArray[np.float64]:
        """Running log e-value against "no worse", shape `(...,)`."""
        return self._log_e

    def update(
        self,
        bad_baseline: ArrayLike,
        total_baseline: ArrayLike,
        bad_candidate: ArrayLike,
        total_candidate: ArrayLike,
        seconds: float = 1.0,
    ) -> None:
        """Take in one tick; a run in which one side has no events learns nothing.

        Args:
            bad_baseline: bad events of the baseline, shape `(...,)`.
            total_baseline: all its events.
            bad_candidate: bad events of the candidate.
            total_candidate: all its events.
            seconds: what the tick covers.
        """
        bad_b, total_b, bad_c, total_c = shaped(
            self._age.shape, bad_baseline, total_baseline, bad_candidate, total_candidate
        )
        heard = both = (total_b > 0) & (total_c > 0)
        share = np.where(both, total_c / np.maximum(total_b + total_c, 1.0), 0.0)
        bad, candidate = np.where(both, bad_b + bad_c, 0.0), np.where(both, bad_c, 0.0)
        self._rate_ratio.update(bad, candidate, share, np.where(both, seconds, 0.0))
        if not self._age.all():
            both = both & ~self._plan(total_c)
            bad, candidate = np.where(both, bad, 0.0), np.where(both, candidate, 0.0)
        # in place: a sum of arrays of shape () would be a float, which no mask can clear
        self._age += np.where(both, seconds, 0.0)
        self._bad += bad
        self._candidate += candidate
        kept = np.where(heard, math.exp(-seconds / PACE), 1.0)
        self._requests = self._requests * kept + np.where(heard, total_c, 0.0)
        self._seconds = self._seconds * kept + np.where(heard, seconds, 0.0)
        self._mean += bad * share
        near = bad * self._near
        if near.any():
            self._law.add(near, total_b, total_c)
        # the baseline tells of dependence before the candidate has any traffic, too
        self._dependence.update(bad_b, total_b, np.where(total_b > 0, seconds, 0.0))
        self._last = np.where(heard, bad_c, self._last)
        if (self._age >= BRIEF - 1e-9).any():
            due = self._age >= self._span - 1e-9
            if due.any():
                self._settle(due)

    def _plan(self, total_candidate: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Fix length and ceiling of the spans that begin now, from what was seen before.

        Where errors are rare and may depend on each other, one that follows upon another in the
        next tick is likely to belong to the same clump, which was settled with the last span:
        there, a span waits for a tick without one before it. That, too, is known before the tick.

        Returns:
            Where a span does not begin yet, shape `(...,)`.
        """
        new = self._age == 0
        rate = self._dependence.rate
        rare = rate * total_candidate < RARE
        span, settled = self._dependence.span, self._dependence.settled
        within = new & rare & (self._last > 0) & (self._waited < PATIENT)
        within &= ~settled | (span > BRIEF)
        self._waited = np.where(within, self._waited + 1, 0.0)
        span = np.where(rare | settled, span, np.maximum(span, CAUTIOUS))
        np.copyto(self._span, span, where=new)
        usual = rate * STRETCH * self._requests / np.maximum(self._seconds, 1.0)
        leap = np.where(self._dependence.calm >= CALM_TIME, CALM_LEAP, LEAP)
        leap = leap ** (1 / np.minimum(np.maximum(usual, FEW), 1.0) ** 2)
        np.copyto(self._leap, leap, where=new)
        np.copyto(self._near, self._wealth.total * NEAR >= self._wealth.bound, where=new)
        return within

    def _settle(self, due: NDArray[np.bool_]) -> None:
        bad, seconds, mean = self._bad[due], self._age[due], self._mean[due]
        share = mean / np.maximum(bad, 1.0)
        self._wealth.settle(
            due,
            Bet(
                stake=stakes(self._beliefs, share[:, None], bad[:, None]),
                surprise=self._candidate[due] - mean,
                seconds=seconds,
                law=self._law.of(due, mean),
                leap=self._leap[due],
            ),
        )
        self._rate_ratio.settle(due, self._dependence.span)
        self._law.clear(due)
        for sums in (self._age, self._bad, self._candidate, self._mean):
            sums[due] = 0.0
        self._log_e, self._ends = self._wealth.log, None

    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of the confidence sequence for the rate ratio candidate / baseline, `(...,)` each.

        The end at which a regression shows is refuted at `alpha`, the one at which a pass shows at
        `alpha_pass`. Ends lie on a grid and are rounded outwards; 0 and infinity mean no bound.
        """
        if self._ends is None:
            lower, upper = self._rate_ratio.ends()
            failed = self.log_e >= np.log(self._wealth.bound)
            if self.direction is Direction.INCREASE:
                lower = np.where(failed, np.maximum(lower, 1.0), lower)
            elif self.direction is Direction.DECREASE:
                upper = np.where(failed, np.minimum(upper, 1.0), upper)
            self._ends = np.minimum(lower, upper), np.maximum(lower, upper)
        return self._ends

    def passes(self) -> NDArray[np.bool_]:
        """Where the confidence sequence excludes a regression larger than the margin."""
        lower, upper = self.interval()
        above = upper < 1 + self.margin
        below = lower > 1 - self.margin
        match self.direction:
            case Direction.INCREASE:
                return above
            case Direction.DECREASE:
                return below
            case Direction.EITHER:
                return above & below

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        own = {name: getattr(self, name).tolist() for name in _OWN}
        parts = {name: getattr(self, name).state() for name in _PARTS}
        return own | parts

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _OWN:
            shape = getattr(self, name).shape
            setattr(self, name, np.array(state[name], dtype=np.float64).reshape(shape))
        for name in _PARTS:
            getattr(self, name).load(state[name])
        self._log_e, self._ends = self._wealth.log, None


_SUMS = ("_age", "_bad", "_candidate", "_mean", "_requests", "_seconds")
_OWN = (*_SUMS, "_span", "_leap", "_near", "_last", "_waited")
_PARTS = ("_wealth", "_dependence", "_law", "_rate_ratio")


def _beliefs(
    direction: Direction, margin: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the bettors believe in, and how wealth is split over them, shape `(bettors,)` each."""
    times, part = OF_MARGIN
    beliefs = np.array([1 + times * margin, *BELIEFS])
    prior = np.array([part, *PRIOR])
    match direction:
        case Direction.INCREASE:
            return beliefs, prior
        case Direction.DECREASE:
            return 1 / beliefs, prior
        case Direction.EITHER:
            return np.concatenate([beliefs, 1 / beliefs]), np.concatenate([prior, prior])
