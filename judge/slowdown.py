"""How much longer the candidate takes: a confidence sequence read from two histograms.

What a pass excludes. At a bound `x` (a bucket's upper bound) let `s(x)` be the candidate's time
over the baseline's at equal rank: the share of the candidate's requests that exceed `x` is the
share of the baseline's that exceed `x / s(x)`; this is the horizontal distance of the two
distribution functions (Doksum 1974, "Empirical probability plots and statistical inference for
nonlinear models") as a ratio. `s = 1.1` reads "takes a tenth longer". The *judged* bounds are those
that between 1 % and 60 % of the baseline's requests exceed (the nearest to a tenth when there is
none): the upper half and the tail of the latency, down to p99. The interval is one for the largest
`s` over them, and it holds for all bounds and all times together, so choosing among them afterwards
is allowed.

How. At each bound, ticks are strata: with `c` and `b` requests above the bound and `p` the
candidate's share in the tick, `A = sum c (1 - p)` and `B = sum b p` have the ratio `A / B` of
Mantel & Haenszel (1959), free of the drift of rates and shares. Given the tick's `m = b + c`, a
candidate whose share of slow requests is `r` times the baseline's has `A - r B` of mean 0 and
variance `r M`, `M = sum m p (1 - p)`. The lower tail is sub-Gaussian with that variance (a binomial
with `q <= 1/2`: Okamoto 1958), so that the normal mixture boundary (Robbins 1970; Howard, Ramdas,
McAuliffe & Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences") gives
the upper limit of `r`; the upper tail is sub-gamma and gets its Bernstein term for the lower limit.
The limits of `r` are carried to `s` along the baseline's own survival curve, interpolated between
bounds in log-odds over log-time: exact for log-logistic latency and, in the tail, for powers;
straight lines on the counts themselves would understate a slowdown threefold in a wide bucket.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

JUDGED = (0.01, 0.6)
"""Least and greatest share of slower requests of a judged bound: p99 to p40."""
NEAREST = 0.1
"""The share whose nearest bound is judged when no bound lies between those."""
TUNED_FOR = 16.0
"""Variance at which the boundary is tightest: a few dozen slow candidate requests."""
ROUNDS = 2
"""Fixed-point rounds of an upper limit, from above: each brings more than a digit."""
FAR = 4.0
"""Where they start, as a multiple of the estimate and one."""
MOST_BOUNDS = 64
"""Bounds that are kept; of more, every so-manieth."""
LONE_SLOPE = 2.0
"""Fall of the log-odds for a unit of log-time when a single bound cannot tell it: a wide spread."""
FLATTEST = 0.05
"""Least such fall: flatter than any latency, so that an empty bucket is no division by nothing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The confidence sequence of the slowdown and the bound that tells most of it, `(...,)`."""

    lower: Floats
    upper: Floats
    bound: Floats
    """Upper bound of the telling bucket; NaN while there is no data."""
    slower_baseline: Floats
    """Share of the baseline's requests above it, in the ticks and proportions of the
    candidate's."""
    slower_candidate: Floats


