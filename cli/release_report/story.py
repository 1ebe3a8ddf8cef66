"""The report's document out of what was recorded and what the switch remembers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import output
from cli.release_report import decisions, evidence, timeline
from cli.release_report.document import (
    SCHEMA,
    Earlier,
    Outcome,
    Provenance,
    ReleaseDocument,
    Side,
    WayBack,
)
from cli.release_report.evidence import number, text
from cli.release_report.reading import (
    Moment,
    Reading,
    Status,
    mapping,
    mappings,
    moment,
    spec_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cli.release_report.document import Gap

OUTCOMES: dict[str, Outcome] = {
    "promoted": "promoted",
    "rolledBack": "rolledBack",
    "rejected": "rejected",
    "aborted": "aborted",
}
FULL = 100.0


def tell(reading: Reading, made_at: datetime) -> ReleaseDocument:
    """The report of the last try of a release.

    Args:
        reading: what was recorded, the present state of the switch last where it is known.
        made_at: now.

    Raises:
        ValueError: the reading is empty.
    """
    if not reading.moments or reading.release is None:
        raise ValueError("nothing was recorded, so there is nothing to report")
    moments = reading.last_try()
    first, last = moments[0].status, moments[-1].status
    attempt = mapping(last.get("attempt"))
    began = _began(moments)
    ending = _ending(moments)
    outcome, ended = _outcome(last, ending)
    passed = timeline.phases(moments, began)
    moved = timeline.weights(moments, passed, began)
    gaps = timeline.gaps(moments, began, ended)
    indicators = evidence.indicators(moments, began)
    judge = evidence.judgement(moments, indicators)
    origin, to = text(attempt.get("from")), text(attempt.get("to")) or _live(last)
    candidate, former = _candidate(attempt, to), _former(moments, origin)
    document = ReleaseDocument(
        schema=SCHEMA,
        made_at=made_at,
        release=reading.release,
        twin=reading.twin or "",
        outcome=outcome,
        headline="",
        reason=text((ending or {}).get("reason")) or text(last.get("reason")) or "",
        from_colour=origin,
        to=to,
        serving=text(last.get("serving")),
        started_at=began,
        ended_at=ended,
        duration_s=round((ended - began).total_seconds(), 3) if ended else None,
        time_to_full_s=next((one.t for one in moved if one.weight >= FULL), None),
        way_back=WayBack(sentence=""),
        strategy=mapping(spec_of(moments).get("strategy")),
        candidate=candidate,
        former=former,
        services=_services(attempt, spec_of(moments)),
        changed=_changed(candidate, former),
        weights=moved,
        phases=passed,
        decisions=decisions.decisions(
            moments,
            began,
            reading.until or moments[-1].seen,
            passed=passed,
            moved=moved,
            gaps=gaps,
        ),
        judge=judge,
        indicators=indicators,
        budget=evidence.budget(moments),
        flip_ms=number((ending or {}).get("flipMs"))
        or number(mapping(last.get("shift")).get("flipMs")),
        earlier=_earlier(first, last, began),
        recording=_provenance(reading, moments, gaps),
    )
    until = moment(last.get("rollbackUntil"))
    return document.model_copy(
        update={"headline": headline(document), "way_back": way_back(document, until)}
    )


def headline(document: ReleaseDocument) -> str:
    """How it ended, in one line."""
    to, took = document.to or "the candidate", _duration(document.duration_s)
    serving = document.serving or "nothing"
    peak = max((one.weight for one in document.weights), default=0.0)
    share = document.weights[-1].weight if document.weights else 0.0
    lines: dict[Outcome, str] = {
        "promoted": f"{to} serves: promoted{took}",
        "rolledBack": f"{to} was stopped at {peak:g} % and rolled back{took}",
        "rejected": f"{to} was refused before any traffic moved{took}",
        "aborted": f"{to} was aborted{took}: {serving} serves"
        if peak
        else f"{to} was aborted before any traffic moved{took}",
        "underWay": f"under way: {to} has {share:g} % of the traffic",
        "unknown": f"how it ended is not known; {serving} serves",
    }
    return lines[document.outcome]


def way_back(document: ReleaseDocument, until: datetime | None) -> WayBack:
    """How production returns to what served before, as of when the report was made.

    Args:
        document: the report so far.
        until: when the rollback window closes; None when none was opened.
    """
    twin, origin, serving = document.twin, document.from_colour, document.serving
    if document.outcome == "underWay":
        back = f"all traffic to {origin}" if origin else "all traffic away from it"
        sentence = f"This returns {back} at once; the digests are then remembered as rejected."
        return WayBack(sentence=sentence, command=f"switchyard abort {twin}")
    if document.outcome != "promoted" or serving != document.to:
        sentence = (
            f"Nothing is to be rolled back: {serving or 'nothing'} serves. The candidate's digests "
            "are refused until they are repaired, or tried again on purpose."
        )
        return WayBack(sentence=sentence, command=f"switchyard retry {twin}")
    if origin is None:
        return WayBack(sentence="Nothing served before this release, so there is no way back.")
    if until is not None and until > document.made_at:
        sentence = f"{origin} stays warm until {until:%Y-%m-%d %H:%M:%S} UTC: this returns at once."
        return WayBack(sentence=sentence, command=f"switchyard abort {twin}", until=until)
    closed = f"The rollback window closed at {until:%Y-%m-%d %H:%M:%S} UTC. " if until else ""
    sentence = f"{closed}Release {origin} again: write `live: {origin}` in the stack file, then:"
    return WayBack(sentence=sentence, command="switchyard pulumi -- up", until=until)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else f" after {output.duration(seconds)}"


def _began(moments: Sequence[Moment]) -> datetime:
    """When the try began: the controller's stamp, else its first phase, else the first sight."""
    known = moment(mapping(moments[-1].status.get("attempt")).get("startedAt"))
    phases = mappings(moments[0].status.get("phases"))
    return known or (moment(phases[0].get("at")) if phases else None) or moments[0].seen


