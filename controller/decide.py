"""The decision: a pure function of the goal, what was seen, the verdicts and the clock.

It names the next writes and nothing else; whoever carries them out may die between any two of them,
for every decision starts anew from what the API server holds. Progress is kept in the status, which
is written before the routes, so that a half-done movement is known as one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller import moving, ramp
from controller.api import OVERRIDE, Content, Spec, Status
from controller.case import Case, Step, enter, hold, stale, wanted_live
from controller.commands import obey
from controller.conditions import conditions
from controller.endings import begin, reject, supersede
from controller.model import write_duration
from controller.observed import Observed, Verdicts
from controller.pace import stopped
from controller.phases import ENDED, MOVED, WAITING, Because, Phase
from controller.routes import LIVE, PREVIEW, Route, fits, is_ours, preview_routes
from controller.sight import NotReady, Ready, Unknown

IDLE = 5.0
"""Seconds between looks when nothing is under way: 5, the time that drift may last."""
WAIT = 1.0
"""Seconds between looks at a candidate that is not ready: 1, cheap beside a pod's start."""
PROBE = 0.25
"""Seconds between probes of the preview, at first."""
EAGER = timedelta(seconds=10)
"""How long the preview is probed that often: 10 s; after that, WAIT is often enough."""
JUDGE = 0.5
"""Seconds between looks at a ramp: 0.5, so that a failure costs half a second more at most."""
CONFIRM = 0.1
"""Seconds between looks at the data plane while traffic moves: 0.1, to know a flip fast."""

