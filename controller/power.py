"""What the evidence of a ramp could have shown by now: the guard against a blind promotion. Pure.

A candidate that no request has reached looks as good as one that answered a million. So besides
what the judge found, the smallest regression is told that it would have found by now with a
probability of 80 %, given the exposure that there really was.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.ramp_api import Indicator, Judge
from judge.config import parse
from judge.exposure.belief import RATIOS, Belief
from judge.exposure.detection import bar, needed
from judge.family import Family
from judge.observation import Counts

POWER = 0.8
"""Probability with which a regression would have been found: 0.8, the convention."""
FLOOR = 0.001
"""Error rate that counts as none when no objective says better: 1 in 1,000. A service without any
error has no rate to multiply, and a regression that matters is one of this order."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What both colours were exposed to since the ramp began, ratio by ratio."""

    beliefs: Mapping[str, Belief] = field(default_factory=dict[str, Belief])
    seconds: float = 0.0

    def add(self, name: str, baseline: Counts, candidate: Counts, seconds: float) -> "Seen":
        """With the counts of one span."""
        before = self.beliefs.get(name, Belief())
        counts = (baseline.bad, baseline.total, candidate.bad, candidate.total)
        after = before.add(*counts, seconds)
        return Seen({**self.beliefs, name: after}, self.seconds)

    def longer(self, seconds: float) -> "Seen":
        """With more time."""
        return Seen(self.beliefs, self.seconds + seconds)

    @property
    def rps(self) -> float:
        """Requests a second of both colours, as the ratio with the most of them has it."""
        most = max((b.baseline + b.candidate for b in self.beliefs.values()), default=0.0)
        return most / self.seconds if self.seconds else 0.0

    @property
    def error_rate(self) -> float:
        """The baseline's share of bad events, as the ratio with the most events has it."""
        belief = max(self.beliefs.values(), key=lambda b: b.baseline, default=Belief())
        return belief.bad_baseline / belief.baseline if belief.baseline else 0.0

    def dump(self) -> str:
        """As text."""
        return json.dumps([self.seconds, {n: b.dump() for n, b in self.beliefs.items()}])

    @classmethod
    def load(cls, text: str) -> "Seen":
        """From text.

        Raises:
            ValueError: not such a text.
        """
        seconds, beliefs = json.loads(text)
        return cls({name: Belief.load(one) for name, one in beliefs.items()}, seconds)


@dataclass(frozen=True, slots=True)
class Power:
    """The smallest regression that could have shown."""

    detectable: float | None
    """As a factor of the error rate; None: not even the largest."""
    sentence: str


def power(judge: Judge, seen: Seen) -> Power:
    """The power of all ratios together: that of the one that says least."""
    ratios = [one for one in judge.indicators if one.kind == "ratio"]
    if not ratios:
        return Power(None, "no indicator is a ratio, so only a PASS of the judge carries on")
    family = Family.of(parse(judge.dump()))
    powers: list[Power] = []
    for one in ratios:
        required = needed(bar(family.alpha(one.name)), POWER)
        belief = seen.beliefs.get(one.name, Belief())
        powers.append(_of(one.name, belief, least_rate(one), seen.seconds, required))
    return max(powers, key=lambda one: float("inf") if one.detectable is None else one.detectable)


def least_rate(indicator: Indicator | None) -> float:
    """The rate of bad events to reckon with where fewer were seen."""
    return (indicator.objective if indicator else None) or FLOOR


def _of(name: str, belief: Belief, least: float, seconds: float, required: float) -> Power:
    rate = belief.bad_baseline / belief.baseline if belief.baseline else 0.0
    rate = max(rate, least)
    exposed = f"{belief.candidate:.0f} requests of the candidate in {seconds:.0f} s"
    at_rate = f"at {rate:.2%} {name}"
    smallest = _smallest(belief, rate, required)
    if smallest is None:
        nothing = f"{exposed} could not have shown even {RATIOS[-1]:g} times as many, {at_rate}"
        return Power(None, f"{nothing}: more time, more traffic or a larger step would help")
    told = f"{exposed} would have shown {smallest:.1f} times as many, {at_rate}"
    return Power(smallest, f"{told}: more time, more traffic or a larger step would show less")


def _smallest(belief: Belief, rate: float, required: float) -> float | None:
    """The smallest ratio whose mean evidence suffices, to one part in a hundred."""
    if not belief.candidate or not belief.baseline:
        return None
    low, high = RATIOS[0], RATIOS[-1]
    if belief.collected_for(high, rate) < required:
        return None
    while high / low > 1.01:  # noqa: PLR2004 - to one part in a hundred
        middle = (low * high) ** 0.5
        low, high = (
            (low, middle) if belief.collected_for(middle, rate) >= required else (middle, high)
        )
    return high
