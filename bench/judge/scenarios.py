"""The releases that are judged: good ones under every kind of traffic, and broken ones.

Base traffic is that of issue 4: weights 1, 5, 25, 50 %, ten minutes each, 200 requests a second,
0.5 % bad answers, one tick a second.
"""

from dataclasses import replace

from bench.judge.errors import Bursts, Errors, Outage, Scope
from bench.judge.gauges import Gauge
from bench.judge.latency import Latency
from bench.judge.ramp import LADDER, Ramp
from bench.judge.traffic import Scenario, Source

QUIET = Errors()
LONG = Ramp(weights=(0.01, 0.05, 0.25, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50), dwell=1200)


def _errors(name: str, title: str, errors: Errors, ramp: Ramp = LADDER) -> Scenario:
    worse = errors.times > 1 or errors.outage is not None
    since = 0 if errors.outage is None else errors.outage.start
    return Scenario(name, title, (("errors", errors),), ramp, faulty=worse, since=since)


def _latency(name: str, title: str, latency: Latency, *, faulty: bool) -> Scenario:
    return Scenario(name, title, (("latency", latency),), faulty=faulty)


def _gauge(name: str, title: str, gauge: Gauge, *, faulty: bool) -> Scenario:
    return Scenario(name, title, (("memory", gauge),), faulty=faulty)


def _eight(autocorrelation: float) -> tuple[tuple[str, Source], ...]:
    """Four error ratios, two latencies, two gauges."""
    wobble = 0.05 if autocorrelation else 0.0
    latency = Latency(wobble=wobble, autocorrelation=autocorrelation)
    return (
        ("errors", Errors(autocorrelation=autocorrelation)),
        ("timeouts", Errors(0.002, autocorrelation=autocorrelation)),
        ("rejections", Errors(0.003, autocorrelation=autocorrelation)),
        ("upstream-errors", Errors(0.005, autocorrelation=autocorrelation)),
        ("latency", latency),
        ("upstream-latency", replace(latency, median=0.03, sigma=0.8)),
        ("memory", Gauge(autocorrelation=autocorrelation)),
        ("cpu", Gauge(level=0.4, noise=0.03, swing=0.1, autocorrelation=autocorrelation)),
    )


def _eight_ratios(autocorrelation: float) -> tuple[tuple[str, Source], ...]:
    rates = (0.005, 0.002, 0.005, 0.003, 0.005, 0.002, 0.004, 0.005)
    return tuple(
        (f"errors-{at}", Errors(rate, autocorrelation=autocorrelation))
        for at, rate in enumerate(rates)
    )


GOOD = (
    _errors("aa", "A/A", QUIET),
    Scenario("aa-8", "A/A, 8 indicators (4 ratios, 2 histograms, 2 gauges)", _eight(0.0)),
    _errors("autocorrelated", "errors with lag-1 autocorrelation 0.5", Errors(autocorrelation=0.5)),
    Scenario("autocorrelated-8", "8 indicators, each with lag-1 autocorrelation 0.5", _eight(0.5)),
    Scenario(
        "autocorrelated-8-ratios",
        "8 error ratios, each with lag-1 autocorrelation 0.5",
        _eight_ratios(0.5),
    ),
    _errors("swing", "error rate swinging tenfold over the hour", Errors(swing=10.0)),
    _errors("bursts", "bursts that hit both colours", Errors(bursts=Bursts(Scope.SERVICE))),
    _errors(
        "pod-bursts", "bursts, each in one pod of one colour", Errors(bursts=Bursts(Scope.POD))
    ),
    _errors("mid-tick", "weights changing within ticks", QUIET, replace(LADDER, redraw=20)),
    _errors(
        "swing-mid-tick",
        "tenfold swing and weights changing within ticks",
        Errors(swing=10.0),
        replace(LADDER, redraw=20),
    ),
    _errors("low-traffic", "A/A at one request in two seconds", QUIET, LADDER.at_rate(0.5)),
    _errors("no-errors", "A/A without a single error", Errors(rate=0.0)),
    _latency("aa-latency", "A/A, latency", Latency(), faulty=False),
    _latency(
        "wobbling-latency",
        "A/A, each colour's slowness wandering by 5 %, lag-1 autocorrelation 0.5",
        Latency(wobble=0.05, autocorrelation=0.5),
        faulty=False,
    ),
    _gauge("aa-gauge", "A/A, a gauge", Gauge(), faulty=False),
    _gauge(
        "autocorrelated-gauge",
        "A/A, a gauge with lag-1 autocorrelation 0.5",
        Gauge(autocorrelation=0.5),
        faulty=False,
    ),
    _gauge(
        "sluggish-gauge",
        "A/A, a gauge with lag-1 autocorrelation 0.95",
        Gauge(autocorrelation=0.95, swing=10.0),
        faulty=False,
    ),
    Scenario(
        "sluggish-8-gauges",
        "A/A, 8 gauges with autocorrelation 0.5 from minute to minute",
        tuple((f"gauge-{at}", Gauge(autocorrelation=0.5 ** (1 / 60))) for at in range(8)),
    ),
    _errors("aa-long", "A/A, the last step held until 3 h 20 min", QUIET, LONG),
)

BROKEN = (
    _errors("errors-5x", "5 times the errors", Errors(times=5.0)),
    _errors("errors-3x", "3 times the errors", Errors(times=3.0)),
    _errors("errors-2x", "2 times the errors", Errors(times=2.0)),
    _errors("errors-1.5x", "1.5 times the errors", Errors(times=1.5)),
    _errors(
        "errors-3x-autocorrelated",
        "3 times the errors, lag-1 autocorrelation 0.5",
        Errors(times=3.0, autocorrelation=0.5),
    ),
    _errors("errors-3x-swing", "3 times the errors, swinging", Errors(times=3.0, swing=10.0)),
    Scenario(
        "errors-3x-8",
        "3 times the errors, one of 8 indicators",
        (("errors", Errors(times=3.0)), *_eight(0.0)[1:]),
        faulty=True,
    ),
    _latency("latency-10", "latency + 10 %", Latency(times=1.1), faulty=True),
    _latency("latency-30", "latency + 30 %", Latency(times=1.3), faulty=True),
    _latency(
        "latency-tail", "slowest tenth 3 times slower, same median", Latency(tail=3.0), faulty=True
    ),
    _gauge("leak", "a gauge that leaks 30 % an hour", Gauge(leak=60.0), faulty=True),
    _gauge(
        "leak-autocorrelated",
        "the same leak under noise with lag-1 autocorrelation 0.5",
        Gauge(leak=60.0, autocorrelation=0.5),
        faulty=True,
    ),
    _errors(
        "outage", "the candidate answers nothing but errors", Errors(outage=Outage(60, both=False))
    ),
    _errors(
        "storm", "both colours answer nothing but errors", Errors(outage=Outage(60, both=True))
    ),
    _errors(
        "low-traffic-5x",
        "5 times the errors at one request in two seconds",
        Errors(times=5.0),
        LADDER.at_rate(0.5),
    ),
)

SCENARIOS = {scenario.name: scenario for scenario in (*GOOD, *BROKEN)}
