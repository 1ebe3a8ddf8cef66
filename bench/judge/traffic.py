"""What a judge is shown: the increments of every indicator, tick by tick, of many runs at once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bench.judge.errors import Errors
from bench.judge.gauges import Gauge
from bench.judge.latency import Latency
from bench.judge.ramp import LADDER, Counts, Floats, Ramp, arrivals

MINUTE = 60

Source = Errors | Latency | Gauge


@dataclass(frozen=True)
class Scenario:
    """One release under one kind of traffic."""

    name: str
    title: str
    indicators: tuple[tuple[str, Source], ...]
    ramp: Ramp = LADDER
    faulty: bool = False
    """Whether stopping the release is right."""
    since: float = 0.0
    """Second at which the fault begins."""

    def traffic(self, seed: int, chunk: int, runs: int) -> "Traffic":
        """The runs of one chunk; the same arguments give the same traffic."""
        rng = np.random.default_rng([seed, crc32(self.name.encode()), chunk])
        reported, actual = self.ramp.shares(runs, rng)
        totals = arrivals(self.ramp.rate, actual, rng)
        drawn: dict[str, Pair] = {}
        for name, source in self.indicators:
            match source:
                case Errors():
                    drawn[name] = Ratios(totals, source.draw(totals, rng))
                case Latency():
                    drawn[name] = Histograms(source.draw(totals, rng))
                case Gauge():
                    drawn[name] = Readings(source.draw(self.ramp.ticks, runs, rng))
        return Traffic(self, reported, totals, drawn)


@dataclass(frozen=True)
class Ratios:
    """Requests and bad answers of (baseline, candidate), (ticks, runs) each."""

    totals: tuple[Counts, Counts]
    bad: tuple[Counts, Counts]

    @cached_property
    def by_minute(self) -> "Ratios":
        """The sums of whole minutes, (minutes, runs)."""
        return Ratios(
            (_minutes(self.totals[0]), _minutes(self.totals[1])),
            (_minutes(self.bad[0]), _minutes(self.bad[1])),
        )


@dataclass(frozen=True)
class Histograms:
    """Requests per bucket of (baseline, candidate), (ticks, runs, buckets) each."""

    counts: tuple[Counts, Counts]

    @cached_property
    def by_minute(self) -> "Histograms":
        """The sums of whole minutes, (minutes, runs, buckets)."""
        return Histograms((_minutes(self.counts[0]), _minutes(self.counts[1])))


@dataclass(frozen=True)
class Readings:
    """One reading a tick of (baseline, candidate), (ticks, runs) each."""

    values: tuple[Floats, Floats]

    @cached_property
    def by_minute(self) -> "Readings":
        """The means of whole minutes, (minutes, runs)."""
        sums = _minutes(self.values[0]), _minutes(self.values[1])
        return Readings((sums[0] / MINUTE, sums[1] / MINUTE))


Pair = Ratios | Histograms | Readings


@dataclass(frozen=True)
class Traffic:
    """Many runs of one scenario."""

    scenario: Scenario
    shares: Floats
    """The candidate's share as each tick reports it, (ticks, runs)."""
    totals: tuple[Counts, Counts]
    """Requests of (baseline, candidate), (ticks, runs) each."""
    indicators: dict[str, Pair]

    @property
    def ticks(self) -> int:
        """Seconds."""
        return self.shares.shape[0]

    @property
    def runs(self) -> int:
        """Releases that are simulated side by side."""
        return self.shares.shape[1]

    @property
    def minutes(self) -> int:
        """Whole minutes."""
        return self.ticks // MINUTE


def _minutes(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    whole = len(values) // MINUTE * MINUTE
    return values[:whole].reshape(-1, MINUTE, *values.shape[1:]).sum(axis=1)
