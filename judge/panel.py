"""All indicators of a release together, for a batch of independent releases.

This is the whole judge but for words: a `Session` is a panel of shape `()` with sentences, and a
simulation is one of shape `(runs,)`. What is measured on the one holds for the other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.batch_tick import GaugeTick, HistogramTick, Observed, RatioTick
from judge.config import Kind
from judge.family import Family
from judge.gauge import GaugeEvidence
from judge.histogram import HistogramEvidence
from judge.ratio_group import RatioRow, groups
from judge.tripwire import Tripwire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from judge.config import Config, Indicator

    Floats = NDArray[np.float64]

__all__ = [
    "FAIL",
    "FRESH",
    "HOLD",
    "PASS",
    "GaugeTick",
    "HistogramTick",
    "Observed",
    "Panel",
    "RatioTick",
    "Watch",
]

HOLD, PASS, FAIL = 0, 1, 2
"""Verdicts as numbers, for arrays of them."""
FRESH = 30.0
"""Seconds without events on one side after which an indicator no longer speaks for a pass."""
LARGEST = 500.0
"""Of the logarithm of an e-value: beyond it nobody tells evidence from evidence."""
FIRST_TICK = 1.0
"""Seconds that the first tick is taken to cover; nobody says when it began."""


class Watch:
    """One indicator of a panel: its evidence, its tripwire and storm rule, its exposure.

    Args:
        indicator: what is watched.
        evidence: of that indicator; a ratio's is a row of its group's.
        family: the shares of the false-alarm rate.
        shape: leading shape of all arrays.
    """

    def __init__(
        self,
        indicator: Indicator,
        evidence: HistogramEvidence | GaugeEvidence | RatioRow,
        family: Family,
        shape: tuple[int, ...],
    ) -> None:
        self.indicator = indicator
        self.evidence = evidence
        self.weight = family.indicators[indicator.name]
        self.alpha = family.alpha(indicator.name)
        """The level at which this indicator alone ends the release."""
        self.alpha_pass = family.passing
        self.tripwire: Tripwire | None = None
        self.weight_tripwire = 0.0
        if indicator.objective is not None:
            self.weight_tripwire = family.tripwires[indicator.name]
            level = family.alpha_tripwire(indicator.name)
            self.tripwire = Tripwire(objective=indicator.objective, alpha=level, shape=shape)
        self.exposure = np.zeros((2, *shape))
        self.bad = np.zeros((2, *shape))
        self.silent = np.full(shape, np.inf)
        """Seconds since both sides were last heard."""

    def update(self, seen: Observed | None, seconds: float) -> None:
        """Take in one tick, but for a ratio's evidence; None: no data for any run."""
        self.silent = self.silent + seconds
        if seen is None:
            return
        self.silent = np.where(seen.heard, 0.0, self.silent)
        baseline, candidate = seen.exposed
        self.exposure[0] += baseline
        self.exposure[1] += candidate
        match seen, self.evidence:
            case RatioTick(), RatioRow():
                self.bad[0] += seen.bad_baseline
                self.bad[1] += seen.bad_candidate
                if self.tripwire is not None:
                    bad = seen.bad_baseline + seen.bad_candidate
                    self.tripwire.update(bad, baseline + candidate, seconds)
            case HistogramTick(), HistogramEvidence():
                counts = (seen.baseline, seen.candidate)
                self.evidence.update(*counts, seen.bounds, seconds=seconds)
            case GaugeTick(), GaugeEvidence():
                self.evidence.update(seen.baseline, seen.candidate)
            case _:
                raise TypeError(f"{self.indicator.name} is a {self.indicator.kind.value}")

    @property
    def storm(self) -> NDArray[np.bool_]:
        """Where its storm rule has seen an outage, shape `(...,)`; stays."""
        if isinstance(self.evidence, RatioRow):
            return self.evidence.storm
        return np.zeros(self.silent.shape, dtype=np.bool_)

    @property
    def fails(self) -> bool:
        """Whether this indicator of a single release ends it: by evidence, tripwire or storm."""
        if bool(self.storm) or self.tripped:
            return True
        return bool(self.evidence.log_e >= -math.log(self.alpha) - _EPSILON)

    @property
    def tripped(self) -> bool:
        """Whether its tripwire alone does."""
        if self.tripwire is None:
            return False
        return bool(self.tripwire.log_e >= math.log(self.tripwire.bound) - _EPSILON)

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
        parts = {"evidence": self.evidence, "tripwire": self.tripwire}
        return {
            name: part
            for name, part in parts.items()
            if part is not None and not isinstance(part, RatioRow)
        }


_ARRAYS = ("exposure", "bad", "silent")


class Panel:
    """The judge of `shape` independent releases.

    Args:
        config: what they are judged by.
        shape: leading shape of all arrays; `()` for one release.
    """

    def __init__(self, config: Config, shape: tuple[int, ...] = ()) -> None:
        self.config = config
        self.family = Family.of(config)
        self.groups = groups(config, self.family, shape)
        rows = {name: row for group in self.groups for name, row in group.rows.items()}
        self.watches: dict[str, Watch] = {}
        for one in config.indicators:
            evidence = rows[one.name] if one.kind is Kind.RATIO else self._kernel(one, shape)
            self.watches[one.name] = Watch(one, evidence, self.family, shape)
        self._last: float | None = None
        self._failed = np.zeros(shape)

    def _kernel(
        self, indicator: Indicator, shape: tuple[int, ...]
    ) -> HistogramEvidence | GaugeEvidence:
        kernel = HistogramEvidence if indicator.kind is Kind.HISTOGRAM else GaugeEvidence
        return kernel(
            direction=indicator.direction,
            margin=indicator.margin,
            alpha=self.family.alpha(indicator.name),
            alpha_pass=self.family.passing,
            shape=shape,
        )

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
        for group in self.groups:
            group.update(observed, seconds)
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
            total = total + watch.weight * np.exp(np.minimum(watch.evidence.log_e, LARGEST))
            if watch.tripwire is not None:
                total = total + watch.weight_tripwire * np.exp(watch.tripwire.log_e)
        return np.log(total)

    @property
    def storm(self) -> NDArray[np.bool_]:
        """Where an outage of the candidate was seen, shape `(...,)`; stays."""
        storm = np.zeros(self._failed.shape, dtype=np.bool_)
        for group in self.groups:
            storm = storm | group.storm
        return storm

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
        return {
            "last": self._last,
            "failed": self._failed.tolist(),
            "watches": {name: watch.state() for name, watch in self.watches.items()},
            "groups": [group.state() for group in self.groups],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self._last = state["last"]
        self._failed = np.array(state["failed"], dtype=np.float64).reshape(self._failed.shape)
        for name, watch in self.watches.items():
            watch.load(state["watches"][name])
        for group, told in zip(self.groups, state["groups"], strict=True):
            group.load(told)


_EPSILON = 1e-9
"""Of the logarithm: the last bit of a sum is not evidence."""
