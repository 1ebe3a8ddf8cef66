"""The phase in which the candidate has a share of the traffic, and the judge watches. Pure.

A step goes: write the weight of all services, see it in the data plane, gather evidence for the
dwell, go on. Only weights change. A FAIL ends the ramp from anywhere in it; nothing carries it on
but time with data, evidence that could have shown a regression, and an error budget that allows it.
"""

import math
from datetime import timedelta

from controller.api import Status
from controller.case import Case, Step, enter, hold
from controller.model import write_duration
from controller.moving import fail, lost, unseen
from controller.observed import Allowance, Judgement
from controller.pace import ALL, Choice, Wait, choose
from controller.phases import Because, Phase
from controller.ramp_api import JudgeState, Ramp, Weighing
from controller.sight import Unknown
from judge.budget import burned, expected_burn

FRESH = timedelta(seconds=10)
"""How old the newest judged sample may be for a step to be taken: 10 s, several looks."""


def is_due(case: Case) -> bool:
    """Whether the candidate is to be ramped up: not when nothing serves to compare it with."""
    current = case.status.current
    has_baseline = current is not None and current.colour is not case.attempt.to
    return case.spec.strategy.ramps and has_baseline


def begin(case: Case) -> Step:
    """Take the first step, unless there is a reason to wait with it."""
    if case.spec.judge is None or not case.spec.judge.indicators:
        reason = (
            f"strategy {case.spec.strategy.kind} has no indicator to judge by, so no step could "
            "ever be taken; name some in `judge`, or choose blueGreen"
        )
        return hold(case, Because.NO_DATA, reason)
    choice = choose(case, 0)
    if isinstance(choice, Wait):
        return hold(case, choice.because, choice.reason)
    return _take(case, choice)


def _take(case: Case, choice: Choice) -> Step:
    """Ask for the next weight: the decision's route writes carry it out."""
    attempt, before = case.attempt, case.status.ramp
    if choice.weight >= ALL:
        reason = f"the evidence allows all of the traffic; moving all services to {attempt.to}"
        return Step(enter(case.status, Phase.SHIFTING, case.now, reason), Because.EVIDENCE_COMPLETE)
    weighing = Weighing(at=case.now, weight=choice.weight, reason=choice.why)
    facts = before.model_dump() if before else {}
    ramp = Ramp.model_validate(
        {
            **facts,
            "step": before.step + 1 if before else 0,
            "weight": choice.weight,
            "since": case.now,
            "seen_at": None,
            "dwell": choice.dwell,
            "judged": 0.0,
            "until": None,
            "chosen": choice.why,
            "reason": "",
            "weights": (*(before.weights if before else ()), weighing),
        }
    )
    reason = f"{attempt.to} gets {choice.weight} % of the traffic: {choice.why}"
    status = enter(case.status, Phase.RAMPING, case.now, reason, anew=True, ramp=ramp)
    return Step(status, Because.STEP)


def ramping(case: Case) -> Step:
    """Write, see, judge, go on: or turn round."""
    case = case.with_status(_with_judgement(case))
    ramp = _ramp(case.status)
    gone = lost(case)
    if gone is not None:
        return gone
    judged = case.status.judge
    if judged is not None and judged.verdict == "FAIL":
        said = [one.sentence for one in case.status.evidence if one.verdict == "FAIL"]
        failing = [sentence for sentence in said if sentence not in judged.reason]
        why = "; ".join([judged.reason, *failing])
        reason = f"the judge stopped {case.attempt.to} at {ramp.weight} %: {why}"
        return fail(case, Because.JUDGE_FAILED, reason)
    if isinstance(case.observed.routes, Unknown):
        return _hold(
            case, Because.NO_DATA, f"cannot read the routes: {case.observed.routes.reason}"
        )
    if not case.routes_show(case.attempt.content, ramp.weight):
        return Step(case.status, Because.MOVING)
    return _judging(case, ramp) if ramp.seen_at else _arriving(case, ramp)


def _arriving(case: Case, ramp: Ramp) -> Step:
    """The weight is written: see it in the data plane."""
    arrival, to = case.observed.arrival, case.attempt.to
    if arrival.proven():
        reason = f"{to} has {ramp.weight} %, seen on {arrival.pods()} gateway pods"
        seen = ramp.model_copy(update={"seen_at": case.now, "reason": reason})
        return Step(_with(case.status, seen, reason), Because.JUDGING)
    sight = case.observed.live
    why = sight.reason if isinstance(sight, Unknown) else "; ".join(arrival.doubts()[:3])
    since = case.observed.written_at or ramp.since
    limit = case.spec.strategy.confirm_timeout
    if case.overdue(since, limit):
        late = f"{ramp.weight} % was not seen in the data plane within {write_duration(limit)}"
        return fail(case, Because.NEVER_SEEN, f"{late}: {why or 'no gateway pod was asked'}")
    return unseen(case, since, f"waiting to see {ramp.weight} % of {to} everywhere: {why}")


