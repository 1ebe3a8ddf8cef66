"""Releases as the switch would tell them: a simulated ramp, judged by the real judge, seeded.

`ramp` yields the states of a TrafficSwitch, each with the second at which it is seen.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import shop_story
from shop_story import DIGESTS, RELEASE, START, content, stamp

from components.recording import Recorder
from judge import config
from judge.observation import Buckets, Counts, NoData, Pair, Samples, Tick
from judge.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from judge.verdict import IndicatorReport, Report

Object = dict[str, Any]
State = tuple[float, Object]

GREEN = RELEASE["green"]
RATE = 200.0
"""Requests a second."""
BASE_ERRORS = 0.005
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, float("inf"))
JUDGE: Object = {
    "indicators": [
        {"name": "errors", "kind": "ratio", "direction": "increase", "margin": 1.0},
        {"name": "latency", "kind": "histogram", "direction": "increase", "margin": 0.3},
        {"name": "memory", "kind": "gauge", "direction": "increase", "margin": 0.2},
    ],
    "falseAlarmRate": 0.01,
    "margin": 0.1,
    "interval": "1s",
}
LEAD_IN = (
    ("Pending", 0.0, "green is to serve revision cccccccccc"),
    ("Preparing", 0.2, "looking at the workloads of green"),
    ("Probing", 1.4, "green runs what was asked for; asking it through the preview route"),
)


RAMPED = 2.0
"""Second at which the ramp begins."""


@dataclass(frozen=True)
class Plot:
    """What the candidate is like, and how the release goes.

    Attributes:
        errors: factor on the candidate's error rate.
        slower: factor on the candidate's latency.
        leak: what its memory grows by in a second, as a share.
        blind: seconds from and to which Prometheus is away.
        steps: percent.
        dwell: seconds.
        every: seconds between two looks.
        until: when the story is broken off, whatever has happened; seconds.
        seed: of everything random.
    """

    errors: float = 1.0
    slower: float = 1.0
    leak: float = 0.0
    blind: tuple[float, float] = (0.0, 0.0)
    steps: tuple[int, ...] = (1, 5, 25, 50)
    dwell: float = 300.0
    every: float = 5.0
    until: float = 7200.0
    seed: int = 4


GOOD = Plot()
FAILING = Plot(errors=4.0, slower=1.3)
HELD = Plot(blind=(420.0, 1e9), until=900.0)


def lines(states: Iterable[State], by: str = "pulumi up") -> list[str]:
    """The recording of these states."""
    recorder = Recorder("shop", by)
    recorded = (
        recorder.line(switch["spec"], switch["status"], START + timedelta(seconds=at))
        for at, switch in states
    )
    return [json.dumps(line) for line in recorded if line is not None]


def spec(plot: Plot) -> Object:
    """The goal: green by canary."""
    return {
        **shop_story.spec("green"),
        "strategy": {
            "kind": "canary",
            "steps": [*plot.steps, 100],
            "dwell": f"{plot.dwell:g}s",
            "rollbackWindow": "1h",
            "healthTimeout": "5m",
        },
        "judge": JUDGE,
        "errorBudget": {
            "slos": [{"name": "shop-availability", "objective": 0.995, "windowSeconds": 2419200}]
        },
    }


def ramp(plot: Plot) -> Iterator[State]:
    """The states of a release that is ramped under judgement."""
    run = _Run(plot)
    yield from run.lead_in()
    yield from run.judged()


@dataclass
class _Run:
    plot: Plot
    switch: Object = field(default_factory=dict[str, Any])
    at: float = 0.0
    budget: float = 0.82

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.plot.seed)
        self.session = Session(config.parse(JUDGE))
        self.switch = shop_story.to_green("Pending", 0)
        self.switch["spec"] = spec(self.plot)
        self.switch["status"]["phases"] = []
        self.switch["status"]["history"] = [shop_story.ending("blue", "promoted", 3.5)]
        self.weights: list[Object] = []
        self.counted_until = self.at
        self.counted = {"requestsExposed": 0, "requestsHarmed": 0}

    def seen(self, **fields: object) -> State:
        self.switch["status"] |= fields
        return self.at + 0.05, copy.deepcopy(self.switch)

    def enter(self, phase: str, reason: str, **fields: object) -> State:
        status = self.switch["status"]
        entered = {"phase": phase, "at": stamp(self.at), "reason": reason}
        return self.seen(
            **{"phases": [*status["phases"], entered], "phase": phase, "reason": reason, **fields}
        )

    def lead_in(self) -> Iterator[State]:
        for phase, at, reason in LEAD_IN:
            self.at = at
            yield self.enter(phase, reason)
        self.at = RAMPED
        self.counted_until = self.at

    def judged(self) -> Iterator[State]:
        for number, weight in enumerate(self.plot.steps):
            since, judged = self.at, 0.0
            why = f"step {number + 1} of {len(self.plot.steps) + 1}, as the strategy has it"
            self.weights.append({"at": stamp(since), "weight": weight, "reason": why})
            told = f"green gets {weight} % of the traffic: {why}"
            # the weight is the goal here; the routes follow with the next state
            yield self.enter("Ramping", told)
            yield self.step(number, weight, since, judged, None)
            while judged < self.plot.dwell:
                self.at += self.plot.every
                if self.at > self.plot.until:
                    return
                blind = self.plot.blind[0] <= self.at < self.plot.blind[1]
                self.counted_until = self.counted_until if blind else self.at
                report = self.session.tick(self.tick(weight / 100, blind=blind))
                judged += 0.0 if blind else self.plot.every
                yield self.step(number, weight, since, judged, report)
                if report.verdict == "FAIL":
                    yield from self.rolled_back(report.reason)
                    return
        yield from self.promoted()

    def step(
        self, number: int, weight: int, since: float, judged: float, report: Report | None
    ) -> State:
        evidence = [] if report is None else [item(*one) for one in report.indicators.items()]
        reason = f"judging for {self.plot.dwell:g}s"
        if report is not None and (blind := [e for e in evidence if "noData" in e]):
            why = "; ".join(f"{one['name']}: {one['noData']}" for one in blind)
            reason = f"no data for {why}; no data is not a pass"
        exposed, harmed = self.counted["requestsExposed"], self.counted["requestsHarmed"]
        held = {
            "step": number,
            "weight": weight,
            "since": stamp(since),
            "seenAt": stamp(since + 0.4),
            "dwell": f"{self.plot.dwell:g}s",
            "judged": judged,
            "chosen": self.weights[-1]["reason"],
            "reason": reason,
            "power": "at this weight the evidence so far could have shown errors of 2.4 times",
            "weights": list(self.weights),
            "budgetLeft": round(self.budget, 6),
            "expectedBurn": 0.03,
            "burned": max(0.0, round((harmed - BASE_ERRORS * exposed) / 2e5, 6)),
        }
        fields: Object = {"ramp": held, "weight": weight, "reason": reason}
        if report is not None:
            judge = {
                "at": stamp(self.counted_until),
                "state": "opaque",
                "verdict": report.verdict.value,
                "reason": report.reason,
                "usersExposed": report.users_exposed,
                **self.counted,
            }
            fields |= {"evidence": evidence, "judge": judge}
        return self.seen(**fields)

    def tick(self, share: float, *, blind: bool) -> Tick:
        if blind:
            away = NoData("Prometheus has not answered for 30 s")
            return Tick(self.at, share, {one["name"]: away for one in JUDGE["indicators"]})
        totals = self.random.poisson([RATE * self.plot.every * part for part in (1 - share, share)])
        rates = [BASE_ERRORS, BASE_ERRORS * self.plot.errors]
        bad = self.random.binomial(totals, rates)
        self.counted["requestsExposed"] += int(totals[1])
        self.counted["requestsHarmed"] += int(bad[1])
        self.budget -= float(bad.sum()) / 2e5
        grown = 1 + self.plot.leak * self.at
        memory = [self.random.normal(0.4, 0.01, 2), self.random.normal(0.4 * grown, 0.01, 2)]
        pairs = {
            "errors": Pair(*(Counts(int(b), int(t)) for b, t in zip(bad, totals, strict=True))),
            "latency": Pair(
                self.buckets(totals[0], 1.0), self.buckets(totals[1], self.plot.slower)
            ),
            "memory": Pair(*(Samples(tuple(float(v) for v in side)) for side in memory)),
        }
        return Tick(self.at, share, pairs)

    def buckets(self, total: int, factor: float) -> Buckets:
        seconds = self.random.lognormal(-2.6, 0.7, int(total)) * factor
        return Buckets(BOUNDS, tuple(int((seconds <= bound).sum()) for bound in BOUNDS))

    def promoted(self) -> Iterator[State]:
        self.at += 0.5
        yield self.enter("Shifting", "the evidence is complete; moving all services to green")
        self.at += 0.4
        shift = {"writtenAt": stamp(self.at), "seenAt": stamp(self.at + 0.6), "flipMs": 594}
        self.weights.append({"at": stamp(self.at), "weight": 100, "reason": "all of it"})
        self.ramp_gets(weight=100, since=stamp(self.at), weights=list(self.weights))
        yield self.enter("Confirming", "all weights are on green", weight=100, shift=shift)
        self.at += 0.6
        reason = "green serves revision cccccccccc, seen on 2 gateway pods 594 ms after the write"
        yield self.enter(
            "Settled",
            reason,
            serving="green",
            settled=GREEN,
            current=content("green"),
            previous=content("blue"),
            rollbackUntil=stamp(self.at + 3600),
            history=self.history("promoted", reason),
        )

    def rolled_back(self, reason: str) -> Iterator[State]:
        self.at += 0.3
        yield self.enter("RollingBack", reason)
        self.at += 0.5
        self.weights.append({"at": stamp(self.at), "weight": 0, "reason": reason})
        self.ramp_gets(weights=list(self.weights))
        shift = {"writtenAt": stamp(self.at), "seenAt": stamp(self.at + 0.3), "flipMs": 312}
        yield self.seen(weight=0, shift=shift)
        self.at += 0.4
        yield self.enter(
            "Rejected", reason, settled=GREEN, history=self.history("rolledBack", reason)
        )

    def ramp_gets(self, **fields: object) -> None:
        status = self.switch["status"]
        status["ramp"] = {**status["ramp"], **fields}

    def history(self, outcome: str, reason: str) -> list[Object]:
        ended = shop_story.ending("green", outcome, self.at, reason)
        ended["ramp"] = {
            "weights": list(self.weights),
            **self.counted,
            "changeSize": 1 / len(DIGESTS["green"]),
            "services": 1,
        }
        return [*self.switch["status"]["history"], ended]


def item(name: str, one: IndicatorReport) -> Object:
    """One indicator's evidence as the switch's status has it."""
    told = one.to_json()
    found = {
        "name": name,
        "verdict": told["verdict"],
        "e": told["e"],
        "logE": told["log_e"],
        "bound": told["bound"],
        "interval": told["interval"],
        "exposure": told["exposure"],
        "kind": told["kind"],
        "direction": told["direction"],
        "margin": told["margin"],
        "sentence": told["sentence"],
        "noData": told["no_data"],
    }
    return {key: value for key, value in found.items() if value is not None}
