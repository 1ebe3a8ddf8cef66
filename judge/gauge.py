"""Evidence that a gauge of the candidate runs above (below) the baseline's, or runs away.

The null. Two pods of one version never read exactly alike, so the null is "the difference is at
most `tolerance` times the baseline's level" at all times, half the margin unless told otherwise.
What a pass excludes is a mean difference of more than `margin` times that level; and a pass waits
while the difference, drawn out on its line to twice the time seen, would get there.

Batches. Differences of neighbouring seconds are dependent, so they are averaged over batches of
twice their integrated autocorrelation time (`memory`; at least five readings), measured as they
come, and the logarithm of the evidence is divided by what dependence the batch means still have. A
gauge whose memory is not known to end gets no batch, and the verdict stays HOLD.

Evidence is the average of these e-processes on the batches' differences less the tolerance:

- the t-test made anytime-valid: the likelihood ratio of the scale-invariant data under a normal
  effect (right Haar prior on the unknown variance; Lai 1976; Wang & Ramdas 2023, "Anytime-valid
  t-tests and confidence sequences for Gaussian means with unknown variance"), for three sizes of
  effect, its prior cut to the worse side, which makes it hold for every mean on the better side;
- the same with a slope through the origin in place of a constant (a regression e-process; Lindon,
  Ham, Tingley & Bojinov 2022, "Anytime-valid linear models"): a leak, which starts at nothing and
  grows;
- bets on signs, staked by magnitude as signed ranks are (Wilcoxon 1945; Howard & Ramdas 2022,
  "Sequential estimation of quantiles"; Vovk & Wang 2024, "Nonparametric e-tests of symmetry"),
  which need symmetry alone: heavy tails leave them their power when they take the t-test's.

The interval is the confidence sequence of Wang & Ramdas for the mean difference, over the
baseline's mean level: 0.03 reads "3 % above the baseline".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.config import Direction
from judge.memory import Memory
from judge.special import log_sum_exp, student_cdf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

SHORTEST = 5.0
"""Readings to a batch at least: 5, so that a batch mean is nearer to normal than a reading."""
ENDLESS = 1e9
"""Readings to a batch of a gauge whose memory is not known to end."""
TIMES = 2.0
"""Integrated autocorrelation times to a batch: neighbours then correlate by a sixth."""
BLOCK = 5
"""Readings that are taken in together: 5, for a look costs the same for one."""
REMAINING = 0.8
"""What dependence remains: evidence is divided by the mean of 1 + this x (tau - 1) / batch."""
CONSTANTS = ((1.0, 0.24), (0.1, 0.18), (0.01, 0.08))
"""(Prior precision of the shift in batch standard deviations, its share of the wealth.)"""
SLOPES = ((100.0, 0.12), (1.0, 0.08))
"""The same for the rise from one batch to the next."""
STARTS = np.array([0.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0])
"""Batches after which a shift may begin: each later start has an e-process of its own."""
LATE = (0.1, 0.14)
"""(Prior precision of a later shift, the share of the wealth of all of them.)"""
SIGNS = ((0.4, 0.1), (0.9, 0.06))
"""(Stake, share of the wealth) of the bets on signs."""
SHARED = 0.01
"""Part of a sign bet's reserve that is staked anew with each batch (fixed share; Herbster & Warmuth
1998): after a long calm these bets wake up first."""
MOST = 500.0
"""Log e-value at which counting ends: far beyond any bound, and its exponential is still finite."""
CAUTION = 0.98
"""What Wallace's approximation of the t distribution is multiplied with, to stay below it."""
CERTAIN = 0.25
"""Prior precision of the interval's mean, in first batches."""

_LATER = STARTS.size - 1
_PRECISIONS = np.array([one for one, _ in CONSTANTS + SLOPES] + [LATE[0]] * _LATER)
_START = np.array([0] * (len(CONSTANTS) + len(SLOPES)) + list(range(1, STARTS.size)))
_SLOPED = np.array([False] * len(CONSTANTS) + [True] * len(SLOPES) + [False] * _LATER)
_STAKES = np.array([stake for stake, _ in SIGNS])
_PRIOR = np.array(
    [share for _, share in CONSTANTS + SLOPES]
    + [LATE[1] / _LATER] * _LATER
    + [share for _, share in SIGNS]
)