class Slowdown:
    """Accumulates tail counts at every bound, for a batch of runs.

    Args:
        alpha: probability that the interval ever misses.
        shape: leading shape `(...,)`.
    """

    def __init__(self, *, alpha: float, shape: tuple[int, ...]) -> None:
        self.alpha = alpha
        self.shape = shape
        self._bounds: tuple[float, ...] = ()
        self._sums = np.zeros((4, *shape, 0))

    def add(
        self, counts_b: Floats, counts_c: Floats, bounds: Sequence[float], discount: Floats | float
    ) -> None:
        """Add ticks' counts per bucket, `(ticks, ..., K)`; `discount`, `(...,)`, thins them."""
        finite = tuple(bounds)[:-1]
        if finite != self._bounds and not set(finite) <= set(self._bounds):
            self._widen(finite)
        n_b = counts_b.sum(axis=-1, keepdims=True)
        n_c = counts_c.sum(axis=-1, keepdims=True)
        p = n_c / np.maximum(n_b + n_c, 1.0)
        weight = np.minimum(n_b, n_c) > 0
        weight = weight / np.asarray(discount, dtype=np.float64)[..., None]
        of_c, of_b = weight * (1 - p), weight * p
        sums = np.empty((4, *counts_b.shape))
        np.multiply(of_c, counts_c, out=sums[0])
        np.multiply(of_b, counts_b, out=sums[1])
        np.multiply(of_c * p, counts_b + counts_c, out=sums[2])
        sums[3] = 0.0
        sums[3, ..., -1:] = of_b * n_b
        self._place(above(sums.sum(axis=1)), finite)

    def slowest(self) -> Judged:
        """Of the largest slowdown over the judged bounds: what matters when slower is worse."""
        slow_c, slow_b, variance, weight = self._sums
        return self._judge(slow_c, slow_b, variance, weight, flip=False)

    def fastest(self) -> Judged:
        """Of the smallest: the same from the other end, on the shares of *faster* requests."""
        slow_c, slow_b, variance, weight = (one[..., ::-1] for one in self._sums)
        fast_c, fast_b, rest = weight - slow_c, weight - slow_b, weight - variance
        found = self._judge(fast_c, fast_b, rest, weight, flip=True)
        return Judged(
            lower=1 / np.where(found.upper > 0, found.upper, np.inf),
            upper=np.where(found.lower > 0, 1 / np.maximum(found.lower, 1e-300), np.inf),
            bound=found.bound,
            slower_baseline=1 - found.slower_baseline,
            slower_candidate=1 - found.slower_candidate,
        )

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on, as JSON values."""
        return {"bounds": list(self._bounds), "sums": self._sums.tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self._bounds = tuple(state["bounds"])
        self._sums = np.asarray(state["sums"], dtype=np.float64).reshape(
            4, *self.shape, len(self._bounds)
        )

    def _place(self, sums: Floats, finite: tuple[float, ...]) -> None:
        if finite == self._bounds:
            self._sums += sums
            return
        known = [at for at, bound in enumerate(finite) if bound in self._bounds]
        places = [self._bounds.index(finite[at]) for at in known]
        self._sums[..., places] += sums[..., known]

    def _widen(self, finite: tuple[float, ...]) -> None:
        """Make room for bounds not seen before; what a tick does not tell, it leaves as it was."""
        axis = tuple(sorted({*self._bounds, *finite}))
        if len(axis) > MOST_BOUNDS:
            if self._bounds:
                return
            axis = axis[:: -(-len(axis) // MOST_BOUNDS)]
        sums = np.zeros((4, *self.shape, len(axis)))
        sums[..., [axis.index(bound) for bound in self._bounds]] = self._sums
        self._bounds, self._sums = axis, sums

    def _judge(
        self,
        slow_c: Floats,
        slow_b: Floats,
        variance: Floats,
        weight: Floats,
        *,
        flip: bool,
    ) -> Judged:
        """On axes whose positions rise and whose shares fall; flipped, bounds run backwards."""
        edges = np.asarray(self._bounds[::-1] if flip else self._bounds, dtype=np.float64)
        at = -positions(edges) if flip else positions(edges)
        if not at.size:
            nothing = np.full(self.shape, np.nan)
            zero, infinite = np.zeros(self.shape), np.full(self.shape, np.inf)
            return Judged(zero, infinite, nothing, nothing, nothing)
        heard = weight > 0
        least = np.maximum(weight, 1e-300)
        share, share_c = slow_b / least, slow_c / least
        low, high = self._limits(slow_c, slow_b, variance)
        curve = _log_odds(share, weight)
        ratios = np.exp(_time_ratio(np.stack([low, high]) / least, curve, at, weight))
        lower = np.where(low > 0, ratios[0], 0.0)
        upper = np.where(slow_b > 0, ratios[1], np.inf)
        judged = heard & (share >= JUDGED[0]) & (share <= JUDGED[1])
        nearest = np.abs(curve - math.log(NEAREST / (1 - NEAREST)))
        nearest = nearest == np.where(heard, nearest, np.inf).min(axis=-1, keepdims=True)
        judged = np.where(judged.any(axis=-1, keepdims=True), judged, nearest & heard)
        # a rarer tail is told where it is shown to be slower still
        usual = np.where(judged, lower, 0.0).max(axis=-1, keepdims=True)
        judged |= heard & (share < JUDGED[0]) & (lower > np.maximum(usual, 1.0))
        lower, upper = np.where(judged, lower, 0.0), np.where(judged, upper, 0.0)
        most = lower.argmax(axis=-1)[..., None]
        known = judged.any(axis=-1)
        top = np.where(known, upper.max(axis=-1), np.inf)
        return Judged(
            lower=np.minimum(lower.max(axis=-1), top),
            upper=top,
            bound=np.where(known, edges[most[..., 0]], np.nan),
            slower_baseline=gather(share, most)[..., 0],
            slower_candidate=gather(share_c, most)[..., 0],
        )

    def _limits(self, slow_c: Floats, slow_b: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Confidence limits of the baseline's slow requests times `r`, at every bound.

        Where the baseline has none, one is added for the lower limit; the upper one is not known.
        """
        cost = 2 * math.log(slow_b.shape[-1] / self.alpha)
        # with none of the baseline's, variance over the candidate's is its share of the traffic
        lone = variance / np.where(slow_c > 0, slow_c, 1.0)
        b = np.where(slow_b > 0, slow_b, np.where(lone > 0, lone, 1.0))
        point = slow_c / b
        # an upper limit's rounds start above and fall; a lower one's need only one from above
        high = FAR * (point + 1)
        for _ in range(ROUNDS):
            nats = np.log1p(high * (variance / TUNED_FOR)) + cost
            high = _root(slow_c, b, variance, nats, 1.0)
        nats = np.log1p(point * (variance / TUNED_FOR)) + cost
        # Bernstein's term: no jump of A - r B is above 1
        low = _root(np.maximum(slow_c - nats / 6, 0.0), b, variance, nats, -1.0)
        return np.maximum(low, 0.0) * b, high * b