WARNINGS = frozenset(
    {
        Because.TIMED_OUT,
        Because.NEVER_SEEN,
        Because.CANDIDATE_LOST,
        Because.GATE_FAILED,
        Because.JUDGE_FAILED,
        Because.ABORTED,
        Because.IMMUTABLE,
        Because.REMEMBERED,
        Because.FORMER_LOST,
        Because.IGNORED,
        Because.DRIFT_REPAIRED,
        Because.SUPERSEDED,
    }
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a Kubernetes event."""

    because: Because
    message: str

    @property
    def type(self) -> str:
        """Normal or Warning."""
        return "Warning" if self.because in WARNINGS else "Normal"


@dataclass(frozen=True, slots=True)
class Decision:
    """The next writes, in the order in which they are to be made: status, routes, annotations."""

    status: Status
    because: Because
    apply: tuple[Route, ...] = ()
    delete: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    requeue: float = IDLE


def decide(spec: Spec, observed: Observed, verdicts: Verdicts, clock: datetime) -> Decision:
    """What to do now.

    Args:
        spec: the goal.
        observed: what was seen, the status and the commands among it.
        verdicts: what the gates say about the candidate, by kind of gate.
        clock: now, aware of its time zone.
    """
    case = Case(spec, observed, verdicts, clock)
    obeyed = obey(case)
    step = obeyed.step or _follow_goal(case) or _PHASES[case.status.phase](case)
    notices: list[Notice] = []
    if obeyed.ignored:
        notices.append(Notice(Because.IGNORED, obeyed.ignored))
    if step.status.phases[-1:] != case.status.phases[-1:]:
        notices.append(Notice(step.because, step.status.reason))
    return _finish(case, step, obeyed.forget, notices)


def _follow_goal(case: Case) -> Step | None:
    """Turn to another goal when the spec names one; a way back under way is finished first."""
    attempt, spec, status = case.status.attempt, case.spec, case.status
    lost_its_way = status.phase is Phase.ROLLING_BACK and status.rollback is None
    if attempt is None or lost_its_way:  # new, or a status that somebody edited by hand
        return begin(case)
    if attempt.release == spec.release and attempt.content == spec.goal:
        return None
    if case.status.phase is Phase.ROLLING_BACK:
        return None
    if case.status.phase in MOVED:
        return moving.overtaken(case)
    return supersede(case) if case.status.phase in WAITING else begin(case)


def _pending(case: Case) -> Step:
    reason = f"looking at the workloads of {case.attempt.to}"
    return Step(enter(case.status, Phase.PREPARING, case.now, reason), Because.BEGUN)


def _preparing(case: Case) -> Step:
    foreign = case.foreign_route()
    if foreign is not None:
        return _wait(case, Because.CANDIDATE_NOT_READY, _foreign_reason(foreign))
    candidate = case.observed.candidate
    if not isinstance(candidate, Ready):
        return _wait(case, _missing(candidate), candidate.reason)
    reason = f"{case.attempt.to} runs what was asked for; asking it through the preview route"
    return Step(enter(case.status, Phase.PROBING, case.now, reason), Because.CANDIDATE_READY)


def _probing(case: Case) -> Step:
    candidate, preview = case.observed.candidate, case.observed.preview
    if not isinstance(candidate, Ready):
        waited = _wait(case, _missing(candidate), candidate.reason)
        if waited.status.phase is Phase.REJECTED:
            return waited
        back = enter(case.status, Phase.PREPARING, case.now, candidate.reason)
        return Step(back, waited.because)
    if not isinstance(preview, Ready):
        because = Because.NO_DATA if isinstance(preview, Unknown) else Because.PREVIEW_SILENT
        return _wait(case, because, preview.reason)
    return _gates(case) or _complete(case)


def _gates(case: Case) -> Step | None:
    for gate in case.spec.gates:
        verdict = case.verdicts.get(gate.kind)
        if verdict is None:
            return _wait(case, Because.GATE_HOLDS, f"gate {gate.kind} has no verdict")
        if verdict.outcome == "fail":
            return reject(case, Because.GATE_FAILED, f"gate {gate.kind} failed: {verdict.reason}")
        if verdict.outcome != "pass":
            return _wait(case, Because.GATE_HOLDS, f"gate {gate.kind} holds: {verdict.reason}")
    return None


def _complete(case: Case) -> Step:
    """Every piece of evidence is there; the last look at the routes decides."""
    if isinstance(case.observed.routes, Unknown):
        reason = f"cannot read the routes: {case.observed.routes.reason}"
        return _wait(case, Because.NO_DATA, reason)
    foreign = case.foreign_route()
    if foreign is not None:
        return _wait(case, Because.CANDIDATE_NOT_READY, _foreign_reason(foreign))
    if ramp.is_due(case):
        return ramp.begin(case)
    if case.status.current is not None and (stop := stopped(case)):
        return hold(case, stop.because, stop.reason)
    reason = f"the evidence is complete; moving all services to {case.attempt.to}"
    return Step(enter(case.status, Phase.SHIFTING, case.now, reason), Because.EVIDENCE_COMPLETE)


def _ended(case: Case) -> Step:
    return Step(case.status, Because.STEADY)


_PHASES = {
    Phase.PENDING: _pending,
    Phase.PREPARING: _preparing,
    Phase.PROBING: _probing,
    Phase.RAMPING: ramp.ramping,
    Phase.SHIFTING: moving.shifting,
    Phase.CONFIRMING: moving.confirming,
    Phase.ROLLING_BACK: moving.rolling_back,
    Phase.SETTLED: _ended,
    Phase.REJECTED: _ended,
}


def _missing(candidate: NotReady | Unknown) -> Because:
    is_unknown = isinstance(candidate, Unknown)
    return Because.NO_DATA if is_unknown else Because.CANDIDATE_NOT_READY


def _foreign_reason(name: str) -> str:
    return (
        f"HTTPRoute {name} exists and belongs to somebody else, so writing it would be a fight; "
        "delete it or name the service differently"
    )


def _wait(case: Case, because: Because, reason: str) -> Step:
    """Hold before anything moved, until healthTimeout ends it."""
    limit = case.spec.strategy.health_timeout
    if not case.overdue(case.attempt.started_at, limit):
        return hold(case, because, reason)
    late = f"{case.attempt.to} did not become healthy within {write_duration(limit)}: {reason}"
    return reject(case, Because.TIMED_OUT, late)


def _to_serve(case: Case, status: Status) -> tuple[bool, Content | None, int]:
    """Whether the live routes are ours to set now, what they are to serve, and its percent."""
    if status.phase is Phase.RAMPING and status.attempt and status.ramp:
        return True, status.attempt.content, status.ramp.weight
    if status.phase in MOVED and status.attempt:
        return True, status.attempt.content, 100
    if status.phase is Phase.ROLLING_BACK and status.rollback:
        lost = moving.former_lost(case.with_status(status)) is not None
        return not lost, status.rollback.to, 100
    return status.current is not None, status.current, 100


def _finish(case: Case, step: Step, forget: tuple[str, ...], notices: list[Notice]) -> Decision:
    """Add what follows from the new status: route writes, weight, conditions, the next look."""
    status, found, observed = step.status, case.found(), case.observed
    identity = observed.identity
    ours, content, percent = _to_serve(case, status)
    wanted = wanted_live(case, content, percent) if ours else {}
    previews = preview_routes(identity, case.spec)
    if isinstance(observed.routes, Unknown):
        apply: tuple[Route, ...] = ()
    else:
        both = {**wanted, **previews}
        apply = tuple(
            route
            for name, route in both.items()
            if not fits(route, found.get(name))
            and (name not in found or is_ours(identity, found[name]))
        )
    ended_or_back = status.phase in ENDED or status.phase is Phase.ROLLING_BACK
    delete = stale(case, LIVE, wanted) if ours and ended_or_back else ()
    if status.phase in ENDED:
        delete += stale(case, PREVIEW, previews)
    if status.phase in ENDED and case.status.phase not in ENDED and observed.commands.has_override:
        forget += (OVERRIDE,)  # it was for the release that ended here
    if case.status.phase in ENDED and status.phase in ENDED and (apply or delete):
        names = ", ".join([*(route["metadata"]["name"] for route in apply), *delete])
        notices.append(Notice(Because.DRIFT_REPAIRED, f"routes brought back to the goal: {names}"))
    status = status.model_copy(
        update={
            "observed_generation": identity.generation,
            "weight": _weight(case, status),
        }
    )
    status = status.model_copy(
        update={"conditions": conditions(status, step.because, case.now, identity.generation)}
    )
    requeue = _requeue(case, status, busy=bool(apply or delete or forget))
    return Decision(status, step.because, apply, delete, forget, tuple(notices), requeue)


def _weight(case: Case, status: Status) -> int:
    """The share of the candidate colour in percent, as the routes hold it.

    While they are being written, the least that any has; on the way back, the most.
    """
    if isinstance(case.observed.routes, Unknown) or status.attempt is None:
        return status.weight
    shares = case.with_status(status).shares(status.attempt.to)
    going_back = status.phase is Phase.ROLLING_BACK
    return round(100 * (max if going_back else min)(shares, default=0.0))


def _requeue(case: Case, after: Status, *, busy: bool) -> float:
    if case.status.phase is not after.phase or busy:
        return 0.0
    if after.phase in ENDED:
        return IDLE
    if after.phase is Phase.RAMPING and after.ramp and after.ramp.seen_at:
        return JUDGE
    if after.phase in MOVED or after.phase is Phase.ROLLING_BACK:
        return CONFIRM
    is_fresh = bool(after.phases) and case.now - after.phases[-1].at < EAGER
    return PROBE if after.phase is Phase.PROBING and is_fresh else WAIT
