"""What a policy would cost, from the log of another one, and how sure that is.

The logging policy draws its pace at random with known probabilities, per release; the policy in
question would have taken one of the same paces. Inverse propensity scoring (Horvitz and Thompson,
JASA 47, 1952) weighs the releases in which both agree; the doubly robust estimator (Dudik, Langford
and Li, ICML 2011) adds a model of the outcome and is right when either model or weights are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RIDGE = 1.0
_NORMAL_95 = 1.96


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % confidence interval."""

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        """For a table."""
        return f"{self.value:.2f} [{self.lower:.2f}, {self.upper:.2f}]"


@dataclass(frozen=True)
class Log:
    """What was logged, one entry a release."""

    contexts: Floats
    """Numbers known before the start, shape (releases, columns)."""
    arms: Ints
    """Which pace was drawn."""
    propensities: Floats
    """With what probability that one was."""
    outcomes: Floats
    """What it cost."""


def mean(values: Floats) -> Estimate:
    """The mean and its interval by the central limit theorem."""
    middle = float(values.mean())
    half = _NORMAL_95 * float(values.std(ddof=1)) / np.sqrt(len(values))
    return Estimate(middle, middle - half, middle + half)


def inverse_propensity(log: Log, wanted: Ints) -> Estimate:
    """The mean outcome had `wanted` been the arms: self-normalised, with the delta method."""
    weight = (log.arms == wanted) / log.propensities
    middle = float((weight * log.outcomes).sum() / weight.sum())
    spread = weight * (log.outcomes - middle) / weight.mean()
    half = _NORMAL_95 * float(spread.std(ddof=1)) / np.sqrt(len(spread))
    return Estimate(middle, middle - half, middle + half)


def doubly_robust(log: Log, wanted: Ints, folds: int = 5) -> Estimate:
    """The same with an outcome model, fitted on the folds that it is not used on."""
    foretold, at_logged = np.zeros(len(log.arms)), np.zeros(len(log.arms))
    fold = np.arange(len(log.arms)) % folds
    for held in range(folds):
        inside, outside = fold == held, fold != held
        for arm in np.unique(np.concatenate([log.arms, wanted])):
            known = outside & (log.arms == arm)
            weights = _ridge(log.contexts[known], log.outcomes[known])
            said = log.contexts @ weights
            foretold = np.where(inside & (wanted == arm), said, foretold)
            at_logged = np.where(inside & (log.arms == arm), said, at_logged)
    agreed = (log.arms == wanted) / log.propensities
    return mean(foretold + agreed * (log.outcomes - at_logged))


def _ridge(rows: Floats, outcomes: Floats) -> Floats:
    gram = rows.T @ rows + _RIDGE * np.eye(rows.shape[1])
    return np.asarray(np.linalg.solve(gram, rows.T @ outcomes), dtype=np.float64)
