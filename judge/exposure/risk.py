"""How likely a release is bad, learnt from the history: versioned, reproducible, explained.

Fitted on the same history, whatever the order of its lines, it is the same text to the last digit;
the text names schema and history. With no history it says the base rate of a typical release.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from judge.exposure import features as known
from judge.exposure import logistic
from judge.exposure.features import Column, Features
from judge.exposure.history import Past, digest

SCHEMA = 1
"""Of the model's text; raised when columns, scales or priors change their meaning."""

BASE_RATE = 0.15
"""Probability that a typical release is bad, before any history: 15 %, where the change failure
rate of most teams lies in DORA's State of DevOps reports."""
_INTERCEPT_DEVIATION = 1.0
"""How well the base rate is known, in log-odds: a team's own may well be 6 % or 32 %."""
_CAUTION = 1.2815515594
"""Deviations above the mean at which the policy acts: the 90 % quantile of the log-odds."""
_DIGITS = 9
"""Decimals kept: far below what matters, far above what differs between machines."""


class RiskError(ValueError):
    """A model's text cannot be used."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to the log-odds."""

    feature: str
    log_odds: float
    words: str

    @property
    def sentence(self) -> str:
        """In words, with the factor on the odds."""
        factor = math.exp(self.log_odds)
        return f"{self.words}: odds times {factor:.2f} ({self.log_odds:+.2f} log-odds)"


@dataclass(frozen=True, slots=True)
class Risk:
    """How likely one release is bad, and why; the contributions sum to `log_odds`."""

    probability: float
    """That it is bad, doubt about the weights included."""
    cautious: float
    """What the policy acts on: the 90 % quantile, so doubt slows it down."""
    log_odds: float
    deviation: float
    """Of the log-odds, from doubt about the weights."""
    contributions: tuple[Contribution, ...]
    """The largest first, after the base."""

    @property
    def sentence(self) -> str:
        """The whole of it in one sentence."""
        largest = "; ".join(part.sentence for part in self.contributions[1:4] if part.log_odds)
        why = f"; most of it: {largest}" if largest else ""
        return (
            f"bad with a probability of {self.probability:.1%}, treated as "
            f"{self.cautious:.1%} for what is not known{why}"
        )


