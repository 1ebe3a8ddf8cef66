"""What came of each simulated release under one judge, and the figures drawn from many."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from math import lgamma
from typing import Any

import numpy as np

from bench.judge.ramp import Floats, Marks
from bench.judge.traffic import Ratios, Traffic


@dataclass(frozen=True)
class Watched:
    """What a judge said of each run, (runs,) each."""

    stopped: Floats
    """Seconds until it was stopped; NaN if never."""
    passed: Floats
    """Seconds until it was passed; NaN if never."""
    dishonest: Marks
    """Passed while the confidence interval still held the margin."""


@dataclass(frozen=True)
class Outcomes:
    """The runs of one scenario under one judge; concatenated with `+`."""

    stopped: Floats
    passed: Floats
    dishonest: Marks
    exposed: Floats
    """Requests that the candidate answered until it was stopped, or to the end."""
    harmed: Floats
    """Of these, how many it answered badly; NaN where the scenario counts no errors."""

    def __add__(self, other: "Outcomes") -> "Outcomes":
        """Both, one after the other."""
        names = [field.name for field in fields(self)]
        return Outcomes(
            *(np.concatenate((getattr(self, name), getattr(other, name))) for name in names)
        )

    def to_json(self) -> dict[str, list[float | None]]:
        """Lists, NaN as null."""
        return {
            name: [None if np.isnan(value) else float(value) for value in values]
            for name, values in asdict(self).items()
        }

    @classmethod
    def from_json(cls, document: dict[str, list[float | None]]) -> "Outcomes":
        """The inverse of `to_json`."""
        read = {
            field.name: np.array(document[field.name], dtype=np.float64) for field in fields(cls)
        }
        return cls(
            stopped=read["stopped"],
            passed=read["passed"],
            dishonest=read["dishonest"] > 0,
            exposed=read["exposed"],
            harmed=read["harmed"],
        )


def outcomes(traffic: Traffic, watched: Watched) -> Outcomes:
    """What the judge's word meant for the users."""
    ends = np.where(np.isnan(watched.stopped), traffic.ticks, watched.stopped).astype(np.int64)
    rows, columns = np.minimum(ends, traffic.ticks) - 1, np.arange(traffic.runs)
    exposed = np.cumsum(traffic.totals[1], axis=0)[rows, columns].astype(np.float64)
    harmed = np.full(traffic.runs, np.nan)
    ratio = next((pair for pair in traffic.indicators.values() if isinstance(pair, Ratios)), None)
    if ratio is not None:
        harmed = np.cumsum(ratio.bad[1], axis=0)[rows, columns].astype(np.float64)
    return Outcomes(watched.stopped, watched.passed, watched.dishonest, exposed, harmed)


@dataclass(frozen=True)
class Summary:
    """The figures of one scenario under one judge."""

    runs: int
    stopped: float
    """Share of the runs that were stopped."""
    stopped_low: float
    """Lower end of its 95 % confidence interval (Clopper and Pearson, Biometrika 26, 1934)."""
    stopped_high: float
    """Upper end of it."""
    stop_median: float | None
    """Seconds from the fault to the stop, of all runs; None where fewer than half were stopped."""
    stop_p90: float | None
    exposed: float
    """Median requests that the candidate answered."""
    harmed: float | None
    """Median bad answers given by the candidate."""
    passed: float
    """Share of the runs that were passed at some time."""
    pass_median: float | None
    """Seconds to the pass, of all runs."""
    let_through: float
    """Share of the runs that were passed and not stopped afterwards."""
    dishonest: int
    """Runs that were passed with the margin inside the interval; must be 0."""

    @classmethod
    def of(cls, found: Outcomes, since: float = 0.0) -> "Summary":
        """Times count from the second `since`, at which the fault began."""
        runs = len(found.stopped)
        stopped = int(np.isfinite(found.stopped).sum())
        low, high = binomial_interval(stopped, runs)
        harmed = None if np.isnan(found.harmed).all() else float(np.median(found.harmed))
        return cls(
            runs=runs,
            stopped=stopped / runs,
            stopped_low=low,
            stopped_high=high,
            stop_median=_quantile(found.stopped - since, 0.5),
            stop_p90=_quantile(found.stopped - since, 0.9),
            exposed=float(np.median(found.exposed)),
            harmed=harmed,
            passed=float(np.isfinite(found.passed).mean()),
            pass_median=_quantile(found.passed, 0.5),
            let_through=float((np.isfinite(found.passed) & np.isnan(found.stopped)).mean()),
            dishonest=int(found.dishonest.sum()),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def _quantile(times: Floats, q: float) -> float | None:
    """Of all runs, those that never came to it counting as infinitely late."""
    ordered = np.sort(np.where(np.isnan(times), np.inf, times))
    at = ordered[min(int(np.ceil(q * len(ordered))) - 1, len(ordered) - 1)]
    return float(at) if np.isfinite(at) else None


def binomial_interval(count: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's exact interval of a proportion."""
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else _crossing(lambda p: 1 - _cdf(count - 1, of, p), tail)
    high = 1.0 if count == of else _crossing(lambda p: -_cdf(count, of, p), -tail)
    return low, high


def _crossing(rising: Callable[[float], float], level: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > level else (middle, high)
    return (low + high) / 2


def _cdf(count: int, of: int, p: float) -> float:
    """Probability of at most `count` among `of`."""
    k = np.arange(count + 1)
    choose = np.array([lgamma(of + 1) - lgamma(i + 1) - lgamma(of - i + 1) for i in k])
    return float(np.exp(choose + k * np.log(p) + (of - k) * np.log1p(-p)).sum())
