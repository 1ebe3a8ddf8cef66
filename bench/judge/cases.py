"""Cases that users of Kayenta reported as judged wrongly: the points, and the traffic behind them.

Kayenta is given the points as they were reported. The judge is given what such points are made of:
each point stands for a minute, whose requests or readings are drawn with a seed. Sources:
github.com/spinnaker/spinnaker#6278, the same text as spinnaker/kayenta#780, with the comments to
it, and spinnaker/kayenta#426. Of #6278's second case (a canary that is slow only while it is young)
no points are at hand: `WARMING` draws it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.judge.peers.kayenta import Classifier, Direction, Label
from bench.judge.traffic import MINUTE
from judge.config import Config, Indicator, Kind
from judge.config import Direction as Worse
from judge.observation import Buckets, Counts, Pair, Samples, Side, Tick
from judge.verdict import Verdict

if TYPE_CHECKING:
    from bench.judge.ramp import Floats

Points = tuple[float, ...]

EDGES = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, float("inf"))
RATE = 20
"""Requests a second of each colour behind a point."""


def errors(point: float, rng: np.random.Generator) -> Side:
    """A second of a minute with so many bad answers."""
    return Counts(int(min(rng.poisson(point / MINUTE), RATE)), RATE)


def latency(point: float, rng: np.random.Generator) -> Side:
    """A second of requests that took about so long, a tenth more or less."""
    times: Floats = point * rng.lognormal(0.0, 0.1, RATE)
    return Buckets(EDGES, tuple(int((times <= edge).sum()) for edge in EDGES))


def reading(point: float, rng: np.random.Generator) -> Side:
    """A second's reading of a gauge that stands at about so much, a hundredth more or less."""
    return Samples((point * (1 + 0.01 * float(rng.standard_normal())),))


@dataclass(frozen=True)
class Case:
    """One report: what Kayenta said, and what is right."""

    source: str
    told: str
    control: Points
    experiment: Points
    classifier: Classifier
    kayenta: Label
    """What it answers, to the dismay of who reported it."""
    indicator: Indicator
    behind: Callable[[float, np.random.Generator], Side]
    right: Verdict
    baseline: Points | None = None
    """What the judge is given as the baseline, where that is not Kayenta's control."""

    @property
    def config(self) -> Config:
        """What the judge watches."""
        return Config((self.indicator,))

    def label(self) -> Label:
        """What the Kayenta peer answers to the points."""
        return self.classifier.label(np.array(self.control), np.array(self.experiment))

    def ticks(self, seed: int) -> Iterator[Tick]:
        """The traffic behind the points, second by second."""
        rng = np.random.default_rng(seed)
        baseline = self.control if self.baseline is None else self.baseline
        for minute, points in enumerate(zip(baseline, self.experiment, strict=True)):
            for second in range(MINUTE):
                pair = Pair(self.behind(points[0], rng), self.behind(points[1], rng))
                at = minute * MINUTE + second + 1.0
                yield Tick(t=at, share=0.5, indicators={self.indicator.name: pair})


VARIABLE = (
    1.0,
    100.0,
    4.0,
    101.0,
    5.0,
    102.0,
    6.0,
    103.0,
    7.0,
    104.0,
    8.0,
    105.0,
    9.0,
    106.0,
    17.0,
)
STEADY = (10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17.0, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7)
WARM = tuple(10.0 + 0.1 * (at % 5) for at in range(15))
WARMING = tuple(10.0 + 0.1 * (at % 5) + 60.0 * 0.8**at for at in range(15))
SPARSE = (0.0, 1.0, 2.0, 1.0, 0.0, 0.0)

UP = Classifier(Direction.INCREASE)
EITHER = Classifier(Direction.EITHER)

CASES = {
    "variability": Case(
        source="spinnaker/spinnaker#6278 and spinnaker/kayenta#780, case 1",
        told="latencies of quite another spread pass, as their ranks are balanced",
        control=VARIABLE,
        experiment=STEADY,
        classifier=EITHER,
        kayenta=Label.PASS,
        indicator=Indicator("latency", Kind.HISTOGRAM, Worse.EITHER),
        behind=latency,
        right=Verdict.FAIL,
    ),
    "variability-of-the-canary": Case(
        source="the same with the colours exchanged: it is the canary that varies",
        told="half of the minutes ten times slower pass, as the other half is faster",
        control=STEADY,
        experiment=VARIABLE,
        classifier=UP,
        kayenta=Label.PASS,
        indicator=Indicator("latency", Kind.HISTOGRAM, Worse.INCREASE),
        behind=latency,
        right=Verdict.FAIL,
    ),
    "seven-of-ten": Case(
        source="spinnaker/spinnaker#6278, comment of 2021-07-12",
        told="a hundred times the baseline in seven points of ten passes",
        control=(1.0,) * 10,
        experiment=(100.0,) * 7 + (1.0,) * 3,
        classifier=Classifier(Direction.INCREASE, allowed_increase=1.05),
        kayenta=Label.PASS,
        indicator=Indicator("memory", Kind.GAUGE),
        behind=reading,
        right=Verdict.FAIL,
    ),
    "warming-up": Case(
        source="spinnaker/spinnaker#6278 and spinnaker/kayenta#780, case 2, redrawn",
        told="slow while young fails against a live baseline; a baseline of equal age is as slow",
        control=WARM,
        experiment=WARMING,
        classifier=UP,
        kayenta=Label.HIGH,
        indicator=Indicator("latency", Kind.HISTOGRAM),
        behind=latency,
        right=Verdict.PASS,
        baseline=WARMING,
    ),
    "sparse": Case(
        source="spinnaker/kayenta#426",
        told="four bad answers where the baseline has none pass, and so do they an hour long",
        control=(0.0,) * 60,
        experiment=(*SPARSE, *(0.0, 1.0, 0.0) * 18),
        classifier=UP,
        kayenta=Label.PASS,
        indicator=Indicator("errors", Kind.RATIO),
        behind=errors,
        right=Verdict.FAIL,
    ),
}
