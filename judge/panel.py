"""All indicators of a release together, for a batch of independent releases.

This is the whole judge but for words: a `Session` is a panel of shape `()` with sentences, and a
simulation is one of shape `(runs,)`. What is measured on the one holds for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.config import Direction, Kind
from judge.family import Family
from judge.gauge import GaugeEvidence
from judge.histogram import HistogramEvidence
from judge.ratio import RatioEvidence
from judge.storm import Storm
from judge.tripwire import Tripwire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from judge.config import Config, Indicator

    Floats = NDArray[np.float64]

HOLD, PASS, FAIL = 0, 1, 2
"""Verdicts as numbers, for arrays of them."""
FRESH = 30.0
"""Seconds without events on one side after which an indicator no longer speaks for a pass."""
FIRST_TICK = 1.0
"""Seconds that the first tick is taken to cover; nobody says when it began."""


@dataclass(frozen=True, slots=True)
class RatioTick:
    """A ratio's increments, shape `(...,)` each."""

    bad_baseline: Floats
    total_baseline: Floats
    bad_candidate: Floats
    total_candidate: Floats

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Where both sides had events."""
        return np.asarray(np.minimum(self.total_baseline, self.total_candidate) > 0)

    @property
    def exposed(self) -> tuple[Floats, Floats]:
        """Events of the baseline and the candidate."""
        return self.total_baseline, self.total_candidate


@dataclass(frozen=True, slots=True)
class HistogramTick:
    """A histogram's increments, not cumulative, shape `(..., buckets)` each."""

    bounds: tuple[float, ...]
    """Upper bounds, rising, the last one infinite; common to both sides and all runs."""
    baseline: Floats
    candidate: Floats

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Where both sides had events."""
        baseline, candidate = self.exposed
        return np.asarray(np.minimum(baseline, candidate) > 0)

    @property
    def exposed(self) -> tuple[Floats, Floats]:
        """Events of the baseline and the candidate."""
        return self.baseline.sum(axis=-1), self.candidate.sum(axis=-1)


@dataclass(frozen=True, slots=True)
class GaugeTick:
    """A gauge's mean readings, shape `(...,)` each; NaN where there is none."""

    baseline: Floats
    candidate: Floats

    @property
    def heard(self) -> NDArray[np.bool_]:
        """Where both sides had a reading."""
        return np.asarray(np.isfinite(self.baseline) & np.isfinite(self.candidate))

    @property
    def exposed(self) -> tuple[Floats, Floats]:
        """Readings of the baseline and the candidate: one each, or none."""
        return np.isfinite(self.baseline) * 1.0, np.isfinite(self.candidate) * 1.0


Observed = RatioTick | HistogramTick | GaugeTick


class Watch:
    """One indicator of a panel: its evidence, its tripwire and storm rule, its exposure."""

    def __init__(
        self, indicator: Indicator, family: Family, config: Config, shape: tuple[int, ...]
    ) -> None:
        self.indicator = indicator
        self.weight = family.indicators[indicator.name]
        self.alpha = family.alpha(indicator.name)
        """The level at which this indicator alone ends the release."""
        self.alpha_pass = config.false_alarm_rate
        """The level of a pass. All indicators must pass, so that a release that is worse in one is
        passed with this probability at most, and nothing needs sharing (Berger 1982)."""
        settings: dict[str, Any] = {
            "direction": indicator.direction,
            "margin": indicator.margin,
            "alpha": self.alpha,
            "alpha_pass": self.alpha_pass,
            "shape": shape,
        }
        self.evidence = _KERNELS[indicator.kind](**settings)
        self.tripwire: Tripwire | None = None
        self.weight_tripwire = 0.0
        if indicator.objective is not None:
            self.weight_tripwire = family.tripwires[indicator.name]
            level = family.alpha_tripwire(indicator.name)
            self.tripwire = Tripwire(objective=indicator.objective, alpha=level, shape=shape)
        self.storm: Storm | None = None
        if indicator.kind is Kind.RATIO and indicator.direction is not Direction.DECREASE:
            self.storm = Storm(alpha=family.storm / len(family.indicators), shape=shape)
        self.exposure = np.zeros((2, *shape))
        self.bad = np.zeros((2, *shape))
        self.silent = np.full(shape, np.inf)
        """Seconds since both sides were last heard."""

    def update(self, seen: Observed | None, seconds: float) -> None:
        """Take in one tick; None: no data for any run."""
        self.silent = self.silent + seconds
        if seen is None:
            return
        self.silent = np.where(seen.heard, 0.0, self.silent)
        baseline, candidate = seen.exposed
        self.exposure[0] += baseline
        self.exposure[1] += candidate
        match seen, self.evidence:
            case RatioTick(), RatioEvidence():
                self._update_ratio(seen, self.evidence, seconds)
            case HistogramTick(), HistogramEvidence():
                self.evidence.update(seen.baseline, seen.candidate, seen.bounds)
            case GaugeTick(), GaugeEvidence():
                self.evidence.update(seen.baseline, seen.candidate)
            case _:
                raise TypeError(f"{self.indicator.name} is a {self.indicator.kind.value}")

    @property
    def fails(self) -> bool:
        """Whether this indicator of a single release ends it: by evidence, tripwire or storm."""
        storm = self.storm is not None and bool(self.storm.called)
        return storm or self.tripped or bool(self.evidence.log_e >= -np.log(self.alpha) - _EPSILON)

    @property
    def tripped(self) -> bool:
        """Whether its tripwire alone does."""
        if self.tripwire is None:
            return False
        return bool(self.tripwire.log_e >= np.log(self.tripwire.bound) - _EPSILON)

    def _update_ratio(self, seen: RatioTick, evidence: RatioEvidence, seconds: float) -> None:
        self.bad[0] += seen.bad_baseline
        self.bad[1] += seen.bad_candidate
        four = (seen.bad_baseline, seen.total_baseline, seen.bad_candidate, seen.total_candidate)
        evidence.update(*four, seconds)
        if self.storm is not None:
            self.storm.update(*four, seconds)
        if self.tripwire is not None:
            bad = seen.bad_baseline + seen.bad_candidate
            self.tripwire.update(bad, seen.total_baseline + seen.total_candidate, seconds)

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        own = {name: getattr(self, name).tolist() for name in _ARRAYS}
        parts = {name: part.state() for name, part in self._parts().items()}
        return own | parts

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name in _ARRAYS:
            shape = getattr(self, name).shape
            setattr(self, name, np.array(state[name], dtype=np.float64).reshape(shape))
        for name, part in self._parts().items():
            part.load(state[name])

    def _parts(self) -> dict[str, Any]:
        parts = {"evidence": self.evidence, "tripwire": self.tripwire, "storm": self.storm}
        return {name: part for name, part in parts.items() if part is not None}


