"""What the exposure policy proposes as the next share: `progressive`. Pure.

The policy learns from the endings that the status keeps, so that it is reproducible from them, and
changes with each release that ended. It proposes; `pace` and `ramp` bound it, the judge decides.
"""

from collections.abc import Iterable

from controller import judging
from controller.api import Ending
from controller.case import Case
from controller.endings import changed_services
from controller.observed import Allowance
from controller.power import least_rate
from judge.budget import Throttle
from judge.exposure import Belief, Bounds, Features, Ladder, Past, Policy, RampState, Step
from judge.verdict import Verdict

QUICKEST = 0.1
"""Shortest dwell, as a part of the configured one: a tenth."""
SLOWEST = 3.0
"""Longest time until it is asked again, in configured dwells."""
FACTOR = 5.0
"""Most by which one step multiplies the share: 5, as the default ladder does."""


def propose(case: Case, weight: int) -> Step:
    """The next share and for how long, with the reason."""
    past = history(case.observed.identity.name, case.status.history)
    strategy = case.spec.strategy
    steps = tuple(sorted({*strategy.steps, 100}))
    ladder = Ladder(steps, strategy.dwell.total_seconds())
    policy = Policy.learn(past, ladder=ladder)
    changed = changed_services(case.attempt, case.status.current)
    features = Features.of(
        past,
        twin=case.observed.identity.name,
        at=case.attempt.started_at,
        change_size=len(changed) / len(case.attempt.digests),
        services=changed,
        budget_left=_remaining(case.observed.budget),
    )
    step = policy.choose(features, _state(case, weight), bounds(case))
    return Step(step.weight, step.dwell_s, f"{step.reason} (policy {policy.version})")


def history(twin: str, endings: Iterable[Ending]) -> tuple[Past, ...]:
    """The releases of the past from which something can be learnt: those that traffic judged."""
    return tuple(
        Past(
            release=one.release,
            twin=twin,
            at=one.started_at,
            outcome=one.outcome.value,
            hour=one.started_at.hour + one.started_at.minute / 60,
            change_size=one.ramp.change_size,
            services=tuple(sorted(one.ramp.services)),
            budget_left=one.ramp.budget_left,
            verdicts=one.ramp.verdicts,
        )
        for one in endings
        if one.ramp is not None
    )


def bounds(case: Case) -> Bounds:
    """Within what it may choose: the configured steps and dwell."""
    strategy, judge = case.spec.strategy, case.spec.judge
    partial = [step for step in strategy.steps if step < 100] or [1]  # noqa: PLR2004 - percent
    dwell = strategy.dwell.total_seconds()
    indicators = len(judge.indicators) if judge else 1
    return Bounds(
        min_weight=min(partial),
        max_weight=max(partial),
        max_factor=max(FACTOR, 100 / max(partial)),
        min_dwell_s=max(dwell * QUICKEST, 1.0),
        max_dwell_s=max(dwell * SLOWEST, 1.0),
        regression=judge.detectable if judge else 5.0,
        false_alarm_rate=(judge.false_alarm_rate if judge else 0.01) / indicators,
    )


def _state(case: Case, weight: int) -> RampState:
    judged, judge = case.status.judge, case.spec.judge
    if judged is None or judge is None:
        raise ValueError("the exposure policy is asked after evidence, and there is none yet")
    seen = judging.State.load(judged.state).seen
    ratio = next((one for one in judge.indicators if one.kind == "ratio"), None)
    belief = seen.beliefs.get(ratio.name, Belief()) if ratio else Belief()
    requests = belief.baseline + belief.candidate
    rate = belief.bad_baseline / belief.baseline if belief.baseline else 0.0
    logs = [one.log_e for one in case.status.evidence if one.log_e is not None]
    return RampState(
        weight=weight,
        rps=requests / seen.seconds if seen.seconds else 0.0,
        error_rate=max(rate, least_rate(ratio)),
        evidence=belief,
        verdict=Verdict(judged.verdict),
        log_e=max(logs, default=0.0),
        budget=_throttle(case.observed.budget),
    )


def _throttle(budget: object) -> Throttle | None:
    if not isinstance(budget, Allowance) or budget.override:
        return None
    # the dwell is drawn out by `pace`, whatever proposed it
    return Throttle(budget.max_step, 1.0, frozen=False, held=False, reason=budget.reason)


def _remaining(budget: object) -> float | None:
    return budget.remaining if isinstance(budget, Allowance) else None
