"""What is known of a release before it starts, as a row of numbers and as words.

Centres and scales are stated here and not learnt, so that a weight means the same in every model.
Each column has an informative prior. The positive means say what studies of defects agree on: the
larger and the wider a change, the riskier (Nagappan and Ball, "Use of relative code churn measures
to predict system defect density", ICSE 2005; Kamei et al., "A large-scale empirical study of
just-in-time quality assurance", IEEE TSE 2013); hour, weekday and single services start at nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from judge.exposure.history import Past, in_order

FADE = 0.7
"""What each further release counts of the one after it, among the twin's failures: 0.7."""
MOST_SERVICES = 16
"""Services with a weight of their own, the most often touched ones: 16 keep the model small."""
_SIZE_REACH = 3.0
"""Change sizes beyond e^3 times the typical, or under e^-3 of it, are taken as these."""
_MOST_SPENT = 2.0
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Features:
    """What is known before the start; `None` is not known and counts as typical."""

    hour: float
    """Hour of the day, 0 up to 24, in the time zone of the history."""
    weekday: int
    """0 is Monday."""
    change_size: float | None = None
    """In the unit of the history, whatever that is: it is compared with the history's median."""
    services: tuple[str, ...] = ()
    """Services touched."""
    recent_failures: float = 0.0
    """Failures of the twin's past releases, the latest counting 1, each one before `FADE` of it."""
    budget_left: float | None = None
    """Share of the error budget left; negative is overdrawn."""

    def __post_init__(self) -> None:
        """Refuse what is no hour, no weekday or no number."""
        if not 0 <= self.hour < _HOURS or self.weekday not in range(len(_DAYS)):
            raise ValueError(
                f"hour {self.hour}, weekday {self.weekday}: no moment of a week, so nothing can be "
                "foretold; give an hour of 0 to 24 and a weekday of 0 (Monday) to 6"
            )
        known = (self.change_size or 0.0, self.recent_failures)
        if not all(math.isfinite(value) and value >= 0 for value in known):
            raise ValueError(
                f"change size {self.change_size}, recent failures {self.recent_failures}: not "
                "counts, so the risk would be nonsense; give numbers of at least 0"
            )
        if self.budget_left is not None and not math.isfinite(self.budget_left):
            raise ValueError(
                f"budget left {self.budget_left}: no share, so the risk would be nonsense; "
                "give None where it is not known"
            )

    @classmethod
    def of(  # noqa: PLR0913 - one parameter a feature
        cls,
        history: Iterable[Past],
        *,
        twin: str,
        at: datetime,
        change_size: float | None = None,
        services: Iterable[str] = (),
        budget_left: float | None = None,
    ) -> "Features":
        """What is known of a release of that twin beginning at that moment (with a time zone)."""
        earlier = [past for past in in_order(history) if past.twin == twin and past.at < at]
        return cls(
            hour=at.hour + at.minute / 60,
            weekday=at.weekday(),
            change_size=change_size,
            services=tuple(sorted(set(services))),
            recent_failures=recent_failures(earlier),
            budget_left=budget_left,
        )


def recent_failures(earlier: Iterable[Past]) -> float:
    """Failures among a twin's earlier releases, in order of time, fading with each release."""
    weight = 0.0
    for past in earlier:
        weight = _one_later(weight, past)
    return weight


def learnable(history: Iterable[Past]) -> tuple[list[Features], list[bool]]:
    """Each release whose outcome says something, as it looked before it began, and that outcome."""
    rows: list[Features] = []
    labels: list[bool] = []
    failures: dict[str, float] = {}
    for past in in_order(history):
        weight = failures.get(past.twin, 0.0)
        if past.bad is not None:
            rows.append(
                Features(
                    hour=past.hour,
                    weekday=past.at.weekday(),
                    change_size=past.change_size,
                    services=past.services,
                    recent_failures=weight,
                    budget_left=past.budget_left,
                )
            )
            labels.append(past.bad)
        failures[past.twin] = _one_later(weight, past)
    return rows, labels


def _one_later(weight: float, past: Past) -> float:
    return weight if past.bad is None else FADE * weight + past.bad


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the model: its name, the feature it belongs to, and its prior."""

    name: str
    feature: str
    mean: float
    deviation: float


_FIXED = (
    Column("change size", "change size", 0.30, 0.30),
    Column("services touched", "services touched", 0.20, 0.30),
    Column("hour, sine", "hour", 0.0, 0.50),
    Column("hour, cosine", "hour", 0.0, 0.50),
    *(Column(day, "weekday", 0.0, 0.40) for day in _DAYS),
    Column("recent failures", "past verdicts", 0.40, 0.40),
    Column("budget spent", "budget", 0.30, 0.40),
)
"""Units: per e-fold of the typical size, per e-fold of services, per failure, per whole budget."""

_SERVICE_DEVIATION = 0.50


def columns(services: Sequence[str]) -> tuple[Column, ...]:
    """All columns but the intercept, given the services that have one of their own."""
    own = (
        Column(f"service {name}", f"service {name}", 0.0, _SERVICE_DEVIATION) for name in services
    )
    return (*_FIXED, *own)


def known_services(rows: Iterable[Features]) -> tuple[str, ...]:
    """The services that get a weight of their own: the most often touched, sorted by name."""
    touched: dict[str, int] = {}
    for row in rows:
        for name in row.services:
            touched[name] = touched.get(name, 0) + 1
    most = sorted(touched, key=lambda name: (-touched[name], name))[:MOST_SERVICES]
    return tuple(sorted(most))


def typical_size(rows: Iterable[Features]) -> float | None:
    """The median of the sizes above 0; None while none is known, and then size says nothing."""
    sizes = [row.change_size for row in rows if row.change_size]
    return round(float(np.median(sizes)), 9) if sizes else None


def row_of(
    features: Features, services: Sequence[str], typical: float | None
) -> NDArray[np.float64]:
    """The release as numbers, shape (1 + columns,); the first is the intercept's 1."""
    size = 0.0
    if features.change_size is not None and typical:
        size = math.log(max(features.change_size / typical, math.exp(-_SIZE_REACH)))
    angle = 2 * math.pi * features.hour / _HOURS
    spent = 0.0 if features.budget_left is None else 1 - features.budget_left
    numbers = [
        1.0,
        min(size, _SIZE_REACH),
        math.log(max(len(features.services), 1)),
        math.sin(angle),
        math.cos(angle),
        *(float(day == features.weekday) for day in range(len(_DAYS))),
        features.recent_failures,
        min(max(spent, 0.0), _MOST_SPENT),
        *(float(name in features.services) for name in services),
    ]
    return np.array(numbers)


def words_of(features: Features, typical: float | None) -> dict[str, str]:
    """Each feature in words, by the feature's name; services have their name alone."""
    size, left = features.change_size, features.budget_left
    count = len(features.services)
    usual = "nothing to compare with" if typical is None else f"usually {typical:.4g}"
    sized = f"change of size {size or 0:.4g}, {usual}"
    return {
        "change size": "size of the change not known" if size is None else sized,
        "services touched": f"{count or 'no'} service{'' if count == 1 else 's'} touched",
        "hour": f"begun at {int(features.hour):02d}:{int(features.hour % 1 * 60):02d}",
        "weekday": f"on a {_DAYS[features.weekday]}",
        "past verdicts": f"recent failures of this twin weigh {features.recent_failures:.1f}",
        "budget": "error budget not known"
        if left is None
        else f"{left:.0%} of the error budget left",
        **{f"service {name}": f"touches {name}" for name in features.services},
    }
