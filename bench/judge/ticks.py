"""One simulated run as the judge is shown it: a configuration, and JSON lines or ticks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.judge.errors import Errors
from bench.judge.gauges import Gauge
from bench.judge.latency import BOUNDS, Latency
from bench.judge.traffic import Histograms, Ratios, Readings, Scenario, Source, Traffic
from judge.config import Config, Indicator, Kind
from judge.observation import Buckets, Pair, Samples, Side, Tick
from judge.observation import Counts as Ratio

if TYPE_CHECKING:
    from bench.judge.ramp import Counts

EDGES = (*BOUNDS, float("inf"))


def config(scenario: Scenario, margin: float = 0.1, false_alarm_rate: float = 0.01) -> Config:
    """What watches a scenario: more is worse of every indicator."""
    indicators = tuple(
        Indicator(name, _kind(source), margin=margin) for name, source in scenario.indicators
    )
    return Config(indicators, false_alarm_rate, margin)


def _kind(source: Source) -> Kind:
    match source:
        case Errors():
            return Kind.RATIO
        case Latency():
            return Kind.HISTOGRAM
        case Gauge():
            return Kind.GAUGE


def block(config: Config) -> dict[str, Any]:
    """The same as the `judge` block of a TrafficSwitch."""
    return {
        "indicators": [
            {"name": one.name, "kind": one.kind.value, "direction": one.direction.value}
            for one in config.indicators
        ],
        "falseAlarmRate": config.false_alarm_rate,
        "margin": config.margin,
    }


def ticks(traffic: Traffic, run: int) -> Iterator[Tick]:
    """One run, tick by tick."""
    for at in range(traffic.ticks):
        yield Tick(
            t=float(at + 1),
            share=float(traffic.shares[at, run]),
            indicators={
                name: Pair(_side(pair, 0, at, run), _side(pair, 1, at, run))
                for name, pair in traffic.indicators.items()
            },
        )


def _side(pair: Ratios | Histograms | Readings, colour: int, at: int, run: int) -> Side:
    match pair:
        case Ratios():
            return Ratio(int(pair.bad[colour][at, run]), int(pair.totals[colour][at, run]))
        case Histograms():
            cumulative: Counts = np.cumsum(pair.counts[colour][at, run])
            return Buckets(EDGES, tuple(cumulative.tolist()))
        case Readings():
            return Samples((float(pair.values[colour][at, run]),))


def line(tick: Tick) -> dict[str, Any]:
    """A tick as `switchyard judge` reads it, to be dumped as one line of JSON."""
    return {
        "t": tick.t,
        "share": tick.share,
        "indicators": {
            name: {"baseline": _plain(pair.baseline), "candidate": _plain(pair.candidate)}
            for name, pair in tick.indicators.items()
            if isinstance(pair, Pair)
        },
    }


def _plain(side: Side) -> Any:  # noqa: ANN401 - JSON
    match side:
        case Ratio():
            return {"bad": side.bad, "total": side.total}
        case Buckets():
            edges = [*(f"{bound:g}" for bound in side.bounds[:-1]), "+Inf"]
            return {"buckets": dict(zip(edges, side.cumulative, strict=True))}
        case Samples():
            return list(side.values)
        case _:
            return None
