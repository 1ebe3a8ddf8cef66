"""Switchyard's own judge over simulated releases: the product's panel, with an axis of runs.

No rule of the judge is written here. A test holds the panel's runs equal to sessions that are fed
tick by tick.
"""

from dataclasses import dataclass

import numpy as np

from bench.judge import ticks
from bench.judge.outcome import Watched
from bench.judge.ramp import Floats, Marks
from bench.judge.traffic import Histograms, Pair, Ratios, Readings, Traffic
from judge.config import Config, Direction, Kind
from judge.panel import GaugeTick, HistogramTick, Observed, Panel, RatioTick


@dataclass(frozen=True)
class Switchyard:
    """The judge at its defaults."""

    name: str = "Switchyard"
    margin: float = 0.1
    false_alarm_rate: float = 0.01
    look: int = 5
    """Ticks between looks for a pass, which take longer than those for a failure (every tick)."""

    def watch(self, traffic: Traffic) -> Watched:
        """When each run failed and when it first passed, and whether a pass was against the margin.

        Runs that have failed are judged no further, as the release is over.
        """
        config = ticks.config(traffic.scenario, self.margin, self.false_alarm_rate)
        panel = Panel(config, (traffic.runs,))
        failed = np.full(traffic.runs, np.nan)
        passed = np.full(traffic.runs, np.nan)
        dishonest = np.zeros(traffic.runs, dtype=np.bool_)
        for at in range(traffic.ticks):
            panel.update(at + 1.0, observed(traffic, at))
            failed[np.isnan(failed) & panel.failed] = at + 1.0
            if not np.isnan(failed).any():
                break
            if at % self.look == 0:
                passes = np.isnan(failed) & panel.passed()
                passed[np.isnan(passed) & passes] = at + 1.0
                if passes.any():
                    dishonest |= passes & ~excluded(panel, config)
        return Watched(failed, passed, dishonest)


def observed(traffic: Traffic, at: int) -> dict[str, Observed]:
    """One tick of all runs, as the panel takes it."""
    return {name: _observed(pair, at) for name, pair in traffic.indicators.items()}


def _observed(pair: Pair, at: int) -> Observed:
    match pair:
        case Ratios():
            bad, totals = pair.bad, pair.totals
            return RatioTick(
                bad_baseline=_floats(bad[0][at]),
                total_baseline=_floats(totals[0][at]),
                bad_candidate=_floats(bad[1][at]),
                total_candidate=_floats(totals[1][at]),
            )
        case Histograms():
            blue, green = pair.counts
            return HistogramTick(ticks.EDGES, _floats(blue[at]), _floats(green[at]))
        case Readings():
            return GaugeTick(pair.values[0][at], pair.values[1][at])


def _floats(counts: np.ndarray) -> Floats:
    return counts.astype(np.float64)


def excluded(panel: Panel, config: Config) -> Marks:
    """Where every interval, as reported, lies on the good side of its margin, (runs,).

    Judged by the reported ends alone and not by the judge's own word that it may pass.
    """
    good = np.ones(panel.failed.shape, dtype=np.bool_)
    for one in config.indicators:
        lower, upper = panel.interval(one.name)
        neutral = 0.0 if one.kind is Kind.GAUGE else 1.0
        if one.direction is not Direction.DECREASE:
            good &= upper <= neutral + one.margin
        if one.direction is not Direction.INCREASE:
            low = -one.margin if one.kind is Kind.GAUGE else 1 / (1 + one.margin)
            good &= lower >= low
    return good
