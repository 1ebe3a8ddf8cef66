"""What the exposure policy proposes for a ramp, and that the ramp's own bounds hold it."""

from datetime import UTC, datetime, timedelta

import pytest
from controller_simulator import make_spec
from scripted_judges import ramp_spec

from controller import exposure, judging
from controller.api import Attempt, Ending, Spec, Status
from controller.case import Case
from controller.observed import Allowance, Identity, Observed
from controller.pace import Choice, choose
from controller.phases import Colour, Outcome, Phase
from controller.power import Seen
from controller.ramp_api import JudgeState, Ramp, RampEnding, Weighing
from judge.observation import Counts

pytestmark = pytest.mark.pure

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SPEC = Spec.model_validate(ramp_spec(kind="progressive", steps=[5, 10, 50], dwell="1m"))


def ending(number: int, outcome: Outcome) -> Ending:
    began = NOW - timedelta(hours=number + 1)
    return Ending(
        release=f"{number:016x}",
        to=Colour.GREEN,
        outcome=outcome,
        reason="",
        started_at=began,
        ended_at=began + timedelta(minutes=9),
        ramp=RampEnding(services=("orders",), change_size=0.5, budget_left=0.9),
    )


def case(
    weight: int,
    *,
    requests: int = 20_000,
    history: tuple[Ending, ...] = (),
    budget: Allowance | None = None,
    spec: Spec = SPEC,
) -> Case:
    """A ramp at that weight after so many requests without a fault."""
    seen = Seen().longer(100.0)
    candidate = requests * weight // 100
    seen = seen.add("errors", Counts(0, requests - candidate), Counts(0, candidate), 100.0)
    state = judging.State(counted=NOW.timestamp(), seen=seen).dump()
    ramp = Ramp(
        step=0,
        weight=weight,
        since=NOW,
        seen_at=NOW,
        dwell=timedelta(seconds=6),
        weights=(Weighing(at=NOW, weight=weight),),
    )
    attempt = Attempt(
        release=spec.release,
        origin=Colour.BLUE,
        to=Colour.GREEN,
        revision=spec.candidate.revision,
        digests=spec.candidate.digests,
        services=spec.services,
        started_at=NOW,
    )
    status = Status(
        phase=Phase.RAMPING,
        release=spec.release,
        serving=Colour.BLUE,
        current=Spec.model_validate(make_spec("blue", "v1")).goal,
        attempt=attempt,
        ramp=ramp,
        judge=JudgeState(state=state, at=NOW, verdict="HOLD", reason=""),
        history=history,
    )
    observed = Observed(Identity("shop", "shop", "u"), status, budget=budget)
    return Case(spec, observed, {}, NOW)


def test_a_proposal_rises_within_the_bounds_and_names_its_policy() -> None:
    step = exposure.propose(case(5), 5)
    assert 5 <= step.weight <= 25, "five times the present share at most"
    assert "policy" in step.reason


def test_the_first_step_is_the_smallest_and_short() -> None:
    fresh = case(5).with_status(Status(attempt=case(5).attempt))
    choice = choose(fresh, 0)
    assert isinstance(choice, Choice)
    assert (choice.weight, choice.dwell) == (5, timedelta(seconds=6))


def test_a_scarce_budget_bounds_whatever_is_proposed() -> None:
    scarce = Allowance(0.1, max_step=3, dwell_factor=4, reason="10 % is left")
    free, bound = choose(case(10), 10), choose(case(10, budget=scarce), 10)
    assert isinstance(free, Choice)
    assert isinstance(bound, Choice)
    assert bound.weight <= 13, "three points at most"
    assert bound.dwell >= free.dwell or bound.weight < free.weight


def test_it_learns_from_ramps_alone_and_from_nothing_else() -> None:
    flips = tuple(
        one.model_copy(update={"ramp": None})
        for one in (ending(n, Outcome.ROLLED_BACK) for n in range(5))
    )
    ramps = tuple(ending(n, Outcome.PROMOTED) for n in range(3))
    past = exposure.history("shop", (*flips, *ramps))
    assert len(past) == 3
    assert past[0].services == ("orders",)
    assert past[0].change_size == 0.5


def test_a_worse_past_never_makes_it_bolder() -> None:
    good = tuple(ending(n, Outcome.PROMOTED) for n in range(20))
    bad = tuple(ending(n, Outcome.ROLLED_BACK) for n in range(20))
    bold = exposure.propose(case(5, history=good), 5)
    shy = exposure.propose(case(5, history=bad), 5)
    assert shy.weight <= bold.weight