class GaugeEvidence:
    """Log e-value and confidence sequence of a gauge, for a batch of runs.

    Args:
        direction: INCREASE: higher is worse; DECREASE: lower is worse; EITHER: both, at half of the
            wealth each.
        margin: relative to the baseline's level; what a pass excludes.
        alpha: this indicator's share of the false-alarm rate.
        alpha_pass: probability that the confidence sequence ever misses; `alpha` unless told.
        shape: leading shape `(...,)` of independent runs.
        tolerance: relative difference that is no regression; half the margin unless told.
    """

    def __init__(  # noqa: PLR0913 - each is an indicator's own setting
        self,
        *,
        direction: Direction,
        margin: float,
        alpha: float,
        alpha_pass: float | None = None,
        shape: tuple[int, ...] = (),
        tolerance: float | None = None,
    ) -> None:
        self.direction = direction
        self.margin = margin
        self.alpha = alpha
        self.alpha_pass = alpha_pass or alpha
        self.shape = shape
        self.tolerance = margin / 2 if tolerance is None else tolerance
        self._signs = np.array(
            {Direction.INCREASE: [1], Direction.DECREASE: [-1], Direction.EITHER: [1, -1]}[
                direction
            ],
            dtype=np.float64,
        )
        sides = self._signs.size
        self._log_prior = np.log(np.tile(_PRIOR, sides) / sides)
        self._memory = Memory(shape)
        self._heard = 0
        self._block = np.zeros((2, BLOCK, *shape))
        """Readings of both colours that wait for their block to fill."""
        self._open = np.zeros((3, *shape))
        """Readings in the open batch, sums of the baseline's and the candidate's."""
        self._left = np.zeros(shape)
        """Sum over the batches of the dependence that is left."""
        self._worth = np.ones(shape)
        """What the evidence is divided by."""
        self._first = np.ones(shape)
        """Readings in the first batch: the unit of weight and of time."""
        self._seen = np.zeros(shape)
        """Readings in closed batches."""
        self._batches = np.zeros(shape)
        self._design = np.zeros((3, *shape))
        """Sums of weight, weight x time, weight x time squared."""
        self._weight = np.zeros((*shape, STARTS.size))
        """Sum of weights since every start."""
        self._sums = np.zeros((2, *shape, sides, STARTS.size))
        """Of the differences less the tolerance, since every start: sum of squares, sum."""
        self._leaning = np.zeros((*shape, sides))
        """Their sum x time."""
        self._typical = np.zeros((*shape, sides))
        """Their typical size."""
        self._bets = np.zeros((*shape, sides, _STAKES.size))
        """Wealth of the bets on signs, and what they have in reserve."""
        self._reserve = np.ones((*shape, 1, 1))
        self._length = np.full(shape, ENDLESS)
        """Readings that the open batch is to have at most, set when it began."""
        self._level = np.zeros((4, *shape))
        """Weighted sums: baseline, difference, difference squared, difference x time."""
        self._log_e = np.zeros(shape)
        self._limits = np.full(shape, -np.inf), np.full(shape, np.inf)
        self._passed = np.zeros(shape, dtype=np.bool_)

    def update(self, baseline: ArrayLike, candidate: ArrayLike) -> None:
        """Learn from one tick.

        Args:
            baseline: the mean of the baseline's readings, `(...,)`; NaN where there are none.
            candidate: the same of the candidate.
        """
        self._block[0, self._heard] = baseline
        self._block[1, self._heard] = candidate
        self._heard += 1
        if self._heard == BLOCK:
            self._heard = 0
            self._settle()

    @property
    def log_e(self) -> Floats:
        """Running log e-value against "within the tolerance", `(...,)`; 0 before two batches."""
        return self._log_e

    def interval(self) -> tuple[Floats, Floats]:
        """Confidence sequence of the mean difference over the baseline's level, `(...,)` each.

        Infinite on both sides while there are too few batches, or when the level is not above 0.
        """
        return self._limits

    def passes(self) -> NDArray[np.bool_]:
        """Where a difference beyond the margin is excluded, now and on its line, `(...,)`."""
        return self._passed

    def _conclude(self) -> None:
        """What is known after the last batch."""
        self._log_e = np.where(self._batches > 1, self._evidence(), 0.0)
        level, middle, reach = self._mean_difference()
        known = (level > 0) & np.isfinite(reach)
        unit, reach = np.where(known, level, 1.0), np.where(known, reach, 0.0)
        lower = np.where(known, (middle - reach) / unit, -np.inf)
        upper = np.where(known, (middle + reach) / unit, np.inf)
        drawn_out = self._drawn_out() / unit
        passed = known.copy()
        if self.direction is not Direction.DECREASE:
            passed &= (upper < self.margin) & (drawn_out < self.margin)
        if self.direction is not Direction.INCREASE:
            passed &= (lower > -self.margin) & (drawn_out > -self.margin)
        self._limits, self._passed = (lower, upper), passed

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on, as JSON values."""
        told = {name: getattr(self, f"_{name}").tolist() for name in _STATE}
        return {**told, "heard": self._heard, "memory": self._memory.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _STATE:
            setattr(self, f"_{name}", np.asarray(state[name], dtype=np.float64))
        self._heard = state["heard"]
        self._conclude()
        self._memory.load(state["memory"])

    def _settle(self) -> None:
        """Take in a block, and close the batches that are long enough."""
        heard = np.isfinite(self._block[0]) & np.isfinite(self._block[1])
        low, high = np.where(heard, self._block, 0.0)
        self._memory.add(high - low, heard)
        self._open = self._open + np.stack([heard.sum(axis=0), low.sum(axis=0), high.sum(axis=0)])
        count = self._open[0]
        if not (count >= SHORTEST).any():
            return
        tau = self._memory.time()
        wanted = np.clip(TIMES * tau, SHORTEST, ENDLESS)
        # what came in since may be what is sought: it does not lengthen the batch it fell into
        length = np.minimum(self._length, wanted)
        closed = (count >= length) & np.isfinite(tau)
        self._length = np.where(closed, wanted, length)
        if not closed.any():
            return
        self._learn(closed, np.where(closed, count, 1.0), np.where(closed, tau, 1.0))
        self._open = np.where(closed, 0.0, self._open)

    def _learn(self, closed: NDArray[np.bool_], count: Floats, tau: Floats) -> None:
        _, low, high = self._open / count
        start = closed & (self._batches == 0)
        self._first = np.where(start, count, self._first)
        weight = np.where(closed, count / self._first, 0.0)
        time = (self._seen + count / 2) / self._first
        remaining = REMAINING * (tau - 1) / count
        self._left = self._left + np.where(closed, remaining, 0.0)
        self._seen = self._seen + np.where(closed, count, 0.0)
        begun = closed[..., None] & (self._batches[..., None] >= STARTS)
        self._batches = self._batches + closed
        self._worth = 1 + self._left / np.maximum(self._batches, 1.0)
        self._design = self._design + weight * np.stack([np.ones_like(time), time, time * time])
        difference = high - low
        self._level = self._level + weight * np.stack(
            [low, difference, difference * difference, difference * time]
        )
        excess = self._signs * difference[..., None] - self.tolerance * np.abs(low)[..., None]
        self._bet(excess * np.sqrt(weight)[..., None], closed[..., None])
        heavy = weight[..., None] * excess
        self._leaning = self._leaning + heavy * time[..., None]
        since = begun[..., None, :]
        self._sums = self._sums + np.stack([heavy * excess, heavy])[..., None] * since
        self._weight = self._weight + weight[..., None] * begun
        self._conclude()

    def _bet(self, excess: Floats, closed: NDArray[np.bool_]) -> None:
        """Stake on the sign by the magnitude, measured by what was typical before."""
        size, typical = np.abs(excess), self._typical
        score = np.minimum(size / np.where(typical > 0, 2 * typical, np.inf), 1.0)
        won = np.log1p(_STAKES * (np.sign(excess) * score)[..., None])
        moved = np.where(closed[..., None], SHARED, 0.0) * self._reserve
        self._reserve = self._reserve - moved
        self._bets = (self._bets + moved) * np.exp(won / self._worth[..., None, None])
        before = self._batches[..., None]
        tame = np.where(typical > 0, np.minimum(size, 3 * typical), size)
        moved = typical + (tame - typical) / np.maximum(before, 1.0)
        self._typical = np.where(closed, moved, typical)

    def _evidence(self) -> Floats:
        squares, plain = (one[..., _START] for one in self._sums)
        moment = np.where(_SLOPED, self._leaning[..., None], plain)
        weight = np.where(_SLOPED, self._design[2][..., None], self._weight[..., _START])
        since = np.maximum(self._batches[..., None] - STARTS[_START], 0.0)
        logs = _log_t(moment, squares, weight[..., None, :], since[..., None, :], _PRECISIONS)
        logs = logs / self._worth[..., None, None]
        bets = np.log(self._bets + self._reserve)
        everything = np.concatenate([logs, bets], axis=-1)
        flat = everything.reshape((*self.shape, -1))
        return np.minimum(log_sum_exp(flat + self._log_prior), MOST)

    def _mean_difference(self) -> tuple[Floats, Floats, Floats]:
        """Baseline's level, mean difference and the reach of its confidence sequence."""
        weight = np.maximum(self._design[0], 1e-300)
        level, total, squares = self._level[0] / weight, self._level[1], self._level[2]
        middle = total / weight
        around = np.maximum(squares - total * middle, 0.0)
        n = np.maximum(self._batches, 1.0)
        log_part = 2 * self._worth * math.log(self.alpha_pass) + np.log(
            CERTAIN / (weight + CERTAIN)
        )
        kappa = -np.expm1(log_part / n)
        left = weight - kappa * (weight + CERTAIN)
        known = (left > 0) & (self._batches > 1)
        square = kappa * (weight + CERTAIN) * around / np.where(known, weight * left, 1.0)
        return level, middle, np.where(known, np.sqrt(square), np.inf)

    def _drawn_out(self) -> Floats:
        """The difference at twice the time seen, on the line through the batches, `(...,)`."""
        weight, leaning, squares = self._design
        weight = np.maximum(weight, 1e-300)
        centre = leaning / weight
        spread = squares - leaning * centre
        _, total, _, sloped = self._level
        slope = (sloped - total * centre) / np.where(spread > 0, spread, np.inf)
        return total / weight + slope * (2 * self._seen / self._first - centre)


def _log_t(
    moment: Floats, squares: Floats, weight: Floats, batches: Floats, precision: Floats
) -> Floats:
    """Log e-value of a positive effect on normal data of unknown variance.

    Args:
        moment: sum of regressor times datum.
        squares: sum of the data's squares.
        weight: sum of the regressor's squares.
        batches: number of data.
        precision: prior precision of the effect in standard deviations.
    """
    heavy = weight + precision
    part = np.where(squares > 0, moment * moment / (np.maximum(squares, 1e-300) * heavy), 0.0)
    left = np.maximum(1 - part, 1e-15)
    both = 0.5 * np.log(precision / heavy) - 0.5 * batches * np.log(left)
    n = np.maximum(batches, 1.0)
    t = np.sign(moment) * np.sqrt(n * part / left)
    logs = both + np.log(np.maximum(2 * CAUTION * student_cdf(t, n), 1e-300))
    return np.where(batches > 1, logs, 0.0)


_STATE = (
    "block",
    "open",
    "left",
    "worth",
    "first",
    "seen",
    "batches",
    "design",
    "weight",
    "sums",
    "leaning",
    "typical",
    "bets",
    "reserve",
    "length",
    "level",
)
