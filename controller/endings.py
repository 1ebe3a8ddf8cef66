"""How a release begins and ends. Pure."""

from controller.api import Attempt, Content, Ending, Rejection, Shift, Status
from controller.case import Case, Step, enter, short
from controller.phases import Because, Outcome, Phase
from controller.ramp_api import RampEnding, Weighing

MAX_HISTORY = 40
"""Endings kept: 40, for the exposure policy to learn from; about 0.5 KiB each."""
MAX_REJECTED = 50
"""How many digest sets are remembered as rejected: 50; an older one needs a new rejection."""


def begin(case: Case) -> Step:
    """Take up the goal that the spec names, or refuse it at once."""
    spec, status = case.spec, case.status
    attempt = Attempt(
        release=spec.release,
        origin=status.serving,
        to=spec.live,
        revision=spec.candidate.revision,
        digests=spec.candidate.digests,
        services=spec.services,
        started_at=case.now,
    )
    fresh = status.model_copy(
        update={
            "attempt": attempt,
            "release": spec.release,
            "settled": None if status.settled == spec.release else status.settled,
            "phases": (),
            "shift": None,
            "ramp": None,
            "evidence": (),
            "judge": None,
            "rollback": None,
            "phase": Phase.PENDING,
        }
    )
    if status.current is not None and status.serving == spec.live:
        if not status.current.same_workloads(spec.goal):
            return _refuse(case, fresh, Because.IMMUTABLE, immutable_reason(status.current))
        if status.current.services == spec.services:
            reason = f"{spec.live} already serves revision {short(spec.candidate.revision)}"
            settled = enter(fresh, Phase.SETTLED, case.now, reason, settled=spec.release)
            return Step(settled, Because.ALREADY_SO)
    remembered = find_rejection(status, spec.candidate.digests)
    if remembered is not None:
        reason = (
            f"these digests were rejected in release {remembered.release} ({remembered.reason}); "
            f"bake a repaired candidate, or try them again with `switchyard retry`"
        )
        return _refuse(case, fresh, Because.REMEMBERED, reason)
    reason = f"{spec.live} is to serve revision {short(spec.candidate.revision)}"
    return Step(enter(fresh, Phase.PENDING, case.now, reason), Because.BEGUN)


def immutable_reason(current: Content) -> str:
    """Why the serving colour's content cannot be changed, and what to do."""
    colour = current.colour
    return (
        f"the serving colour is immutable: {colour} serves revision {short(current.revision)} and "
        f"the goal would change what it runs under traffic; put the new content on {colour.other} "
        f"and set `live: {colour.other}`"
    )


def find_rejection(status: Status, digests: dict[str, str]) -> Rejection | None:
    """The memory of these digests, if they were rejected before."""
    return next((r for r in status.rejected if r.digests == digests), None)


def _refuse(case: Case, status: Status, because: Because, reason: str) -> Step:
    """End at once without touching anything and without remembering the digests anew."""
    ended = _record(case, status, Outcome.REJECTED, reason)
    rejected = enter(ended, Phase.REJECTED, case.now, reason, settled=case.spec.release)
    return Step(rejected, because)


def reject(case: Case, because: Because, reason: str, outcome: Outcome = Outcome.REJECTED) -> Step:
    """End a release that never touched production; its digests are remembered."""
    attempt = case.attempt
    status = remember(case.status, case, attempt.content, reason)
    status = _record(case, status, outcome, reason)
    return Step(enter(status, Phase.REJECTED, case.now, reason, settled=attempt.release), because)


def supersede(case: Case) -> Step:
    """Another goal came while production was untouched: note it and take up the new one."""
    reason = f"superseded by release {case.spec.release} before any traffic moved"
    status = _record(case, case.status, Outcome.ABORTED, reason)
    return begin(case.with_status(status))


