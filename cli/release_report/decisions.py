"""What was decided in a release, when and why: one list of everything. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from cli import output
from cli.release_report.document import Decision
from cli.release_report.evidence import look, number, text
from cli.release_report.reading import Status, mapping, mappings
from cli.release_report.timeline import AT_REST, trail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cli.release_report.document import Gap, Phase, Weight
    from cli.release_report.reading import Moment

LONG = timedelta(seconds=10)
"""From when on waiting is worth a line."""

_FIGURES = re.compile(r"[\d.,:]+")
_JUDGES = re.compile(r"judging for ")
"""What a ramp does that waits for nothing but its time."""


def decisions(
    moments: Sequence[Moment],
    began: datetime,
    until: datetime,
    *,
    passed: Sequence[Phase],
    moved: Sequence[Weight],
    gaps: Sequence[Gap],
) -> list[Decision]:
    """All decisions in the order of their happening.

    Args:
        moments: of one try, in order.
        began: when it began.
        until: when it was last seen.
        passed: its phases.
        moved: its weights.
        gaps: what nobody recorded.
    """
    told = [
        *_phases(passed, moved),
        *_weights(moments, passed, moved),
        *_verdicts(moments, began),
        *_holds(moments, began, until),
        *_overrides(moments, began),
        *(_of(began, gap.start, "recording", "not recorded", gap.sentence) for gap in gaps),
    ]
    # stable: what happens at one instant stays in the order above, cause before effect
    return sorted(told, key=lambda one: one.at)


def _phases(passed: Sequence[Phase], moved: Sequence[Weight]) -> Iterator[Decision]:
    """The phases, but for those that a step of the ramp begins anew: the step itself is told."""
    steps = {one.at for one in moved}
    for before, one in pairwise([None, *passed]):
        if one is None or (before and before.phase == one.phase and one.at in steps):
            continue
        yield Decision(at=one.at, t=one.t, what="phase", title=one.phase, reason=one.reason)


def _weights(
    moments: Sequence[Moment], passed: Sequence[Phase], moved: Sequence[Weight]
) -> Iterator[Decision]:
    """The steps, each with the ramp's reason, or that of the phase in which it was taken."""
    reasons = _ramp_reasons(moments)
    for before, after in pairwise(moved):
        title = f"{before.weight:g} % → {after.weight:g} %"
        phases = [one.reason for one in passed if one.at <= after.at]
        reason = reasons.get((after.at, after.weight)) or (phases[-1] if phases else "")
        yield Decision(at=after.at, t=after.t, what="weight", title=title, reason=reason)


def _ramp_reasons(moments: Sequence[Moment]) -> dict[tuple[datetime, float], str]:
    """Why the ramp took each step, by the step's time and weight."""
    found: dict[tuple[datetime, float], str] = {}
    for one in moments:
        for at, weight, reason in trail(one.status):
            found.setdefault((at, weight), reason)
    return found


def _verdicts(moments: Sequence[Moment], began: datetime) -> Iterator[Decision]:
    overall: str | None = None
    known: dict[str, tuple[str | None, bool]] = {}
    for one in moments:
        at, judge = look(one), mapping(one.status.get("judge"))
        for item in mappings(one.status.get("evidence")):
            name, verdict = str(item.get("name")), text(item.get("verdict"))
            blind = text(item.get("noData"))
            before, was_blind = known.get(name, (None, False))
            if blind and not was_blind:
                yield _of(began, at, "verdict", f"{name}: no data", blind)
            elif was_blind and not blind:
                yield _of(began, at, "verdict", f"{name}: data again", _sentence(item))
            if before is not None and verdict != before:
                yield _of(began, at, "verdict", f"{name}: {before} → {verdict}", _sentence(item))
            known[name] = (verdict, bool(blind))
        verdict = text(judge.get("verdict"))
        if verdict and verdict != overall:
            title = f"verdict: {verdict}" if overall is None else f"verdict: {overall} → {verdict}"
            yield _of(began, at, "verdict", title, text(judge.get("reason")) or "")
            overall = verdict


def _holds(moments: Sequence[Moment], began: datetime, until: datetime) -> Iterator[Decision]:
    """What the release waited for, where it did so for longer than a look or two."""
    runs: list[list[Moment]] = []
    for one in moments:
        if runs and _waits_for(runs[-1][-1]) == _waits_for(one):
            runs[-1].append(one)
        else:
            runs.append([one])
    for run, after in zip_longest(runs, runs[1:]):
        start, end = run[0].seen, after[0].seen if after else until
        if _waits_for(run[0]) is None or end - start < LONG:
            continue
        weight = number(run[0].status.get("weight")) or 0.0
        lasted = output.duration((end - start).total_seconds())
        title = f"held at {weight:g} % for {lasted}"
        yield _of(began, start, "hold", title, text(run[0].status.get("reason")) or "")


def _waits_for(one: Moment) -> str | None:
    """The reason of a state in which the release waits, without its figures, which only grow."""
    reason, phases = text(one.status.get("reason")), mappings(one.status.get("phases"))
    entered = phases[-1].get("reason") if phases else None
    waits = text(one.status.get("phase")) not in AT_REST and reason != entered
    return _FIGURES.sub("", reason) if reason and waits and not _JUDGES.match(reason) else None


def _sentence(item: Status) -> str:
    return text(item.get("sentence")) or ""


def _overrides(moments: Sequence[Moment], began: datetime) -> Iterator[Decision]:
    known: str | None = None
    for one in moments:
        told = text(mapping(one.status.get("ramp")).get("override"))
        if told and told != known:
            yield _of(began, one.seen, "override", "error budget overridden", told)
            known = told


def _of(began: datetime, at: datetime, what: str, title: str, reason: str) -> Decision:
    t = round((at - began).total_seconds(), 3)
    return Decision(at=at, t=t, what=what, title=title, reason=reason)
