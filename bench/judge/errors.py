"""How bad answers come about: rates, bursts, dependence in time, regressions and outages."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bench.judge.ramp import Counts, Floats

HOUR = 3600.0


class Scope(StrEnum):
    """What a burst of errors hits."""

    SERVICE = "service"
    """Something both colours call: both answer badly alike."""
    POD = "pod"
    """One pod of one colour; every pod of either colour is as likely to be hit."""


@dataclass(frozen=True)
class Bursts:
    """Spells of errors: Poisson starts, exponential lengths."""

    scope: Scope
    every: float = 600.0
    """Mean seconds between starts; with `POD`, of one colour."""
    length: float = 10.0
    """Mean seconds a burst lasts."""
    rate: float = 0.10
    """Probability that a request which a burst hits is answered badly."""
    pods: int = 3
    """Pods of one colour, which share its requests evenly."""


@dataclass(frozen=True)
class Outage:
    """Every request is answered badly from some second on."""

    start: int
    """Tick of the first second of the outage."""
    both: bool
    """Both colours; otherwise the candidate alone."""


@dataclass(frozen=True)
class Errors:
    """A ratio indicator: bad answers among all.

    Dependence in time follows the integer-valued autoregression INAR(1) of Al-Osh and Alzaid
    (Journal of Time Series Analysis 8(3), 1987): of the last tick's bad answers each brings one
    more with probability `autocorrelation`, and fresh ones arrive at the rate that keeps the mean.
    The marginal distribution stays Poisson and the lag-1 autocorrelation of the counts is exactly
    that probability. Errors then come in clusters (mean size 1 / (1 - autocorrelation)), each
    colour's on its own, and the variance of a long sum is (1 + a) / (1 - a) times Poisson's.
    """

    rate: float = 0.005
    """Probability of a bad answer at the baseline."""
    times: float = 1.0
    """What the candidate multiplies that by: 1 is a release without fault."""
    autocorrelation: float = 0.0
    swing: float = 1.0
    """Highest over lowest rate within an hour; a sinusoid of its logarithm, phase random a run."""
    bursts: Bursts | None = None
    outage: Outage | None = None

    def draw(
        self, totals: tuple[Counts, Counts], rng: np.random.Generator
    ) -> tuple[Counts, Counts]:
        """Bad answers of baseline and candidate, (ticks, runs) each."""
        ticks, runs = totals[0].shape
        common = self.rate * _swing(self.swing, ticks, runs, rng)
        hit = _burst_shares(self.bursts, ticks, runs, rng)
        bad: list[Counts] = []
        for times, total, share in zip((1.0, self.times), totals, hit, strict=True):
            burst = 0.0 if self.bursts is None else self.bursts.rate
            probability = np.clip(common * times * (1 - share) + burst * share, 0.0, 1.0)
            bad.append(_counts(total, probability, self.autocorrelation, rng))
        if self.outage is not None:
            for colour in (0, 1) if self.outage.both else (1,):
                bad[colour][self.outage.start :] = totals[colour][self.outage.start :]
        return bad[0], bad[1]


def _swing(ratio: float, ticks: int, runs: int, rng: np.random.Generator) -> Floats:
    phase = rng.random(runs)
    turns = np.arange(ticks)[:, None] / HOUR + phase
    return np.exp(0.5 * np.log(ratio) * np.sin(2 * np.pi * turns))


def _burst_shares(
    bursts: Bursts | None, ticks: int, runs: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The share of each colour's requests that a burst hits, (ticks, runs) each."""
    if bursts is None:
        return np.zeros((ticks, runs)), np.zeros((ticks, runs))
    if bursts.scope is Scope.SERVICE:
        both = _spells(bursts, ticks, runs, rng)
        return both, both
    each = _spells(bursts, ticks, runs, rng), _spells(bursts, ticks, runs, rng)
    return each[0] / bursts.pods, each[1] / bursts.pods


def _spells(bursts: Bursts, ticks: int, runs: int, rng: np.random.Generator) -> Floats:
    """1.0 in the ticks of a burst, (ticks, runs)."""
    starts = rng.random((ticks, runs)) < 1 / bursts.every
    lengths = np.ceil(rng.exponential(bursts.length, (ticks, runs)))
    moments = np.arange(ticks)[:, None]
    ends: Floats = np.maximum.accumulate(np.where(starts, moments + lengths, 0.0), axis=0)
    return (moments < ends).astype(np.float64)


def _counts(total: Counts, probability: Floats, again: float, rng: np.random.Generator) -> Counts:
    if again == 0.0:
        return rng.binomial(total, probability)
    bad = np.empty(total.shape, dtype=np.int64)
    last = np.zeros(total.shape[1], dtype=np.int64)
    for tick in range(len(total)):
        requests: Counts = total[tick]
        expected: Floats = requests * probability[tick]
        # the first tick has no forerunner: all of its errors are fresh
        fresh = rng.poisson(expected * (1 - again if tick else 1.0))
        last = np.minimum(rng.binomial(last, again) + fresh, requests)
        bad[tick] = last
    return bad