def promote(case: Case, shift: Shift, pods: int) -> Step:
    """The data plane serves the candidate: it is what serves now."""
    status, attempt = case.status, case.attempt
    reason = (
        f"{attempt.to} serves revision {short(attempt.revision)}, "
        f"seen on {pods} gateway pods {shift.flip_ms} ms after the write"
    )
    moved = status.current is not None and status.current.colour != attempt.to
    forgiven = tuple(r for r in status.rejected if r.digests != attempt.digests)
    status = status.model_copy(
        update={
            "serving": attempt.to,
            "current": attempt.content,
            "previous": status.current if moved else status.previous,
            "rollback_until": case.now + case.spec.strategy.rollback_window
            if moved
            else status.rollback_until,
            "rejected": forgiven,
            "shift": shift,
        }
    )
    status = _record(case, status, Outcome.PROMOTED, reason, shift.flip_ms)
    promoted = enter(status, Phase.SETTLED, case.now, reason, settled=attempt.release)
    return Step(promoted, Because.PROMOTED)


def finish_rollback(case: Case, shift: Shift) -> Step:
    """The data plane serves the former colour again: the release has ended."""
    status, rollback = case.status, case.status.rollback
    if rollback is None:
        raise ValueError("status.phase is RollingBack but status.rollback is missing")
    to = rollback.to
    was_promoted = status.current is not None and status.current == rollback.content
    status = status.model_copy(
        update={
            "serving": to.colour if to else None,
            "current": to,
            "previous": None if was_promoted else status.previous,
            "rollback_until": None if was_promoted else status.rollback_until,
            "shift": shift,
            "rollback": None,
        }
    )
    if rollback.remember:
        status = remember(status, case, rollback.content, rollback.reason)
    status = _record(case, status, rollback.outcome, rollback.reason, shift.flip_ms)
    settled = case.attempt.release
    ended = enter(status, Phase.REJECTED, case.now, rollback.reason, settled=settled)
    return Step(ended, Because.ROLLED_BACK)


def remember(status: Status, case: Case, content: Content, reason: str) -> Status:
    """Note the digests as rejected, once."""
    entry = Rejection(
        release=case.attempt.release,
        revision=content.revision,
        digests=content.digests,
        reason=reason,
        at=case.now,
    )
    others = tuple(r for r in status.rejected if r.digests != content.digests)
    return status.model_copy(update={"rejected": (*others, entry)[-MAX_REJECTED:]})


def _record(
    case: Case, status: Status, outcome: Outcome, reason: str, flip_ms: int | None = None
) -> Status:
    """Add a line to the history."""
    attempt = status.attempt or case.attempt
    entry = Ending(
        release=attempt.release,
        origin=attempt.origin,
        to=attempt.to,
        outcome=outcome,
        reason=reason,
        started_at=attempt.started_at,
        ended_at=case.now,
        flip_ms=flip_ms,
        ramp=_ramp_ending(case, status, outcome),
    )
    return status.model_copy(update={"history": (*status.history, entry)[-MAX_HISTORY:]})


def _ramp_ending(case: Case, status: Status, outcome: Outcome) -> RampEnding | None:
    """What the history keeps of a ramp; nothing when there was none."""
    ramp, attempt, former = status.ramp, status.attempt, case.status.current
    if ramp is None or attempt is None:
        return None
    judge = status.judge
    percent = 100 if outcome is Outcome.PROMOTED else 0
    changed = changed_services(attempt, former)
    return RampEnding(
        weights=(*ramp.weights, Weighing(at=case.now, weight=percent)),
        verdicts={one.name: one.verdict for one in status.evidence},
        requests_exposed=judge.requests_exposed if judge else 0.0,
        requests_harmed=judge.requests_harmed if judge else 0.0,
        budget_left=ramp.budget_left,
        expected_burn=ramp.expected_burn,
        burned=ramp.burned,
        change_size=len(changed) / len(attempt.digests) if former else None,
        services=changed,
        override=ramp.override,
    )


def changed_services(attempt: Attempt, former: Content | None) -> tuple[str, ...]:
    """The services whose digest is another one than what serves."""
    before = former.digests if former else {}
    names = sorted({*attempt.digests, *before})
    return tuple(name for name in names if before.get(name) != attempt.digests.get(name))
