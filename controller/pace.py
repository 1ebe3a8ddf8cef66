"""Which share of the traffic comes next, and for how long: the ladder, and what bounds it. Pure.

Whatever proposes a step, the error budget bounds it here: no proposal can raise a weight that the
budget freezes, take a larger step than it allows, or stay for less time than it asks.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from controller.case import Case
from controller.observed import Allowance
from controller.phases import Because
from controller.sight import Unknown

ALL = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """The next share."""

    weight: int
    """Percent; 100 ends the ramp."""
    dwell: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """No next share for now."""

    because: Because
    reason: str


def stopped(case: Case) -> Wait | None:
    """Why the error budget lets no weight be raised; None when it does."""
    budget = case.observed.budget
    if isinstance(budget, Unknown):
        # a flip needs no evidence of traffic: where no request arrives, it burns nothing
        if not case.spec.strategy.ramps:
            return None
        reason = f"nobody knows what is left of the error budget: {budget.reason}"
        return Wait(Because.NO_DATA, reason)
    if budget is not None and budget.frozen:
        return Wait(Because.BUDGET, f"frozen: {budget.reason}")
    return None


def choose(case: Case, weight: int) -> Choice | Wait:
    """What comes after `weight` percent."""
    return stopped(case) or _bounded(_proposed(case, weight), weight, case.observed.budget)


def _proposed(case: Case, weight: int) -> Choice:
    """What the strategy would do."""
    strategy = case.spec.strategy
    if strategy.kind != "progressive":
        return ladder(case, weight)
    if weight == 0 or case.status.judge is None:
        first = ladder(case, weight)
        return replace(first, dwell=first.dwell / 10, why="the smallest step, to learn from")
    # imported here: the policy needs numpy, which is saved where nothing ramps
    from controller import exposure  # noqa: PLC0415

    step = exposure.propose(case, weight)
    return Choice(step.weight, timedelta(seconds=step.dwell_s), step.reason)


def ladder(case: Case, weight: int) -> Choice:
    """The next of the fixed steps."""
    strategy = case.spec.strategy
    steps = sorted({step for step in strategy.steps if weight < step < ALL} | {ALL})
    return Choice(steps[0], strategy.dwell, f"the next step of {_told(strategy.steps)}")


def _bounded(choice: Choice, weight: int, budget: Allowance | Unknown | None) -> Choice:
    if budget is None or isinstance(budget, Unknown):
        return choice
    if budget.override:
        return replace(choice, why=f"{choice.why}, the freeze lifted by {budget.override}")
    dwell = choice.dwell * max(budget.dwell_factor, 1.0)
    highest = ALL if budget.max_step is None else weight + max(int(budget.max_step), 1)
    if choice.weight <= highest and dwell == choice.dwell:
        return choice
    return Choice(min(choice.weight, highest), dwell, f"{choice.why}, slowed: {budget.reason}")


def _told(steps: tuple[int, ...]) -> str:
    return "/".join(str(step) for step in sorted({*steps, ALL})) + " %"
