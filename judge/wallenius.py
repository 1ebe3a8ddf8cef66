"""The e-value of a tick's draws without replacement, for many alternatives at once.

Were two colours alike, then, given their pooled counts, the requests of one are a simple random
sample without replacement of the pooled `N`, whatever the rate, the share and the hour: the drift
of all of these is conditioned away. An alternative gives each request a weight `w`; requests drawn
one by one in proportion to their weights (Wallenius 1963, "Biased sampling: the noncentral
hypergeometric probability distribution") have the likelihood ratio

    product over the draws i of  w(X_i) / (mean weight of what is left before draw i),

a martingale under equality for any order of drawing. No order is seen, so the average over all
orders is taken, itself an e-value, and bounded from below by Jensen's inequality, twice:

    log e  >=  sum log w(X_i)  -  sum_{i<n} log((W - i v) / (N - i)),

`W` the pooled sum of the weights and `v` the sample's mean weight. This is Hoeffding's (1963)
comparison with sampling with replacement when the sample is a small part, and keeps 96 % of the
exact test's information when it is half, where that comparison keeps half. The exact e-value rises
with every weight in the sample, so it holds against all candidates that are no slower
(stochastically), not only against an equal one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.special import log_gamma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ticks:
    """Ticks seen from the colour with fewer requests: its draws are the sample."""

    sample: Floats
    """Its requests per bucket, `(..., K)`."""
    rest: Floats
    """Those of the other colour."""
    few: Floats
    """Requests in the sample, `(...,)`; 1 where a colour has none."""
    many: Floats
    """Requests in the rest, `(...,)`; 1 where a colour has none."""
    heard: Floats
    """1 where both colours have requests, else 0."""
    inverse: NDArray[np.bool_] | None
    """Where the sample is the baseline's; None: nowhere."""

    @classmethod
    def of(cls, counts_b: Floats, counts_c: Floats) -> Ticks:
        """From the baseline's and the candidate's requests per bucket, `(..., K)` each."""
        n_b, n_c = counts_b.sum(axis=-1), counts_c.sum(axis=-1)
        few, many = np.minimum(n_b, n_c), np.maximum(n_b, n_c)
        heard = (few > 0) * 1.0
        inverse = n_c > n_b
        sample, rest = counts_c, counts_b
        if inverse.any():
            sample = np.where(inverse[..., None], counts_b, counts_c)
            rest = np.where(inverse[..., None], counts_c, counts_b)
        else:
            inverse = None
        few, many = np.where(heard, few, 1.0), np.where(heard, many, 1.0)
        return cls(sample, rest, few, many, heard, inverse)

    @property
    def effective(self) -> Floats:
        """What a comparison rests on, `n (N - n) / N` requests, `(...,)`."""
        return self.heard * self.few * self.many / (self.few + self.many)


def log_e_bound(
    log_w: Floats, sum_sampled: Floats, sum_rest: Floats, few: Floats, many: Floats
) -> Floats:
    """The bound above, for alternatives along the last axis.

    Args:
        log_w: sum of the log weights of the sample, `(..., J)`.
        sum_sampled: sum of its weights.
        sum_rest: sum of the weights of the rest.
        few: requests in the sample, `(...,)`, above 0; what comes of an empty sample means nothing.
        many: requests in the rest, above 0.
    """
    n = few[..., None]
    mean = np.where(sum_sampled > 0, sum_sampled / n, 1.0)
    start = (sum_sampled + sum_rest) / mean
    everything = n + many[..., None]
    bets = log_w.shape[-1]
    logs = log_gamma(
        np.concatenate(
            [start + 1, sum_rest / mean + 1, everything + 1, everything - n + 1], axis=-1
        )
    )
    drawn = logs[..., :bets] - logs[..., bets : 2 * bets]
    plain = logs[..., 2 * bets : 2 * bets + 1] - logs[..., 2 * bets + 1 :]
    return log_w - n * np.log(mean) - drawn + plain


def taxed_draws(few: Floats, many: Floats) -> Floats:
    """Draws to be taxed, `(..., 1)`: fewer than the sample, for its own are in the pooled mean."""
    fraction = few / (few + many)
    return (-many * np.log1p(-fraction))[..., None]
