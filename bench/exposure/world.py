"""Invented companies and their releases: what makes a release bad, how bad, under what traffic.

The truth that the policy does not see. On purpose it is not of the policy's own form: badness also
depends on what no history holds (a drifting state of each team, noise), the hour acts as a bump and
not as a wave, and sizes of regressions come from a continuous law and not from the policy's list.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TWINS = 8
SERVICES = ("cart", "catalogue", "checkout", "mail", "payment", "search", "storefront", "users")
RATE = 0.005
"""Share of bad answers of a sound release: 0.5 %, as in the judge's shows."""
RPS = 200.0
"""Requests a second of a middling twin at a middling hour, as in the judge's shows."""
_BASE = -3.4
"""Log-odds that an average release by an average team is bad; about one in six is. With the weights
below what is in the history foretells badness about as well as just-in-time defect prediction is
reported to (Kamei et al., IEEE TSE 2013: areas under the ROC curve of 0.7 to 0.8)."""
_SHARE_OF_DAY = 0.6
"""Traffic swings by this much around its mean over the day; it peaks at 15:00."""
_HOURS = 24.0
_AWAKE = range(7, 22)
_LATE = range(16, 21)
_FRIDAY = 4
_OUTAGES = 0.05


@dataclass(frozen=True)
class Release:
    """One release: what is known before it starts, and the truth."""

    name: str
    twin: str
    at: datetime
    change_size: float
    services: tuple[str, ...]
    budget_left: float
    bad: bool
    ratio: float
    """Candidate's error rate over the baseline's; 1 for a good release."""
    rps: float
    """Mean over the day."""
    error_rate: float

    @property
    def hour(self) -> float:
        """Of the day, UTC."""
        return self.at.hour + self.at.minute / 60


@dataclass(frozen=True)
class Truths:
    """The same for many releases as arrays, shape (releases,) each."""

    ratio: Floats
    rps: Floats
    error_rate: Floats
    hour: Floats

    @classmethod
    def of(cls, releases: Sequence[Release]) -> "Truths":
        """Of these releases, in their order."""
        columns = [(one.ratio, one.rps, one.error_rate, one.hour) for one in releases]
        return cls(*np.array(columns).T)

    def traffic(self, after_s: float) -> Floats:
        """Requests per second so long after each release began."""
        hour = self.hour + after_s / 3600
        return self.rps * (1 + _SHARE_OF_DAY * np.sin(2 * np.pi * (hour - 9) / _HOURS))

    def excess(self) -> Floats:
        """By how much the candidate's probability of a bad answer is higher."""
        return np.minimum(self.ratio * self.error_rate, 1.0) - self.error_rate


def company(seed: int, count: int) -> list[Release]:
    """A company's releases, in order of time; every seed is another company with other habits."""
    rng = np.random.default_rng([5, seed])
    twins = [f"twin-{n}" for n in range(TWINS)]
    skill = rng.normal(0, 0.9, TWINS)
    level = RPS * np.exp(rng.normal(0, 0.5, TWINS))
    rate = RATE * np.exp(rng.normal(0, 0.3, TWINS))
    fragile = rng.normal(0, 0.8, len(SERVICES))
    late, friday, size_matters = rng.normal((0.8, 0.6, 0.8), 0.25)
    state = np.zeros(TWINS)
    at = datetime(2026, 1, 5, tzinfo=UTC)
    releases: list[Release] = []
    for number in range(count):
        twin = int(rng.integers(TWINS))
        at = _next_start(at, rng)
        state[twin] = 0.7 * state[twin] + rng.normal(0, 0.5)
        size = math.exp(rng.normal(math.log(100), 1.3))
        touched = rng.random(len(SERVICES)) < rng.choice([0.1, 0.2, 0.5])
        touched[int(rng.integers(len(SERVICES)))] = True
        budget = float(1 - rng.gamma(1.5, 0.25))
        log_odds = (
            _BASE
            + float(size_matters) * math.log(size / 100)
            + 0.5 * math.log(float(touched.sum()))
            + float(fragile[touched].mean())
            + late * (at.hour in _LATE)
            + friday * (at.weekday() == _FRIDAY)
            + 0.5 * min(max(1 - budget, 0.0), 2.0)
            + skill[twin]
            + state[twin]
            + rng.normal(0, 0.5)
        )
        bad = bool(rng.random() < 1 / (1 + np.exp(-log_odds)))
        releases.append(
            Release(
                name=f"{seed}-{number}",
                twin=twins[twin],
                at=at,
                change_size=round(size),
                services=tuple(name for name, hit in zip(SERVICES, touched, strict=True) if hit),
                budget_left=min(budget, 1.0),
                bad=bad,
                ratio=_ratio(rng) if bad else 1.0,
                rps=float(level[twin]),
                error_rate=float(rate[twin]),
            )
        )
    return releases


def _next_start(at: datetime, rng: np.random.Generator) -> datetime:
    """A few hours later; who would release at night does so in the morning."""
    at += timedelta(hours=float(rng.exponential(1.5)) + 0.2)
    if at.hour in _AWAKE:
        return at
    morning = at.replace(hour=_AWAKE.start) + timedelta(minutes=int(rng.integers(120)))
    return morning if morning > at else morning + timedelta(days=1)


def _ratio(rng: np.random.Generator) -> float:
    """Median 2.5, a tenth below 1.6 and a tenth above 5.9; one in twenty fails every request.

    From 1.2 on: less than that, neither the ladder nor anything as quick can see.
    """
    outage = rng.random() < _OUTAGES
    return 1 / RATE if outage else 1.2 + math.exp(rng.normal(math.log(1.3), 1.0))
