"""What the judge saw, out of the moments of a release: indicators, verdict, budgets. Pure.

Deliberately judges nothing: every figure is the controller's own, and one that it does not tell is
None here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cli.release_report.document import (
    Budget,
    Indicator,
    Interval,
    Judgement,
    Series,
)
from cli.release_report.reading import Status, listing, mapping, mappings, moment, spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cli.release_report.reading import Moment

UNKNOWN = "NODATA"
"""The verdict of an indicator that the controller has said nothing about."""

ALIKE = {"ratio": 1.0, "histogram": 1.0, "gauge": 0.0}
"""By kind of indicator, where its interval's quantity is when both colours are alike: a ratio of
rates, a ratio of times at equal rank, a relative difference."""


def number(value: object) -> float | None:
    """A finite number; None of anything else. Resources often write numbers as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def text(value: object) -> str | None:
    """Text that says something."""
    return value if isinstance(value, str) and value else None


def indicators(moments: Sequence[Moment], began: datetime) -> list[Indicator]:
    """Every indicator that the spec names or the judge told of, in the spec's order.

    Args:
        moments: of one try, in order.
        began: when it began.
    """
    goals = _goals(moments)
    seen = {name: None for one in moments for name in _by_name(one)}
    # where nobody recorded, the history still has the verdicts
    kept = mapping(_kept_ramp(moments).get("verdicts"))
    return [
        _indicator(name, {"verdict": kept.get(name), **goals.get(name, {})}, moments, began)
        for name in {**goals, **seen, **kept}
    ]


def _indicator(name: str, goal: Status, moments: Sequence[Moment], began: datetime) -> Indicator:
    judge = mapping(spec_of(moments).get("judge"))
    told = [item for one in moments if (item := _by_name(one).get(name))]
    last = told[-1] if told else goal
    kind, direction = (text(last.get(key)) or text(goal.get(key)) for key in ("kind", "direction"))
    margin = _first(last.get("margin"), goal.get("margin"), judge.get("margin"))
    exposure = mapping(last.get("exposure"))
    return Indicator(
        name=name,
        kind=kind,
        direction=direction,
        margin=margin,
        objective=_first(last.get("objective"), goal.get("objective")),
        verdict=text(last.get("verdict")) or UNKNOWN,
        e=number(last.get("e")),
        log_e=log_e(last),
        bound=number(last.get("bound")),
        interval=interval(last),
        null=ALIKE.get(kind or ""),
        limits=_limits(kind, margin, direction),
        baseline=number(exposure.get("baseline")),
        candidate=number(exposure.get("candidate")),
        sentence=text(last.get("sentence")) or "",
        no_data=text(last.get("noData")),
        series=_series(name, moments, began),
    )


def _series(name: str, moments: Sequence[Moment], began: datetime) -> Series:
    """The indicator at every look of the judge, each look once."""
    series = Series()
    looked: float | None = None
    for one in moments:
        item = _by_name(one).get(name)
        if item is None:
            continue
        at, blind = _since(began, look(one)), bool(text(item.get("noData")))
        if looked is not None and at <= looked:
            if not blind:
                continue
            # the judge's clock is that of the data, and stands still without any
            at = _since(began, one.seen)
        looked = at
        lower, upper = interval(item)
        series.t.append(at)
        series.log_e.append(log_e(item))
        series.lower.append(lower)
        series.upper.append(upper)
        series.verdict.append(text(item.get("verdict")) or UNKNOWN)
        exposure = mapping(item.get("exposure"))
        series.has_data.append(not blind)
        series.baseline.append(number(exposure.get("baseline")))
        series.candidate.append(number(exposure.get("candidate")))
    return series


def _since(began: datetime, at: datetime) -> float:
    return round((at - began).total_seconds(), 3)


def look(one: Moment) -> datetime:
    """Until when the judge had counted, as of this moment."""
    return moment(mapping(one.status.get("judge")).get("at")) or one.seen


def log_e(item: Status) -> float | None:
    """The natural logarithm of an e-value; from the e-value itself where only that is told."""
    told = number(item.get("logE"))
    if told is not None:
        return told
    e = number(item.get("e"))
    return math.log(e) if e is not None and e > 0 else None


