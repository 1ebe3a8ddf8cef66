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

from typing import TYPE_CHECKING

import numpy as np

from judge.special import log_gamma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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
