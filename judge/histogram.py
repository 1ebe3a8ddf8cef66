"""Evidence that the candidate's latency histogram has moved, read from bucket counts alone.

In a tick the requests of both colours fall into buckets. Given the pooled counts, the candidate's
are a sample without replacement under equality, and `wallenius` tells the e-value of a bet on it.
The bets (`bets`) are a mixture of tails and of tilts, and an average of e-values is one (Robbins
1970; Howard, Ramdas, McAuliffe & Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic
confidence sequences").

A tenth of the mixture's wealth starts later than the release, thinly spread over the exposure to
come (Shin, Ramdas & Rinaldo 2023, "E-detectors"), for faults that only load brings out.

**Tolerance.** Two sets of pods of one version are never equally fast, and enough traffic tells any
two apart. The null is therefore "the candidate takes at most `1 + tolerance` times as long", half
the margin unless told otherwise: each bet is taxed by what such a candidate would have it win,
computed on the pooled histogram (`slowdown.shifted`).

**Dependence.** Requests near in time may be slow together. By how much the colours differ beyond
what their draws explain is measured (`dispersion`), and the evidence divided by it.

Deliberately not here: reading or aligning buckets (`buckets`, `native_histogram`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.bets import PRIOR, RANKS, Bets, one_sided
from judge.config import Direction
from judge.dispersion import Dispersion
from judge.slowdown import Judged, Slowdown, positions
from judge.special import log_sum_exp
from judge.wallenius import Ticks, log_e_bound, taxed_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LATE = 0.1
"""Prior wealth of faults that begin later: a tenth costs the others 0.1 nats."""
LATE_SCALE = 200.0
"""Effective requests `n (N - n) / N` after which half of that wealth's decay has begun: 200."""
MEMORY = 20_000.0
"""Pooled requests that the ranks remember: enough for a thousandth, few enough to follow the
day."""
MOST = 500.0
"""Log e-value at which counting ends: far beyond any bound, and its exponential is still finite."""
SPAN = 4.0
"""Seconds that are taken in together: 4, for together they cost little more than one."""
EAGER = 4
"""Spans that renew the bets each, at first: 4, while every span doubles what is known."""
EVERY = 4
"""Spans between renewals later: 4, for renewing costs as much as a span."""