def interval(item: Status) -> Interval:
    """Both ends of an interval; None where it is unbounded or not told."""
    pair = listing(item.get("interval"))
    return (number(pair[0]), number(pair[1])) if len(pair) == 2 else (None, None)  # noqa: PLR2004 - a pair


def judgement(moments: Sequence[Moment], found: Sequence[Indicator]) -> Judgement | None:
    """The release's verdict; None when nothing judged it."""
    ramp, goal = ramp_of(moments), mapping(spec_of(moments).get("judge"))
    told = [judge for one in moments if (judge := mapping(one.status.get("judge")))]
    if not found and not ramp and not told:
        return None
    last = told[-1] if told else {}
    counted = [one.candidate for one in found if one.candidate is not None and one.kind != "gauge"]
    return Judgement(
        verdict=text(last.get("verdict")) or _worst(found),
        reason=text(last.get("reason")) or text(ramp.get("reason")) or "",
        power=text(ramp.get("power")),
        false_alarm_rate=number(goal.get("falseAlarmRate")),
        users_exposed=number(last.get("usersExposed")),
        # every indicator counts the same requests, some of them not all
        requests_exposed=_first(
            last.get("requestsExposed"), ramp.get("requestsExposed"), max(counted, default=None)
        ),
        requests_harmed=_first(last.get("requestsHarmed"), ramp.get("requestsHarmed")),
        tripped=text(last.get("tripped")),
    )


def ramp_of(moments: Sequence[Moment]) -> Status:
    """The ramp as last told; what the history kept of it where the status has it no more."""
    for one in reversed(moments):
        if ramp := mapping(one.status.get("ramp")):
            return ramp
    return _kept_ramp(moments)


def _kept_ramp(moments: Sequence[Moment]) -> Status:
    """What the history keeps of the ramp."""
    for one in reversed(moments):
        for past in reversed(mappings(one.status.get("history"))):
            if str(past.get("startedAt") or "") == one.began and (
                ramp := mapping(past.get("ramp"))
            ):
                return ramp
    return {}


def budget(moments: Sequence[Moment]) -> Budget | None:
    """The scarcest error budget, before and after; None when no budget was told of."""
    told = [ramp for one in moments if (ramp := mapping(one.status.get("ramp")))] or [
        ramp_of(moments)
    ]
    left = [found for ramp in told if (found := number(ramp.get("budgetLeft"))) is not None]
    expected = [found for ramp in told if (found := number(ramp.get("expectedBurn"))) is not None]
    slos = [
        str(one["name"])
        for one in mappings(mapping(spec_of(moments).get("errorBudget")).get("slos"))
        if text(one.get("name"))
    ]
    if not left and not slos:
        return None
    before, remaining = (left[0], left[-1]) if left else (None, None)
    burned = number(told[-1].get("burned"))
    if burned is None and before is not None and remaining is not None:
        burned = round(before - remaining, 9)
    return Budget(
        slos=slos,
        before=before,
        expected=max(expected, default=None),
        burned=burned,
        remaining=remaining,
        override=text(told[-1].get("override")),
    )


def _goals(moments: Sequence[Moment]) -> dict[str, Status]:
    named = mappings(mapping(spec_of(moments).get("judge")).get("indicators"))
    return {str(one["name"]): one for one in named if text(one.get("name"))}


def _by_name(one: Moment) -> dict[str, Status]:
    items = mappings(one.status.get("evidence"))
    return {str(item["name"]): item for item in items if text(item.get("name"))}


def _limits(kind: str | None, margin: float | None, direction: str | None) -> list[float]:
    """Where the margin lies on the interval's axis, as the judge's kernels have it."""
    null = ALIKE.get(kind or "")
    if null is None or margin is None:
        return []
    # half a rate is as far from the same one as twice it is
    below = 1 / (1 + margin) if kind == "ratio" else null - margin
    match direction:
        case "decrease":
            return [below]
        case "either":
            return [below, null + margin]
        case _:
            return [null + margin]


def _worst(found: Sequence[Indicator]) -> str | None:
    """The verdict of all indicators together: FAIL of one fails, PASS takes all."""
    verdicts = {one.verdict for one in found}
    if not verdicts or verdicts == {UNKNOWN}:
        return None
    return "FAIL" if "FAIL" in verdicts else "PASS" if verdicts == {"PASS"} else "HOLD"


def _first(*values: object) -> float | None:
    return next((found for value in values if (found := number(value)) is not None), None)