_ARRAYS = ("exposure", "bad", "silent")
_KERNELS: dict[Kind, Any] = {
    Kind.RATIO: RatioEvidence,
    Kind.HISTOGRAM: HistogramEvidence,
    Kind.GAUGE: GaugeEvidence,
}


class Panel:
    """The judge of `shape` independent releases.

    Args:
        config: what they are judged by.
        shape: leading shape of all arrays; `()` for one release.
    """

    def __init__(self, config: Config, shape: tuple[int, ...] = ()) -> None:
        self.config = config
        self.family = Family.of(config)
        self.watches = {
            one.name: Watch(one, self.family, config, shape) for one in config.indicators
        }
        self._last: float | None = None
        self._failed = np.zeros(shape)

    def update(self, t: float, observed: Mapping[str, Observed]) -> None:
        """Take in one tick.

        Args:
            t: seconds; later than the tick before.
            observed: by name; an indicator that is missing has no data in any run.
        """
        seconds = FIRST_TICK if self._last is None else t - self._last
        self._last = t
        for name, watch in self.watches.items():
            watch.update(observed.get(name), seconds)
        now = (self.log_e >= np.log(1 / self.family.average) - _EPSILON) | self.storm
        self._failed = np.where(now, 1.0, self._failed)

    @property
    def t(self) -> float | None:
        """Seconds of the last tick; None before any."""
        return self._last

    @property
    def log_e(self) -> Floats:
        """Logarithm of the average of all e-values, shape `(...,)`; fails at `1/family.average`."""
        total = np.zeros(self._failed.shape)
        for watch in self.watches.values():
            total = total + watch.weight * np.exp(watch.evidence.log_e)
            if watch.tripwire is not None:
                total = total + watch.weight_tripwire * np.exp(watch.tripwire.log_e)
        return np.log(total)

    @property
    def storm(self) -> NDArray[np.bool_]:
        """Where an outage of the candidate was seen, shape `(...,)`; stays."""
        rules = [watch.storm.called for watch in self.watches.values() if watch.storm is not None]
        return np.any(np.array([*rules, np.zeros(self._failed.shape, dtype=np.bool_)]), axis=0)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Where the release has failed, shape `(...,)`; stays."""
        return self._failed > 0

    def passed(self) -> NDArray[np.bool_]:
        """Where every indicator excludes a regression larger than its margin, on fresh data."""
        passed = ~self.failed
        for watch in self.watches.values():
            if passed.any():
                passed = passed & (watch.silent <= FRESH) & watch.evidence.passes()
        return passed

    @property
    def verdict(self) -> NDArray[np.int8]:
        """HOLD, PASS or FAIL, shape `(...,)`."""
        return np.where(self.failed, FAIL, np.where(self.passed(), PASS, HOLD)).astype(np.int8)

    def interval(self, name: str) -> tuple[Floats, Floats]:
        """Confidence sequence of one indicator, shape `(...,)` each."""
        return self.watches[name].evidence.interval()

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        watches = {name: watch.state() for name, watch in self.watches.items()}
        return {"last": self._last, "failed": self._failed.tolist(), "watches": watches}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self._last = state["last"]
        self._failed = np.array(state["failed"], dtype=np.float64).reshape(self._failed.shape)
        for name, watch in self.watches.items():
            watch.load(state["watches"][name])


_EPSILON = 1e-9
"""Of the logarithm: the last bit of a sum is not evidence."""
