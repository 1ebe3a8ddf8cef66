"""When what happened, out of the moments of a release: weights, phases, gaps. Pure.

The switch's own stamps go before the clock of whoever recorded; where nobody recorded, its phases
and the trail of its ramp tell what they can.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from cli import output
from cli.release_report.document import Gap, Phase, Weight
from cli.release_report.evidence import look, number, text
from cli.release_report.reading import Status, mapping, mappings, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.release_report.reading import Moment

MISSED = timedelta(seconds=5)
"""How long nobody may have recorded before it is said."""

SILENT = timedelta(seconds=60)
"""How long a release under a judge that looks each second may show nothing before it is said."""

ENDS = (0.0, 100.0)
"""Weights at which a movement ends, so that the shift tells when it was written."""

AT_REST = frozenset({"Settled", "Rejected"})


def phases(moments: Sequence[Moment], began: datetime) -> list[Phase]:
    """Every phase that was seen or that the switch remembers, in order."""
    found: dict[tuple[datetime, str], str] = {}
    for one in moments:
        for raw in mappings(one.status.get("phases")):
            at = moment(raw.get("at"))
            if at is not None and at >= began:
                found[at, text(raw.get("phase")) or "Unknown"] = text(raw.get("reason")) or ""
    # a dictionary keeps the order of first sight, which breaks the tie of two at one instant
    ordered = sorted(found.items(), key=lambda item: item[0][0])
    ends: list[datetime | None] = [at for (at, _), _ in ordered[1:]]
    return [
        Phase(
            phase=name,
            at=at,
            t=_since(began, at),
            lasted_s=_since(at, end) if end else None,
            reason=reason,
        )
        for ((at, name), reason), end in zip(ordered, [*ends, None], strict=False)
    ]


def weights(moments: Sequence[Moment], passed: Sequence[Phase], began: datetime) -> list[Weight]:
    """The candidate's share of the traffic, one entry a change, beginning with the release."""
    serves_already = bool(moments) and _serves_from_the_start(moments[0].status)
    found = [(began, 100.0 if serves_already else 0.0)]
    steps = [(at, weight) for one in moments for at, weight, _ in trail(one.status)]
    found += steps
    for before, after in pairwise([None, *moments]):
        if after is None or (steps and _trails_behind(before, after)):
            continue
        weight = number(after.status.get("weight"))
        if weight is not None and (not before or weight != number(before.status.get("weight"))):
            found.append((_moved_at(after, moments[-1], weight, began), weight))
    if not steps:
        found += _remembered(moments, passed)
    changes: list[Weight] = []
    for at, weight in sorted(found, key=lambda change: change[0]):
        if not changes or changes[-1].weight != weight:
            changes.append(Weight(at=at, t=_since(began, at), weight=weight))
    return changes


def _trails_behind(before: Moment | None, after: Moment) -> bool:
    """Whether the trail knows better: while it ramps, `weight` is what the routes held before."""
    return before is None or text(after.status.get("phase")) == "Ramping"


def _serves_from_the_start(status: Status) -> bool:
    attempt = mapping(status.get("attempt"))
    return bool(attempt.get("to")) and attempt.get("from") == attempt.get("to")


def trail(status: Status) -> list[tuple[datetime, float, str]]:
    """The steps that the ramp remembers, or that the history kept of it: time, weight, reason."""
    began = mapping(status.get("attempt")).get("startedAt")
    kept = [past for past in mappings(status.get("history")) if past.get("startedAt") == began]
    ramps = [mapping(one.get("ramp")) for one in (*kept, status)]
    steps = [
        (at, weight, text(step.get("reason")) or "")
        for ramp in ramps
        for step in mappings(ramp.get("weights"))
        if (at := moment(step.get("at"))) and (weight := number(step.get("weight"))) is not None
    ]
    # the history tells the last one by the release's end, the shift by its own write
    written = _written(status)
    return [
        (written, weight, why)
        if weight in ENDS and written and written <= at
        else (at, weight, why)
        for at, weight, why in steps
    ]


def _written(status: Status) -> datetime | None:
    return moment(mapping(status.get("shift")).get("writtenAt"))


def _moved_at(one: Moment, last: Moment, weight: float, began: datetime) -> datetime:
    """When the weights of this moment were set, by the switch's own stamps where it has them."""
    ramp = mapping(one.status.get("ramp"))
    stamps: list[datetime | None] = []
    if number(ramp.get("weight")) == weight:
        stamps.append(moment(ramp.get("since")))
    if weight in ENDS:
        # the write is stamped once it has returned, which may be in a later state
        stamps += [_written(one.status), _written(last.status)]
    known = [at for at in stamps if at is not None and began <= at <= one.seen]
    return max(max(known, default=one.seen), began)


def _remembered(moments: Sequence[Moment], passed: Sequence[Phase]) -> list[tuple[datetime, float]]:
    """The movements of a release without a ramp, as its phases tell them."""
    if not moments:
        return []
    found = [(phase.at, 100.0) for phase in passed if phase.phase == "Confirming"]
    for back, after in pairwise(passed):
        if back.phase == "RollingBack" and after.phase == "Rejected":
            written = moment(mapping(moments[-1].status.get("shift")).get("writtenAt"))
            inside = written is not None and back.at <= written <= after.at
            found.append((written if written and inside else after.at, 0.0))
    return found


def gaps(moments: Sequence[Moment], began: datetime, ended: datetime | None) -> list[Gap]:
    """The stretches that nobody recorded."""
    if not moments:
        return []
    found: list[Gap] = []
    first = _end(moments[0], ended)
    if first - began > MISSED:
        found.append(_gap(began, began, first, "the recording had not begun"))
    for before, after in pairwise(moments):
        if text(before.status.get("phase")) in AT_REST and not _went_on(before, after):
            continue
        start, end = _end(before, ended), _end(after, ended)
        if after.first and end - start > MISSED and _went_on(before, after):
            found.append(_gap(began, start, end, "nobody recorded"))
        elif not after.first and end - start > SILENT and _judged(before) and _judged(after):
            found.append(_gap(began, start, end, "the switch told nothing, or it was not heard"))
    return found


def _went_on(before: Moment, after: Moment) -> bool:
    """Whether the release went on between the two."""
    watched = ("phases", "weight", "ramp", "phase")
    moved = any(before.status.get(key) != after.status.get(key) for key in watched)
    return moved or look(before) != look(after)


def _judged(one: Moment) -> bool:
    """Whether the judge looked each second, with data: then something changes each second."""
    has_data = not any(text(item.get("noData")) for item in mappings(one.status.get("evidence")))
    judging = bool(mapping(one.status.get("judge"))) and has_data
    return judging and text(one.status.get("phase")) not in AT_REST


def _end(one: Moment, ended: datetime | None) -> datetime:
    """When a state was seen; the release's end where it is that one, seen long afterwards."""
    # of a release that another has followed, nothing but its ending is known
    at_rest = text(one.status.get("phase")) in {*AT_REST, None}
    return ended if ended and (at_rest or one.seen > ended) else one.seen


def _gap(began: datetime, start: datetime, end: datetime, why: str) -> Gap:
    lasted = output.duration((end - start).total_seconds())
    return Gap(
        start=start,
        end=end,
        t=(_since(began, start), _since(began, end)),
        sentence=f"for {lasted} {why}: weights and phases are from the switch's own memory, "
        "evidence of that time is not known",
    )


def _since(began: datetime, at: datetime) -> float:
    return round((at - began).total_seconds(), 3)
