"""What is bet against a histogram: weights of the buckets, renewed from the pooled counts.

- *Tails*: one weight above a bound and 1 below, the bounds being those that a half, a tenth, a
  hundredth, a thousandth and the fewest of the pooled requests exceed: a shifted p99 at an
  unchanged median, or a few requests that hang.
- *Tilts*: weights that rise with the rank of the latency (normal scores; van der Waerden 1952), for
  a shift of everything. Ranks need no unit and no shape, and follow the pooled requests of late.

Every bet is taxed by what a candidate as slow as tolerated would have it win.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.slowdown import above, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TAILS = (
    (0.5, 1.3, 0.04),
    (0.5, 2.5, 0.04),
    (0.1, 1.4, 0.06),
    (0.1, 2.5, 0.06),
    (0.01, 1.25, 0.04),
    (0.01, 1.8, 0.06),
    (0.01, 4.0, 0.06),
    (0.001, 3.0, 0.05),
    (0.001, 12.0, 0.05),
    (0.0, 10.0, 0.04),
    (0.0, 60.0, 0.05),
)
"""Bets on tails: (pooled share above the bound, odds of the candidate's requests there, prior)."""
TILTS = ((0.05, 0.10), (0.14, 0.13), (0.38, 0.13), (1.0, 0.09))
"""Bets on ranks: (shift in standard deviations of the normal scores, prior)."""
RANKS = len(TAILS) + len(TILTS) - 1
"""The bet whose log weights are the scores themselves: that of a shift by 1."""
LOGIT_TO_NORMAL = 0.6
"""A logit times this is a normal score to a tenth between the 0.1st and 99.9th percentile."""

_LOG_LEVELS = np.log([max(level, 1e-9) for level, _, _ in TAILS])
_LOG_ODDS = np.log([odds for _, odds, _ in TAILS])
_THETAS = np.array([theta for theta, _ in TILTS])
PRIOR = np.array([prior for _, _, prior in TAILS] + [prior for _, prior in TILTS])


@dataclass(frozen=True, slots=True)
class Bets:
    """What the next ticks bet."""

    log_weights: Floats
    """Log weight of each bucket in each bet, `(..., J, K)`."""
    tax: Floats
    """Log of how much heavier a draw is on average that took as long as tolerated, `(..., J)`."""
    inverse_tax: Floats
    """The same where the baseline is the sample and its weights are inverse."""

    @classmethod
    def of(cls, sides: list[tuple[Floats, Floats, Floats]]) -> Bets:
        """Bets on slower and faster candidates, one after the other."""
        log_weights, tax, inverse = (
            parts[0] if len(parts) == 1 else np.concatenate(parts, axis=axis)
            for parts, axis in zip(zip(*sides, strict=True), (-2, -1, -1), strict=True)
        )
        return cls(log_weights, tax, inverse)


def one_sided(
    pooled: Floats, at: Floats, tolerance: float, *, flip: bool
) -> tuple[Floats, Floats, Floats]:
    """Log weights and taxes of the bets on one side, on axes where later is worse."""
    known = pooled.sum(axis=-1, keepdims=True)
    share = pooled / np.maximum(known, 1.0)
    slower = above(share)
    later = shifted(slower, known, at, tolerance)
    logs = np.log(np.maximum(slower, 1e-6))
    picked = np.abs(logs[..., None, :] - _LOG_LEVELS[:, None]).argmin(axis=-1)
    buckets: NDArray[np.intp] = np.arange(share.shape[-1], dtype=np.intp)
    tails = np.where(buckets > picked[..., None], _LOG_ODDS[:, None], 0.0)
    tilts = _THETAS[:, None] * _scores(share, known)[..., None, :]
    log_w = np.concatenate([tails, tilts], axis=-2)
    tax = _log_mean(log_w, later) - _log_mean(log_w, share)
    inverse = _log_mean(-log_w, later) - _log_mean(-log_w, share)
    heard = known > 0
    tax, inverse = np.where(heard, tax, 0.0), np.where(heard, -inverse, 0.0)
    return log_w[..., ::-1] if flip else log_w, tax, inverse


def _log_mean(log_w: Floats, share: Floats) -> Floats:
    mean = (np.exp(log_w) @ share[..., None])[..., 0]
    return np.log(np.maximum(mean, 1e-300))


def _scores(share: Floats, known: Floats) -> Floats:
    """Normal scores of the buckets' middle ranks, `(..., K)`, approximated by scaled logits."""
    middle = share.cumsum(axis=-1) - 0.5 * share
    edge = np.maximum(0.5 / np.maximum(known, 1.0), 1e-4)
    middle = np.clip(middle, edge, 1 - edge)
    return LOGIT_TO_NORMAL * (np.log(middle) - np.log1p(-middle))
