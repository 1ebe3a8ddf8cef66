"""Abort and retry: what people ask for by annotation. Pure.

A command is idempotent: seen again after a crash, before its annotation was taken away, it finds
its work done and is silently dropped.
"""

from dataclasses import dataclass

from controller.api import ABORT, ABORT_REASON, RETRY
from controller.case import Case, Step
from controller.endings import begin, find_rejection, reject
from controller.model import write_moment
from controller.moving import roll_back, way_back
from controller.phases import ENDED, MOVED, WAITING, Because, Outcome, Phase


@dataclass(frozen=True, slots=True)
class Obeyed:
    """What a command led to."""

    step: Step | None = None
    """The decision, when the command makes one."""
    forget: tuple[str, ...] = ()
    """Annotations that have served their purpose."""
    ignored: str | None = None
    """Why the command was not followed."""


NOTHING = Obeyed()


def obey(case: Case) -> Obeyed:
    """Follow the commands there are; abort before retry, for it is the safer one."""
    if case.observed.commands.abort is not None:
        return _abort(case, case.observed.commands.abort)
    if case.observed.commands.retry is not None:
        return _retry(case, case.observed.commands.retry)
    return NOTHING


def _abort(case: Case, release: str) -> Obeyed:
    forget = (ABORT, ABORT_REASON)
    status = case.status
    if status.attempt is None or release != status.release:
        ignored = (
            f"abort names release {release or '(none)'}, but the present one is "
            f"{status.release or '(none)'}: nothing was done; name the present one"
        )
        return Obeyed(forget=forget, ignored=ignored)
    said = case.observed.commands.abort_reason
    reason = f"aborted: {said}" if said else "aborted by command"
    if status.phase in WAITING:
        return Obeyed(reject(case, Because.ABORTED, reason, Outcome.ABORTED), forget)
    if status.phase in MOVED:
        way = way_back(case, Outcome.ABORTED, reason)
        return Obeyed(roll_back(case, Because.ABORTED, way), forget)
    if status.phase is Phase.SETTLED:
        return _abort_settled(case, reason, forget)
    return Obeyed(forget=forget)


def _abort_settled(case: Case, reason: str, forget: tuple[str, ...]) -> Obeyed:
    """Within the rollback window the former colour is still warm: go back to it."""
    status = case.status
    if status.previous is None or status.current is None or status.rollback_until is None:
        return Obeyed(forget=forget, ignored="abort: there is no former colour to go back to")
    if case.now > status.rollback_until:
        ignored = (
            f"abort: the rollback window ended at {write_moment(status.rollback_until)} and the "
            f"former colour may have changed since; release {status.previous.colour} by "
            f"`live: {status.previous.colour}`, which looks at it first"
        )
        return Obeyed(forget=forget, ignored=ignored)
    way = way_back(case, Outcome.ABORTED, reason)
    way = way.model_copy(update={"to": status.previous, "content": status.current})
    return Obeyed(roll_back(case, Because.ABORTED, way), forget)


def _retry(case: Case, release: str) -> Obeyed:
    forget = (RETRY,)
    status = case.status
    rejected = find_rejection(status, case.spec.candidate.digests)
    if release != case.spec.release:
        ignored = (
            f"retry names release {release or '(none)'}, but the goal is {case.spec.release}: "
            "nothing was done; name the goal"
        )
        return Obeyed(forget=forget, ignored=ignored)
    if status.phase not in ENDED or (rejected is None and status.phase is not Phase.REJECTED):
        return Obeyed(forget=forget)
    kept = tuple(r for r in status.rejected if r.digests != case.spec.candidate.digests)
    forgiven = status.model_copy(update={"rejected": kept})
    step = begin(case.with_status(forgiven))
    because = Because.RETRIED if step.because is Because.BEGUN else step.because
    return Obeyed(Step(step.status, because), forget)