def _ending(moments: Sequence[Moment]) -> Status | None:
    """The line of the history that tells how this try ended; the last one if it did so twice."""
    last = moments[-1]
    endings = [
        past
        for past in mappings(last.status.get("history"))
        if past.get("endedAt") and str(past.get("startedAt") or "") == last.began
    ]
    return max(endings, key=lambda past: str(past["endedAt"]), default=None)


def _outcome(last: Status, ending: Status | None) -> tuple[Outcome, datetime | None]:
    going_back = text(last.get("phase")) == "RollingBack"
    if ending is not None and not (going_back and ending.get("outcome") == "promoted"):
        outcome = OUTCOMES.get(str(ending.get("outcome")), "unknown")
        return outcome, moment(ending.get("endedAt"))
    phases = mappings(last.get("phases"))
    entered = moment(phases[-1].get("at")) if phases else None
    match text(last.get("phase")):
        case "Settled":
            return "promoted", entered
        case "Rejected":
            return "rejected", entered
        case None:
            return "unknown", None
        case _:
            return "underWay", None


def _live(status: Status) -> str | None:
    return text(mapping(status.get("spec")).get("live"))


def _digests(raw: object) -> dict[str, str]:
    return {name: str(digest) for name, digest in mapping(raw).items()}


def _candidate(attempt: Status, to: str | None) -> Side:
    digests = _digests(attempt.get("digests"))
    return Side(colour=to, revision=text(attempt.get("revision")), digests=digests)


def _former(moments: Sequence[Moment], origin: str | None) -> Side:
    """What served before: the switch's current content at first, its previous one afterwards."""
    if origin is None:
        return Side()
    for one in moments:
        for key in ("current", "previous"):
            content = mapping(one.status.get(key))
            if content.get("colour") == origin:
                revision = text(content.get("revision"))
                return Side(
                    colour=origin, revision=revision, digests=_digests(content.get("digests"))
                )
    return Side(colour=origin)


def _services(attempt: Status, spec: Status) -> list[str]:
    found = mappings(attempt.get("services")) or mappings(spec.get("services"))
    return [str(service["name"]) for service in found if service.get("name")]


def _changed(candidate: Side, former: Side) -> list[str] | None:
    if not candidate.digests or not former.digests:
        return None
    names = sorted({*candidate.digests, *former.digests})
    return [name for name in names if candidate.digests.get(name) != former.digests.get(name)]


def _earlier(first: Status, last: Status, began: datetime) -> list[Earlier]:
    """How the same release ended when it was tried before, as the switch remembers."""
    found: list[Earlier] = []
    for past in mappings(last.get("history")) or mappings(first.get("history")):
        started = moment(past.get("startedAt"))
        if started is None or started < began:
            found.append(
                Earlier(
                    started_at=started,
                    ended_at=moment(past.get("endedAt")),
                    outcome=text(past.get("outcome")) or "unknown",
                    reason=text(past.get("reason")) or "",
                )
            )
    return found


def _provenance(reading: Reading, moments: Sequence[Moment], gaps: Sequence[Gap]) -> Provenance:
    return Provenance(
        moments=len(moments),
        first=moments[0].seen,
        last=reading.until,
        recorded_by=list(dict.fromkeys(one.by for one in moments if one.by)),
        damaged_lines=reading.damaged,
        gaps=list(gaps),
        rebuilt=bool(gaps),
    )