class HistogramEvidence:
    """Log e-value and confidence sequence of a histogram, for a batch of runs.

    Args:
        direction: INCREASE: slower is worse; DECREASE: faster is worse; EITHER: both, at half of
            the wealth each.
        margin: relative; a pass excludes that the candidate takes more than `1 + margin` times as
            long (DECREASE: less than `1 - margin` times) at equal rank.
        alpha: this indicator's share of the false-alarm rate.
        alpha_pass: probability that a confidence limit is ever wrong; `alpha` unless told.
        shape: leading shape `(...,)` of independent runs.
        tolerance: relative slowdown that is no regression; half the margin unless told.
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
        self.shape = shape
        self.tolerance = margin / 2 if tolerance is None else tolerance
        self._sides = {
            Direction.INCREASE: (False,),
            Direction.DECREASE: (True,),
            Direction.EITHER: (False, True),
        }[direction]
        priors = np.concatenate([PRIOR] * len(self._sides)) / len(self._sides)
        self._log_prior = np.log(priors)
        self._log_wealth = np.full((*shape, priors.size), math.log1p(-LATE))
        self._exposure = np.zeros(shape)
        self._bounds: tuple[float, ...] = ()
        self._pooled = self._reference = np.zeros((*shape, 0))
        self._age = 0
        self._bets = Bets(*(np.zeros(0) for _ in range(3)))
        self._waiting: list[tuple[Floats, Floats]] = []
        self._waited = 0.0
        self._slowdown = Slowdown(alpha=alpha_pass or alpha, shape=shape)
        self._dispersion = Dispersion(shape)
        self._log_e: Floats | None = None
        self._judged: tuple[Judged | None, Judged | None] | None = None

    def update(
        self,
        counts_b: ArrayLike,
        counts_c: ArrayLike,
        bounds: Sequence[float],
        seconds: float = 1.0,
    ) -> None:
        """Learn from one tick; a run in which a colour has no requests learns nothing.

        Ticks are taken in together once they cover `SPAN` seconds, each still judged on its own.

        Args:
            counts_b: the baseline's requests per bucket, not cumulative, shape `(..., K)`.
            counts_c: the candidate's.
            bounds: the K upper bounds, rising, the last one infinite; they may differ from tick to
                tick.
            seconds: what the tick covers.

        Raises:
            ValueError: when shapes do not fit, or a count is negative or not a number.
        """
        both = self._checked(counts_b, bounds), self._checked(counts_c, bounds)
        if tuple(bounds) != self._bounds:
            self._settle()
            self._bounds, self._age = tuple(bounds), 0
            self._pooled = np.zeros((*self.shape, len(bounds)))
        self._waiting.append(both)
        self._waited += seconds
        if self._waited >= SPAN:
            self._settle()

    def _settle(self) -> None:
        """Take in the ticks that wait, along a new first axis."""
        if not self._waiting:
            return
        counts_b, counts_c = (np.stack(side) for side in zip(*self._waiting, strict=True))
        self._waiting, self._waited = [], 0.0
        pooled = counts_b + counts_c
        self._remember(pooled.sum(axis=0))
        tick = Ticks.of(counts_b, counts_c)
        gain, surprise, variance = self._gain(tick, pooled)
        discount = self._dispersion.inflation(variance)
        self._dispersion.add(surprise, variance)
        before = _unstarted(self._exposure)
        self._exposure = self._exposure + tick.effective.sum(axis=0)
        starting = np.log(np.maximum(before - _unstarted(self._exposure), 1e-300))
        self._log_wealth = (
            np.logaddexp(self._log_wealth, starting[..., None]) + gain / discount[..., None]
        )
        self._slowdown.add(counts_b, counts_c, self._bounds, discount)
        self._log_e = self._judged = None

    @property
    def log_e(self) -> Floats:
        """Running log e-value against "no slower than the tolerance", shape `(...,)`."""
        if self._log_e is None:
            total = log_sum_exp(self._log_wealth + self._log_prior)
            total = np.logaddexp(total, np.log(_unstarted(self._exposure)))
            self._log_e = np.minimum(total, MOST)
        return self._log_e

    def interval(self) -> tuple[Floats, Floats]:
        """Confidence sequence of the slowdown, shape `(...,)`; see `Slowdown` for its meaning.

        1 is "as fast as the baseline", 1.1 "takes a tenth longer". INCREASE: of the largest
        slowdown over the judged bounds; DECREASE: of the smallest; EITHER: of all of them.
        """
        slowest, fastest = self._judgement()
        if slowest is None or fastest is None:
            one = slowest or fastest
            assert one is not None  # noqa: S101 - a direction has at least one side
            return one.lower, one.upper
        return (
            np.minimum(slowest.lower, fastest.lower),
            np.maximum(slowest.upper, fastest.upper),
        )

    def passes(self) -> NDArray[np.bool_]:
        """Where a slowdown (speed-up, either) beyond the margin is excluded, shape `(...,)`."""
        lower, upper = self.interval()
        passed = np.ones(self.shape, dtype=np.bool_)
        if False in self._sides:
            passed &= upper < 1 + self.margin
        if True in self._sides:
            passed &= lower > 1 - self.margin
        return passed

    def telling(self) -> Judged:
        """The bound that tells most, with the shares of slower requests, for a sentence."""
        slowest, fastest = self._judgement()
        one = slowest or fastest
        assert one is not None  # noqa: S101 - a direction has at least one side
        return one

    def _judgement(self) -> tuple[Judged | None, Judged | None]:
        """The largest and the smallest slowdown, as the direction asks; read once a tick."""
        if self._judged is None:
            self._judged = (
                self._slowdown.slowest() if False in self._sides else None,
                self._slowdown.fastest() if True in self._sides else None,
            )
        return self._judged

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on, as JSON values."""
        return {
            "wealth": self._log_wealth.tolist(),
            "exposure": self._exposure.tolist(),
            "bounds": [bound for bound in self._bounds if math.isfinite(bound)],
            "age": self._age,
            "pooled": self._pooled.tolist(),
            "reference": self._reference.tolist(),
            "waiting": [[side.tolist() for side in both] for both in self._waiting],
            "waited": self._waited,
            "slowdown": self._slowdown.state(),
            "dispersion": self._dispersion.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self._log_wealth = np.asarray(state["wealth"], dtype=np.float64)
        self._exposure = np.asarray(state["exposure"], dtype=np.float64)
        self._bounds = (*state["bounds"], math.inf) if state["bounds"] else ()
        self._age = state["age"]
        self._pooled = np.asarray(state["pooled"], dtype=np.float64)
        self._reference = np.asarray(state["reference"], dtype=np.float64)
        if self._reference.shape[-1]:
            self._bets = self._renewed()
        self._waiting = [(np.asarray(b), np.asarray(c)) for b, c in state["waiting"]]
        self._waited = state["waited"]
        self._slowdown.load(state["slowdown"])
        self._dispersion.load(state["dispersion"])
        self._log_e = self._judged = None

    def _checked(self, given: ArrayLike, bounds: Sequence[float]) -> Floats:
        counts = np.asarray(given, dtype=np.float64)
        if counts.shape != (*self.shape, len(bounds)):
            raise ValueError(
                f"counts of shape {counts.shape} beside {len(bounds)} bounds and runs of shape "
                f"{self.shape}: give one count a bucket, so (..., {len(bounds)})"
            )
        if not counts.min(initial=0.0) >= 0:
            raise ValueError(
                f"a bucket counts {counts.min():g}: an increment is never negative and never NaN; "
                "a counter that was reset is no data for this tick"
            )
        return counts

    def _remember(self, pooled: Floats) -> None:
        """Renew the bets from the pooled counts of late, these ticks' among them.

        Given the pool these are no news, so the bets stay fair. Which ticks renew depends on
        nothing but their number.
        """
        kept = self._pooled + pooled
        full = kept.sum(axis=-1, keepdims=True) > MEMORY
        self._pooled = np.where(full, 0.5 * kept, kept)
        self._age += 1
        if self._age <= EAGER or self._age % EVERY == 0:
            self._reference = self._pooled
            self._bets = self._renewed()

    def _renewed(self) -> Bets:
        at = positions(self._bounds[:-1])
        return Bets.of(
            [
                one_sided(self._reference[..., ::-1], -at[::-1], self.tolerance, flip=True)
                if flip
                else one_sided(self._reference, at, self.tolerance, flip=False)
                for flip in self._sides
            ]
        )

    def _gain(self, tick: Ticks, pooled: Floats) -> tuple[Floats, Floats, Floats]:
        """The ticks' log e-value of every bet, `(..., J)`, and the surprise of the ranks.

        Where the baseline is the sample its draws are weighted inversely. The surprise is the sum
        of the sample's scores less its expectation, with its variance, `(...,)` each.
        """
        log_w, tax = self._bets.log_weights, self._bets.tax
        if tick.inverse is not None:
            log_w = np.where(tick.inverse[..., None, None], -log_w, log_w)
            tax = np.where(tick.inverse[..., None], self._bets.inverse_tax, tax)
        won = (log_w @ tick.sample[..., None])[..., 0]
        sums = np.exp(log_w) @ np.stack([tick.sample, tick.rest], axis=-1)
        gain = log_e_bound(won, sums[..., 0], sums[..., 1], tick.few, tick.many)
        gain = gain - taxed_draws(tick.few, tick.many) * tax
        scores = log_w[..., RANKS, :]
        everything = tick.few + tick.many
        weighted = scores * pooled
        mean = weighted.sum(axis=-1) / everything
        around = np.maximum((scores * weighted).sum(axis=-1) / everything - mean * mean, 0.0)
        surprise = (won[..., RANKS] - tick.few * mean) * tick.heard
        return (
            (gain * tick.heard[..., None]).sum(axis=0),
            surprise.sum(axis=0),
            (tick.effective * around).sum(axis=0),
        )


def _unstarted(exposure: Floats) -> Floats:
    """Wealth of the faults that have not begun by an exposure."""
    return LATE / (1 + np.log1p(exposure / LATE_SCALE))
