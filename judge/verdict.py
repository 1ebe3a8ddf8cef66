"""What the judge says: of each indicator, and of the release.

Every figure that led to a verdict stands beside it, so that a human can check it by hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.config import Indicator
    from judge.interval import Interval

LARGEST_E = 1e300
"""Where a printed e-value ends: JSON has no infinity, and nobody reads further."""


class Verdict(StrEnum):
    """The three answers; one line of meaning each."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    """A regression larger than the margin is excluded."""
    FAIL = "FAIL"
    """The candidate is worse, at the configured false-alarm rate."""
    HOLD = "HOLD"
    """Neither is shown yet, or there is no data to show it by."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What an indicator's evidence rests on: events, or a gauge's readings."""

    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class IndicatorReport:
    """One indicator after a tick."""

    indicator: Indicator
    verdict: Verdict
    log_e: float
    """Natural logarithm of the e-value against "the candidate is no worse", as it is now."""
    bound: float
    """The e-value at which this indicator alone fails the release."""
    interval: Interval
    """Confidence sequence for the candidate's change against the baseline: a ratio of rates for
    ratios, see the kernels for the others."""
    exposure: Exposure
    sentence: str
    no_data: str | None = None
    """Why this tick had no data for it; None when it had."""

    @property
    def name(self) -> str:
        """The indicator's name."""
        return self.indicator.name

    @property
    def e(self) -> float:
        """The e-value; 1 is no evidence, `1 / (its share of the false-alarm rate)` fails."""
        return readable(self.log_e)

    def to_json(self) -> dict[str, Any]:
        """As one JSON object; an end of the interval that is unbounded is null."""
        return {
            "verdict": self.verdict.value,
            "e": _short(self.e),
            "log_e": _short(self.log_e),
            "bound": _short(self.bound),
            "interval": [_short(self.interval.lower), _short(self.interval.upper)],
            "exposure": {
                "baseline": _short(self.exposure.baseline),
                "candidate": _short(self.exposure.candidate),
            },
            "sentence": self.sentence,
            "no_data": self.no_data,
            "kind": self.indicator.kind.value,
            "direction": self.indicator.direction.value,
            "margin": self.indicator.margin,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The release after a tick."""

    t: float
    verdict: Verdict
    reason: str
    requests_exposed: int
    """Requests that the candidate has answered since the first tick."""
    users_exposed: int | None
    """Users who have met the candidate; None when no tick told."""
    indicators: Mapping[str, IndicatorReport]
    tripped: str | None = None
    """What ended the release other than an indicator's e-value (`storm`, `objective`), and why."""

    def to_json(self) -> dict[str, Any]:
        """As one JSON object, the line that `switchyard judge --json` prints."""
        return {
            "t": int(self.t) if self.t == int(self.t) else self.t,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "requests_exposed": self.requests_exposed,
            "users_exposed": self.users_exposed,
            "tripped": self.tripped,
            "indicators": {name: one.to_json() for name, one in self.indicators.items()},
        }


def readable(log_e: float) -> float:
    """An e-value from its logarithm, ended at `LARGEST_E`."""
    return math.exp(min(log_e, math.log(LARGEST_E)))


def _short(number: float) -> float | None:
    """Six significant digits; null for what is unbounded."""
    return float(f"{number:.6g}") if math.isfinite(number) else None