def _root(a: Floats, b: Floats, variance: Floats, nats: Floats, sign: float) -> Floats:
    """The larger or smaller `r` with `(a - r b)^2 = (r variance + TUNED_FOR) nats`."""
    middle = 2 * a * b + variance * nats
    root = middle * middle - 4 * b * b * (a * a - TUNED_FOR * nats)
    return (middle + sign * np.sqrt(root)) / (2 * b * b)


def above(counts: Floats) -> Floats:
    """Counts above each finite bound, `(..., K - 1)`, from counts per bucket, `(..., K)`."""
    return counts[..., :0:-1].cumsum(axis=-1)[..., ::-1]


def positions(bounds: Sequence[float] | Floats) -> Floats:
    """Natural logarithms of finite bounds; what is not above 0 lies very far to the left."""
    return np.log(np.maximum(np.asarray(bounds, dtype=np.float64), 1e-30))


def shifted(shares: Floats, known: Floats, at: Floats, slower: float) -> Floats:
    """Shares per bucket after everything takes `1 + slower` times as long, `(..., K)`.

    Args:
        shares: shares above each finite bound, falling, `(..., K - 1)`.
        known: requests that the shares rest on, `(..., 1)`.
        at: positions of the finite bounds, rising, `(K - 1,)`.
        slower: relative, at least 0.
    """
    curve = _log_odds(shares, known)
    moved = curve + _slopes(curve, at) * math.log1p(slower)
    later = shares + (_share(moved) - _share(curve))
    later = np.minimum.accumulate(np.minimum(later, 1.0), axis=-1)
    ones, zeros = np.ones_like(later[..., :1]), np.zeros_like(later[..., :1])
    return -np.diff(np.concatenate([ones, later, zeros], axis=-1), axis=-1)


def _log_odds(share: Floats, known: Floats) -> Floats:
    """Log-odds of shares, kept off 0 and 1 by half a request."""
    edge = 0.5 / (known + 1.0)
    share = np.clip(share, edge, 1 - edge)
    return np.log(share) - np.log1p(-share)


def _share(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))


def _slopes(curve: Floats, at: Floats) -> Floats:
    """Fall of the log-odds for a unit of log-time, in the bucket left of each bound."""
    if at.size < 2:  # noqa: PLR2004 - one bound has no neighbour
        return np.full_like(curve, LONE_SLOPE)
    inner = -np.diff(curve, axis=-1) / np.diff(at)
    return np.concatenate([inner[..., :1], inner], axis=-1)


def _time_ratio(target: Floats, curve: Floats, at: Floats, known: Floats) -> Floats:
    """Log of each bound's time over the time that the share `target` of the baseline exceeds.

    Beyond the outermost bounds the curve goes on as steeply as in the bucket next to them.
    """
    sought = _log_odds(target, known)
    if at.size < 2:  # noqa: PLR2004 - one bound has no neighbour
        return (sought - curve) / LONE_SLOPE
    right = (curve[..., None, :] > sought[..., :, None]).sum(axis=-1)
    right = np.minimum(np.maximum(right, 1), at.size - 1)
    fall = np.maximum(curve[..., :-1] - curve[..., 1:], FLATTEST * np.diff(at))
    per_fall = np.diff(at) / fall
    curve, per_fall = (
        np.broadcast_to(one, sought.shape[:-1] + one.shape[-1:]) for one in (curve, per_fall)
    )
    beyond = gather(curve, right - 1) - sought
    return at - at[right - 1] - beyond * gather(per_fall, right - 1)


def gather(values: Floats, index: NDArray[np.intp]) -> Floats:
    """`values` at `index` along the last axis."""
    return values[index] if values.ndim == 1 else np.take_along_axis(values, index, axis=-1)
