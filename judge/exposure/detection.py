"""How soon the judge would see a regression: its evidence as a random walk with drift.

Given the total of bad events, the candidate's part is binomial, so a request of the stream carries
a known mean of evidence (Kullback-Leibler) against "no change" when the candidate's error rate is
`ratio` times the baseline's. Near its bar the log of the e-value moves like a Brownian motion whose
variance is twice its drift, and its first passage has a closed form, the inverse Gaussian
distribution (Cox and Miller, The Theory of Stochastic Processes, 1965, section 5.7; Siegmund,
Sequential Analysis, 1985, chapter III). Times are therefore counted in nats of mean evidence.

The judge settles one bet a span, stakes a bounded part of its wealth, and lets no single burst
convict: in a stretch of time it wins only so much, however many errors that holds. Where errors
abound, evidence grows with time and not with them.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from judge.dependence import BRIEF
from judge.ratio import FEW, LEAP
from judge.special import normal_cdf
from judge.stakes import BOLDEST
from judge.wealth import STRETCH

Array = NDArray[np.float64]

REGRET = 2.0
"""Nats that the judge pays for not knowing the size in advance: 2, the log of its eight bettors;
its simulated times to stop at 1.5 and 2 times the errors are met within a tenth by 1.7."""


def bar(false_alarm_rate: float) -> float:
    """Mean evidence in nats that must pile up until the judge fails a release."""
    return math.log(1 / false_alarm_rate) + REGRET


def nats_per_error(ratio: ArrayLike, share: ArrayLike) -> Array:
    """Mean evidence per second, over the baseline's errors per second at all traffic.

    Args:
        ratio: candidate's error rate over the baseline's, above 0.
        share: candidate's share of the traffic, 0 to 1; broadcast against `ratio`.
    """
    worse = np.asarray(ratio, dtype=float)
    part = np.asarray(share, dtype=float)
    mixed = 1 - part + part * worse
    return part * worse * np.log(worse) - mixed * np.log(mixed)


def most_per_second(ratio: ArrayLike, share: ArrayLike, errors: float) -> Array:
    """The most evidence per second that the judge's bets win; arguments as in `speed`."""
    worse, part = np.asarray(ratio, dtype=float), np.asarray(share, dtype=float)
    surprise = worse / (1 - part + part * worse) - 1  # over the candidate's share if alike
    usual = np.clip(errors * part * STRETCH, FEW, 1.0)
    return np.minimum(np.log1p(BOLDEST * surprise) / BRIEF, math.log(LEAP) / usual / STRETCH)


def speed(ratio: ArrayLike, share: ArrayLike, errors: float) -> Array:
    """Mean evidence per second.

    Args:
        ratio: candidate's error rate over the baseline's, above 1.
        share: candidate's share of the traffic; broadcast against `ratio`.
        errors: the baseline's errors per second at all traffic.
    """
    return np.minimum(errors * nats_per_error(ratio, share), most_per_second(ratio, share, errors))


def log_likelihood_ratio(ratio: Array, share: float, bad_candidate: float, bad: float) -> Array:
    """Log-likelihood of each ratio over that of "no change".

    Args:
        ratio: candidate's error rate over the baseline's.
        share: candidate's share of the requests counted.
        bad_candidate: bad events of the candidate.
        bad: bad events of both.
    """
    return bad_candidate * np.log(ratio) - bad * np.log(1 - share + share * ratio)


def unseen(height: ArrayLike, nats: ArrayLike) -> Array:
    """Probability that the evidence has not reached `height` within that mean evidence.

    Args:
        height: how far the bar is, in nats, above 0.
        nats: mean evidence, at least 0; broadcast against `height`.
    """
    height, nats = np.asarray(height, dtype=float), np.asarray(nats, dtype=float)
    spread = np.sqrt(2 * np.maximum(nats, 1e-12))
    direct = normal_cdf((height - nats) / spread)
    mirrored = np.exp(height) * normal_cdf((-height - nats) / spread)
    return np.clip(direct - mirrored, 0.0, 1.0)


def waited(height: ArrayLike, nats: ArrayLike) -> Array:
    """The mean of the evidence spent until seen, or until that mean evidence: E[min(T, nats)].

    By optional stopping: the walk's mean at the end is the time that it has run.
    """
    height, nats = np.asarray(height, dtype=float), np.asarray(nats, dtype=float)
    spread = np.sqrt(2 * np.maximum(nats, 1e-12))
    z, mirrored_z = (height - nats) / spread, (-height - nats) / spread
    alive = nats * normal_cdf(z) - spread * _density(z)
    image = (nats + 2 * height) * normal_cdf(mirrored_z) - spread * _density(mirrored_z)
    still = alive - np.exp(height) * image
    return np.clip(height * (1 - unseen(height, nats)) + still, 0.0, nats)


@cache
def needed(height: float, power: float) -> float:
    """The mean evidence at which a regression has been seen with that probability."""
    low, high = 0.0, 1.0
    while _seen(height, high) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _seen(height, middle) >= power else (middle, high)
    return high


def _seen(height: float, nats: float) -> float:
    return 1 - float(unseen(height, nats))


def _density(z: Array) -> Array:
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
