"""The phases in which production traffic moves: there, seen to be there, and back. Pure."""

from datetime import datetime, timedelta

from controller.api import Rollback, Shift
from controller.arrival import movement_of
from controller.case import Case, Step, enter, hold
from controller.endings import finish_rollback, promote
from controller.model import write_duration
from controller.phases import Because, Colour, Outcome, Phase
from controller.sight import NotReady, Shown, Unknown

QUIET = timedelta(seconds=1)
"""How long a movement may go unseen without a word about it in the status: 1 s, the promise."""


def way_back(case: Case, outcome: Outcome, reason: str, *, remember: bool = True) -> Rollback:
    """From the attempt under way to what serves."""
    return Rollback(
        to=case.status.current,
        content=case.attempt.content,
        outcome=outcome,
        reason=reason,
        remember=remember,
        started_at=case.now,
    )


def roll_back(case: Case, because: Because, way: Rollback) -> Step:
    """Turn round: the weights go back to what served before."""
    status = enter(case.status, Phase.ROLLING_BACK, case.now, way.reason, rollback=way)
    return Step(status, because)


def fail(case: Case, because: Because, reason: str) -> Step:
    """Turn round because the candidate failed under traffic."""
    return roll_back(case, because, way_back(case, Outcome.ROLLED_BACK, reason))


def overtaken(case: Case) -> Step:
    """Another goal came while traffic was moving: back first; the digests are not to blame."""
    reason = f"superseded by release {case.spec.release} while traffic was moving"
    way = way_back(case, Outcome.ROLLED_BACK, reason, remember=False)
    return roll_back(case, Because.SUPERSEDED, way)


def shifting(case: Case) -> Step:
    """Write the weights (the decision's route writes do that) until all of them are written."""
    gone = lost(case)
    if gone is not None:
        return gone
    if isinstance(case.observed.routes, Unknown):
        return hold(case, Because.NO_DATA, f"cannot read the routes: {case.observed.routes.reason}")
    to = case.attempt.to
    if not case.routes_show(case.attempt.content):
        return hold(case, Because.MOVING, f"moving the weights of all services to {to}")
    shift = Shift(written_at=case.observed.written_at or case.now)
    reason = f"all weights are on {to}; waiting until every gateway pod serves it"
    status = enter(case.status, Phase.CONFIRMING, case.now, reason, shift=shift)
    seen = confirming(case.with_status(status))  # often it is there already: no look is wasted
    return Step(status, Because.WRITTEN) if seen.status.phase is Phase.CONFIRMING else seen


def confirming(case: Case) -> Step:
    """Wait until the data plane shows the candidate; a weight in the API is not proof."""
    gone = lost(case)
    if gone is not None:
        return gone
    attempt, sight = case.attempt, case.observed.live
    shift = case.status.shift or Shift(written_at=case.now)
    written = case.routes_show(attempt.content)
    if written and not isinstance(sight, Unknown) and _arrived(case, sight, attempt.to):
        return promote(case, _seen(shift, case), sight.pods())
    why = _why_not(case, attempt.to, written=written)
    limit = case.spec.strategy.confirm_timeout
    if case.overdue(shift.written_at, limit):
        reason = f"not seen in the data plane within {write_duration(limit)}: {why}"
        return fail(case, Because.NEVER_SEEN, reason)
    return unseen(case, shift.written_at, f"waiting to see {attempt.to} everywhere: {why}")


def rolling_back(case: Case) -> Step:
    """Wait until the data plane shows the former colour again; there is no giving up on that."""
    rollback = case.status.rollback
    if rollback is None:
        raise ValueError("status.phase is RollingBack but status.rollback is missing")
    sight = case.observed.live
    wanted = rollback.to.colour if rollback.to else None
    written = case.routes_show(rollback.to)
    if written and rollback.written_at is None:
        at = case.observed.written_at or case.now
        rollback = rollback.model_copy(update={"written_at": at})
    case = case.with_status(case.status.model_copy(update={"rollback": rollback}))
    if not written and former_lost(case) is not None:
        return hold(case, Because.FORMER_LOST, f"{rollback.reason}; {former_lost(case)}")
    if written and not isinstance(sight, Unknown) and _arrived(case, sight, wanted):
        shift = Shift(written_at=rollback.written_at or case.now)
        return finish_rollback(case, _seen(shift, case))
    why = _why_not(case, wanted, written=written)
    since = rollback.written_at or rollback.started_at
    return unseen(case, since, f"{rollback.reason}; going back: {why}")


def _arrived(case: Case, sight: Shown, wanted: Colour | None) -> bool:
    """Whether every gateway pod serves that colour alone: shown by an answer, or by many."""
    movement = movement_of(case.status)
    if movement is not None and movement.partial:
        return case.observed.arrival.proven()
    return sight.all_show(wanted)


def unseen(case: Case, since: datetime, reason: str) -> Step:
    """Hold; and say why once it takes longer than promised, for each word is a write."""
    unknown = isinstance(case.observed.live, Unknown)
    because = Because.NO_DATA if unknown else Because.NOT_YET_SEEN
    if case.now - since < QUIET:
        return Step(case.status, Because.NOT_YET_SEEN)
    return hold(case, because, reason)


def former_lost(case: Case) -> str | None:
    """Why going back would be an outage: known, not merely suspected."""
    rollback = case.status.rollback
    if rollback is None or rollback.to is None:
        return None
    former = case.endpoints(rollback.to.colour)
    if not isinstance(former, NotReady):
        return None
    return f"but {rollback.to.colour} cannot take the traffic back ({former.reason}): holding"


def lost(case: Case) -> Step | None:
    """Back at once when the candidate is known to have lost its endpoints."""
    to = case.attempt.to
    endpoints = case.endpoints(to)
    if not isinstance(endpoints, NotReady):
        return None
    reason = f"{to} lost its endpoints while traffic was moving: {endpoints.reason}"
    return fail(case, Because.CANDIDATE_LOST, reason)


def _seen(shift: Shift, case: Case) -> Shift:
    flip = round((case.now - shift.written_at).total_seconds() * 1000)
    return shift.model_copy(update={"seen_at": case.now, "flip_ms": max(flip, 0)})


def _why_not(case: Case, wanted: Colour | None, *, written: bool) -> str:
    """What is missing to the proof, for people."""
    sight = case.observed.live
    if not written:
        routes = case.observed.routes
        return routes.reason if isinstance(routes, Unknown) else "the weights are not all written"
    if isinstance(sight, Unknown):
        return sight.reason
    doubts = sight.laggards(wanted) or case.observed.arrival.doubts()
    return "; ".join(doubts[:3]) or "no gateway pod was asked"