@dataclass(frozen=True, slots=True)
class RiskModel:
    """The posterior of the weights; make one by `fit` or `load`."""

    history: str
    """Digest of what it has learnt from."""
    releases: int
    bad: int
    base_rate: float
    services: tuple[str, ...]
    typical_size: float | None
    """Median size of a change, in the history's unit."""
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, history: Iterable[Past], base_rate: float = BASE_RATE) -> "RiskModel":
        """Learn from a history, which may be empty.

        Raises:
            ValueError: the base rate is no probability strictly between 0 and 1.
        """
        if not 0 < base_rate < 1:
            raise ValueError(
                f"base rate {base_rate}: with it no history could change the outcome; "
                "give a probability between 0 and 1, such as 0.15"
            )
        past = tuple(history)
        rows, labels = known.learnable(past)
        services, typical = known.known_services(rows), known.typical_size(rows)
        columns = _with_intercept(known.columns(services), base_rate)
        numbers = [known.row_of(row, services, typical) for row in rows]
        table = np.array(numbers).reshape(-1, len(columns))
        mean, covariance = logistic.fit(
            table,
            np.array(labels, dtype=float),
            np.array([column.mean for column in columns]),
            np.array([column.deviation for column in columns]),
        )
        return cls(
            history=digest(past),
            releases=len(labels),
            bad=sum(labels),
            base_rate=base_rate,
            services=services,
            typical_size=typical,
            mean=_rounded(mean),
            covariance=tuple(_rounded(row) for row in covariance),
        )

    @property
    def version(self) -> str:
        """Schema and history in one word, for reports and events."""
        return f"{SCHEMA}-{self.history.removeprefix('sha256:')[:12]}"

    def assess(self, features: Features) -> Risk:
        """How likely that release is bad, and why."""
        row = known.row_of(features, self.services, self.typical_size)
        weighted = row * np.array(self.mean)
        log_odds = math.fsum(weighted)
        deviation = math.sqrt(max(float(row @ np.array(self.covariance) @ row), 0.0))
        return Risk(
            probability=logistic.expected_probability(log_odds, deviation),
            cautious=1 / (1 + math.exp(-(log_odds + _CAUTION * deviation))),
            log_odds=log_odds,
            deviation=deviation,
            contributions=self._contributions(features, [float(part) for part in weighted]),
        )

    def _contributions(self, features: Features, parts: list[float]) -> tuple[Contribution, ...]:
        words = known.words_of(features, self.typical_size)
        sums: dict[str, list[float]] = {}
        for column, part in zip(known.columns(self.services), parts[1:], strict=True):
            sums.setdefault(column.feature, []).append(part)
        base = Contribution(
            "base",
            parts[0],
            f"a typical release, learnt from {self.releases}, {self.bad} of them bad",
        )
        rest = [
            Contribution(feature, math.fsum(values), words[feature])
            for feature, values in sums.items()
            if feature in words
        ]
        return (base, *sorted(rest, key=lambda part: (-abs(part.log_odds), part.feature)))

    def to_json(self) -> dict[str, Any]:
        """As plain data; `of_json` reads it back to an equal model."""
        return {
            "schema": SCHEMA,
            "history": self.history,
            "releases": self.releases,
            "bad": self.bad,
            "baseRate": self.base_rate,
            "services": list(self.services),
            "typicalSize": self.typical_size,
            "mean": list(self.mean),
            "covariance": [list(row[: n + 1]) for n, row in enumerate(self.covariance)],
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> "RiskModel":
        """Read what `to_json` wrote.

        Raises:
            RiskError: another schema, or not a model.
        """
        schema = data.get("schema")
        if schema != SCHEMA:
            raise RiskError(
                f"model of schema {json.dumps(schema)}: its weights mean something else than those "
                f"of schema {SCHEMA}; learn it anew from the history"
            )
        try:
            services = tuple(str(name) for name in data["services"])
            mean = np.array(data["mean"], dtype=float)
            covariance = _whole(data["covariance"], 1 + len(known.columns(services)))
            if mean.shape != covariance.shape[:1] or not np.isfinite(mean).all():
                raise ValueError(f"{mean.size} weights for {len(covariance)} columns")  # noqa: TRY301
            return cls(
                history=str(data["history"]),
                releases=int(data["releases"]),
                bad=int(data["bad"]),
                base_rate=float(data["baseRate"]),
                services=services,
                typical_size=None if data["typicalSize"] is None else float(data["typicalSize"]),
                mean=tuple(mean.tolist()),
                covariance=tuple(tuple(row) for row in covariance.tolist()),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RiskError(
                f"model cannot be read ({type(error).__name__}: {error}): no release can be "
                "assessed; learn it anew from the history"
            ) from error


def _with_intercept(columns: tuple[Column, ...], base_rate: float) -> tuple[Column, ...]:
    """The prior, its intercept such that a typical release is bad at the base rate.

    A typical release still has an hour and a weekday, whose weights are in doubt; sine and cosine
    share one deviation and so do the weekdays, so that this doubt is the same at any moment.
    """
    by_feature = {column.feature: column.deviation for column in columns}
    doubt = math.hypot(_INTERCEPT_DEVIATION, by_feature["hour"], by_feature["weekday"])
    centre = logistic.centre_for(base_rate, doubt)
    return (Column("base", "base", centre, _INTERCEPT_DEVIATION), *columns)


def _rounded(values: logistic.Array) -> tuple[float, ...]:
    # adding 0.0 makes -0.0, whose text differs, 0.0
    return tuple(round(float(value), _DIGITS) + 0.0 for value in values)


def _whole(triangle: list[list[float]], size: int) -> logistic.Array:
    """The symmetric matrix of its lower triangle, row by row."""
    if [len(row) for row in triangle] != list(range(1, size + 1)):
        raise ValueError(f"a covariance that is no triangle of {size} rows")
    lower = np.zeros((size, size))
    for n, row in enumerate(triangle):
        lower[n, : n + 1] = row
    if not np.isfinite(lower).all():
        raise ValueError("a covariance with values that are not finite")
    return lower + np.tril(lower, -1).T
