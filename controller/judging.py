"""Evidence as a function of samples: the judge's state and the series in, what it says out. Pure.

Time is cut into spans on a fixed grid, so that the evidence does not depend on when somebody
looked: a controller that was dead for a minute feeds the judge the same ticks as one that was not.
All that is carried is one text: until when samples are counted, the judge's own snapshot, and
counts. The baseline of every increment is found in the samples again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from controller.api import Attempt, Spec
from controller.observed import Judgement
from controller.power import Seen, power
from controller.ramp_api import Evidence, Exposure, Judge, Ramp
from controller.sides import STALE, Found, Span, pair
from controller.sight import Unknown
from judge.config import Config, parse
from judge.errors import Refused
from judge.observation import Counts, NoData, Pair, Tick
from judge.session import Session
from judge.verdict import IndicatorReport, Report

SETTLE = 1.25
"""Seconds that samples are given to arrive before their span is judged: a scrape, and a rule."""
MOST_SPANS = 120
"""Spans that are judged in one go: 120, two minutes' worth; the rest comes with the next looks."""
EVEN = 0.5
"""Share of the traffic up to which gauges can be compared: beyond it the candidate carries more
load than the baseline, and a higher reading would prove nothing."""


@dataclass(frozen=True, slots=True)
class State:
    """What is carried from look to look."""

    counted: float
    """Unix time until which samples are counted."""
    session: str | None = None
    newest: float = 0.0
    """Until when every indicator had data."""
    harmed: float = 0.0
    seen: Seen = field(default_factory=Seen)

    def dump(self) -> str:
        """As text."""
        return json.dumps(
            [1, self.counted, self.session, self.newest, self.harmed, self.seen.dump()],
            separators=(",", ":"),
        )

    @classmethod
    def load(cls, text: str) -> "State":
        """From text.

        Raises:
            ValueError: the text is not of this version.
        """
        version, counted, session, newest, harmed, seen = json.loads(text)
        if version != 1:
            raise ValueError(f"the judge's state is of version {version}, and this is 1")
        return cls(counted, session, newest, harmed, Seen.load(seen))


def beginning(ramp: Ramp, interval: float) -> State:
    """Before any evidence: from the first weight on."""
    at = ramp.weights[0].at.timestamp() if ramp.weights else ramp.since.timestamp()
    counted = at // interval * interval
    return State(counted, newest=counted)


def config(judge: Judge) -> Config:
    """What the judge is to go by.

    Raises:
        ConfigError: a value that makes no sense to it.
    """
    return parse(judge.dump())


def selectors(judge: Judge) -> set[str]:
    """Everything that is to be asked for."""
    return {
        selector for one in judge.indicators for selector in one.query.dump().values() if selector
    }


def window(state: State, now: float, interval: float) -> float:
    """How many seconds of samples are needed: those to count, and one before each of them."""
    return now - state.counted + max(STALE, 3 * interval)


def advance(  # noqa: PLR0913 - six facts, named at the call
    *, spec: Spec, attempt: Attempt, ramp: Ramp, text: str | None, found: Found, now: float
) -> Judgement | Unknown | None:
    """Judge every span that is over.

    Args:
        spec: how to judge.
        attempt: who the candidate is.
        ramp: its share of the traffic.
        text: the state to go on from; None to begin.
        found: the series by selector.
        now: Unix time of the newest samples.

    Returns:
        What the judge says; None when no span is over yet.
    """
    judge = spec.judge or Judge()
    interval = max(judge.interval.total_seconds(), 0.001)
    try:
        rules = config(judge)
        state = State.load(text) if text else beginning(ramp, interval)
        session = Session.restore(rules, state.session) if state.session else Session(rules)
    except (Refused, ValueError) as error:
        return Unknown(str(error))
    report: Report | None = None
    seconds, excused, missing = 0.0, frozenset[str](), None
    for _ in range(MOST_SPANS):
        until = state.counted + interval
        if until > now - SETTLE:
            break
        span = Span(state.counted, until, max(STALE, 3 * interval))
        pairs, excused = _pairs(judge, found, span, attempt, ramp)
        report = session.tick(Tick(until, _share(ramp, until), pairs))
        missing = _missing(report, excused)
        state = _counted(state, judge, pairs, until, has_data=missing is None)
        seconds += interval if missing is None else 0.0
    if report is None:
        return None
    state = replace(state, session=session.snapshot())
    could = power(judge, state.seen)
    return Judgement(
        follows=text,
        state=state.dump(),
        at=datetime.fromtimestamp(state.newest, UTC),
        verdict=report.verdict.value,
        reason=report.reason,
        evidence=tuple(_evidence(one, excused) for one in report.indicators.values()),
        seconds=seconds,
        missing=missing,
        exposed=float(report.requests_exposed),
        harmed=state.harmed,
        detectable=could.detectable,
        power=could.sentence,
        rps=state.seen.rps,
        error_rate=state.seen.error_rate,
        tripped=report.tripped,
        users=report.users_exposed,
    )


def _share(ramp: Ramp, at: float) -> float:
    """What was asked for at that time."""
    asked = [one.weight for one in ramp.weights if one.at.timestamp() <= at]
    return (asked[-1] if asked else ramp.weight) / 100


def _pairs(
    judge: Judge, found: Found, span: Span, attempt: Attempt, ramp: Ramp
) -> tuple[dict[str, Pair | NoData], frozenset[str]]:
    """The data of every indicator, and those that cannot be compared at this share."""
    share = _share(ramp, span.until)
    pairs: dict[str, Pair | NoData] = {}
    excused: set[str] = set()
    for one in judge.indicators:
        if one.kind == "gauge" and share > EVEN:
            excused.add(one.name)
            pairs[one.name] = NoData(f"not comparable while the candidate carries {share:.0%}")
        else:
            pairs[one.name] = pair(one.kind, one.query.dump(), found, span, attempt.to)
    return pairs, frozenset(excused)


def _missing(report: Report, excused: frozenset[str]) -> str | None:
    lacking = [
        f"{name}: {one.no_data}"
        for name, one in report.indicators.items()
        if one.no_data and name not in excused
    ]
    return "; ".join(lacking) or None


def _counted(
    state: State,
    judge: Judge,
    pairs: Mapping[str, Pair | NoData],
    until: float,
    *,
    has_data: bool,
) -> State:
    """The state with what is counted beside the judge's evidence."""
    harmed, seen = state.harmed, state.seen.longer(until - state.counted)
    for one in judge.indicators:
        both = pairs.get(one.name)
        if one.kind != "ratio" or not isinstance(both, Pair):
            continue
        if isinstance(both.baseline, Counts) and isinstance(both.candidate, Counts):
            seen = seen.add(one.name, both.baseline, both.candidate, until - state.counted)
            harmed += both.candidate.bad
    newest = until if has_data else state.newest
    return replace(state, counted=until, newest=newest, harmed=harmed, seen=seen)


def _evidence(one: IndicatorReport, excused: frozenset[str]) -> Evidence:
    plain: dict[str, Any] = one.to_json()
    return Evidence(
        name=one.name,
        verdict=one.verdict.value,
        e=plain["e"],
        log_e=plain["log_e"],
        bound=plain["bound"],
        interval=tuple(plain["interval"]),
        kind=plain["kind"],
        direction=plain["direction"],
        margin=plain["margin"],
        exposure=Exposure(baseline=one.exposure.baseline, candidate=one.exposure.candidate),
        sentence=one.sentence,
        no_data=None if one.name in excused else one.no_data,
    )
