"""Bayesian logistic regression by Laplace's approximation: the numbers, without their meaning.

The posterior of the weights is taken as the normal distribution at its mode with the curvature
there (MacKay, "The evidence framework applied to classification networks", Neural Computation 4,
1992; Spiegelhalter and Lauritzen, Networks 20, 1990). The prior is a proper normal one, so that a
mode exists for any history, the empty and the perfectly separated included.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NODES = np.linspace(-8, 8, 161)
_MASSES = np.exp(-(_NODES**2) / 2) / np.exp(-(_NODES**2) / 2).sum()
"""The trapezoidal rule over a standard normal variable, which for such smooth functions is as good
as any: ten digits at deviations up to 4, and no further part of numpy to import."""
_ROUNDS = 100
_SMALL = 1e-11
_HALVINGS = 40


def sigmoid(log_odds: Array) -> Array:
    """Probabilities of log-odds, without overflow."""
    return np.exp(-np.logaddexp(0.0, -log_odds))


def fit(rows: Array, labels: Array, mean: Array, deviation: Array) -> tuple[Array, Array]:
    """The posterior's mode and covariance.

    Args:
        rows: shape (releases, columns).
        labels: shape (releases,), 1 is bad.
        mean: the prior's, shape (columns,).
        deviation: the prior's, shape (columns,), above 0; columns are independent a priori.
    """
    precision = 1 / deviation**2
    weights = mean.copy()

    def loss(at: Array) -> float:
        log_odds = rows @ at
        fitted = np.sum(np.logaddexp(0.0, log_odds) - labels * log_odds)
        return float(fitted + 0.5 * np.sum(precision * (at - mean) ** 2))

    def curvature(at: Array) -> Array:
        risk = sigmoid(rows @ at)
        return (rows.T * (risk * (1 - risk))) @ rows + np.diag(precision)

    for _ in range(_ROUNDS):
        gradient = rows.T @ (sigmoid(rows @ weights) - labels) + precision * (weights - mean)
        step = np.linalg.solve(curvature(weights), gradient)
        if float(np.max(np.abs(step))) < _SMALL:
            break
        here, scale = loss(weights), 1.0
        for _ in range(_HALVINGS):
            if loss(weights - scale * step) <= here:
                break
            scale /= 2
        weights = weights - scale * step
    covariance = np.asarray(np.linalg.inv(curvature(weights)), dtype=np.float64)
    return weights, covariance


def expected_probability(mean: float, deviation: float) -> float:
    """The mean of the probability when its log-odds are normal with that mean and deviation."""
    return float(np.sum(_MASSES * sigmoid(mean + deviation * _NODES)))


def centre_for(probability: float, deviation: float) -> float:
    """The mean of the log-odds that makes `expected_probability` that probability."""
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        if expected_probability(middle, deviation) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