def _judging(case: Case, ramp: Ramp) -> Step:
    """The weight is seen: hold it until there is reason to go on."""
    choice = _obstacle(case, ramp) or choose(case, ramp.weight)
    if isinstance(choice, Choice) and choice.weight <= ramp.weight:
        return _stay(case, ramp, choice)
    needs_power = case.spec.strategy.kind == "canary" or (
        isinstance(choice, Choice) and choice.weight >= ALL
    )
    if isinstance(choice, Choice) and needs_power:
        choice = _powerless(case, ramp) or choice
    if isinstance(choice, Wait):
        return _hold(case, choice.because, choice.reason)
    return _take(case, choice)


def _stay(case: Case, ramp: Ramp, choice: Choice) -> Step:
    """What proposes steps wants to see more at this weight first."""
    longer = timedelta(seconds=ramp.judged) + choice.dwell
    ramp = ramp.model_copy(update={"dwell": longer, "chosen": choice.why})
    case = case.with_status(case.status.model_copy(update={"ramp": ramp}))
    return _hold(case, Because.JUDGING, choice.why)


def _obstacle(case: Case, ramp: Ramp) -> Wait | None:
    """Why the evidence does not carry the next step yet."""
    said = case.observed.judgement
    judged_to = case.status.judge
    if judged_to is None or case.now - judged_to.at > FRESH:
        why = said.reason if isinstance(said, Unknown) else "no sample has been judged yet"
        if isinstance(said, Judgement) and judged_to is not None:
            why = f"the newest judged sample is of {judged_to.at:%H:%M:%S}"
        return Wait(Because.NO_DATA, f"no data: {why}; no data is not a pass")
    if missing := [f"{e.name}: {e.no_data}" for e in case.status.evidence if e.no_data]:
        return Wait(Because.NO_DATA, f"no data for {'; '.join(missing)}; no data is not a pass")
    if ramp.judged < ramp.dwell.total_seconds():
        return Wait(Because.JUDGING, f"judging for {write_duration(ramp.dwell)}")
    return None


def _powerless(case: Case, ramp: Ramp) -> Wait | None:
    """Why the evidence says too little, whatever it says."""
    judge, could, judged = case.spec.judge, ramp.detectable, case.status.judge
    has_power = judge is not None and could is not None and could <= judge.detectable
    if has_power or (judged is not None and judged.verdict == "PASS"):
        return None
    return Wait(Because.POWERLESS, ramp.power or "nothing could have been shown yet")


def _with_judgement(case: Case) -> Status:
    """The status with what the judge said last, if it goes on from where the status stands."""
    said, status = case.observed.judgement, case.status
    follows = status.judge.state if status.judge else None
    if not isinstance(said, Judgement) or said.follows != follows:
        return status
    ramp = _ramp(status)
    judged = ramp.judged + (said.seconds if ramp.seen_at else 0.0)
    left = timedelta(seconds=max(ramp.dwell.total_seconds() - judged, 0.0))
    budget = case.observed.budget
    ramp = ramp.model_copy(
        update={
            "judged": judged,
            "until": case.now + left if ramp.seen_at else None,
            "detectable": said.detectable,
            "power": said.power,
        }
    )
    if budget is not None and not isinstance(budget, Unknown):
        kept = {"budget_left": budget.remaining, "override": budget.override or ramp.override}
        ramp = ramp.model_copy(update={**kept, **_burn(case, said, budget)})
    state = JudgeState(
        state=said.state,
        at=said.at,
        verdict=said.verdict,
        reason=said.reason,
        requests_exposed=said.exposed,
        requests_harmed=said.harmed,
        rps=said.rps,
        error_rate=said.error_rate,
        tripped=said.tripped,
        users_exposed=said.users,
    )
    changes = {"ramp": ramp, "judge": state, "evidence": said.evidence}
    return status.model_copy(update=changes)


def _burn(case: Case, said: Judgement, allowance: Allowance) -> dict[str, float | None]:
    """What the ramp may cost of the scarcest budget, and what it has cost."""
    if allowance.budget is None:
        return {}
    strategy = case.spec.strategy
    dwell = strategy.dwell.total_seconds() * allowance.dwell_factor
    steps = [(float(step), dwell) for step in sorted(set(strategy.steps)) if step < ALL]
    budget, rate, expected = allowance.budget, said.error_rate, None
    if said.detectable is not None:
        worse = (said.detectable - 1) * rate
        expected = expected_burn(steps, rps=said.rps, excess_error_rate=worse, budget=budget)
    spent = burned(bad=said.harmed, total=said.exposed, budget=budget, base_rate=rate)
    return {
        name: share if share is not None and math.isfinite(share) else None
        for name, share in (("expected_burn", expected), ("burned", spent))
    }


def _hold(case: Case, because: Because, reason: str) -> Step:
    """Stay at this weight; the ramp says why, and the status what the judge says beside it."""
    ramp = _ramp(case.status)
    judged = case.status.judge
    beside = f"; {judged.verdict}: {judged.reason}" if judged else ""
    whole = f"{case.attempt.to} at {ramp.weight} %: {reason}{beside}"
    held = ramp.model_copy(update={"reason": reason})
    return Step(_with(case.status, held, whole), because)


def _with(status: Status, ramp: Ramp, reason: str) -> Status:
    return status.model_copy(update={"ramp": ramp, "reason": reason})


def _ramp(status: Status) -> Ramp:
    if status.ramp is None:
        raise ValueError(
            "status.phase is Ramping but status.ramp is missing, so nobody knows at which weight; "
            "somebody edited the status by hand"
        )
    return status.ramp
