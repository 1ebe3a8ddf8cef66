"""`decide` as tables: every combination of evidence, and what may follow from it."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from controller_simulator import make_spec

from controller.api import Attempt, Content, Rollback, Shift, Spec, Status
from controller.case import Case
from controller.decide import Decision, decide
from controller.observed import Commands, Identity, Observed, Verdict
from controller.phases import Because, Colour, Outcome, Phase
from controller.routes import live_routes, preview_routes
from controller.sight import NotReady, Readiness, Ready, Shown, Sight, Unknown

pytestmark = pytest.mark.pure

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ME = Identity("shop", "shop", "u-1")
SPEC = Spec.model_validate(make_spec("green", "v2"))
BLUE = Spec.model_validate(make_spec("blue", "v1")).goal
GREEN = SPEC.goal
EVIDENCE: list[Readiness] = [Ready(), NotReady("it is not"), Unknown("nobody knows")]


def routes(serving: Content) -> dict[str, Any]:
    return {**live_routes(ME, SPEC, serving), **preview_routes(ME, SPEC)}


def half_moved() -> dict[str, Any]:
    return {**routes(BLUE), "orders": routes(GREEN)["orders"]}


def status(phase: Phase, *, ago: float = 1.0, **more: object) -> Status:
    """Blue serves, green is the candidate."""
    attempt = Attempt(
        release=SPEC.release,
        origin=Colour.BLUE,
        to=Colour.GREEN,
        revision=GREEN.revision,
        digests=GREEN.digests,
        services=GREEN.services,
        started_at=NOW - timedelta(seconds=ago),
    )
    facts: dict[str, Any] = {"serving": Colour.BLUE, "current": BLUE, "attempt": attempt}
    facts.update(more)
    return Status(phase=phase, release=SPEC.release, **facts)


def moves(decision: Decision) -> set[str]:
    """The namespaces to which the decision gives traffic by writing live routes."""
    return {
        ref["namespace"]
        for route in decision.apply
        if not route["metadata"]["name"].endswith("-preview")
        for ref in route["spec"]["rules"][0]["backendRefs"]
        if ref["weight"]
    }


FOREIGN = {**routes(BLUE), "orders": {"metadata": {"name": "orders"}, "spec": {}}}
ROUTES = [routes(BLUE), Unknown("cannot list"), FOREIGN]
GATES = [None, "missing", "pass", "hold", "fail"]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.PREPARING, Phase.PROBING])
def test_traffic_moves_on_complete_evidence_alone(phase: Phase, late: bool) -> None:  # noqa: FBT001
    moved = 0
    for candidate, preview, found, gate in itertools.product(EVIDENCE, EVIDENCE, ROUTES, GATES):
        spec = (
            SPEC
            if gate is None
            else SPEC.model_copy(
                update={
                    "gates": Spec.model_validate(
                        make_spec("green", "v2", gates=[{"kind": "g"}])
                    ).gates
                }
            )
        )
        verdicts = {"g": Verdict(gate)} if gate in {"pass", "hold", "fail"} else {}
        observed = Observed(
            identity=ME,
            status=status(phase, ago=301 if late else 1),
            routes=found,
            candidate=candidate,
            preview=preview,
        )
        decision = decide(spec, observed, verdicts, NOW)
        complete = (
            phase is Phase.PROBING
            and isinstance(candidate, Ready)
            and isinstance(preview, Ready)
            and found == routes(BLUE)
            and gate in {None, "pass"}
        )
        what = (phase, candidate, preview, gate, late)
        assert (decision.status.phase is Phase.SHIFTING) == complete, what
        assert moves(decision) == ({"shop-green"} if complete else set()), what
        moved += complete
    assert moved == (2 if phase is Phase.PROBING else 0)


@pytest.mark.parametrize("evidence", EVIDENCE[1:], ids=["not ready", "unknown"])
@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.PROBING])
def test_time_runs_out_for_bad_and_for_missing_evidence_alike(
    phase: Phase, evidence: Readiness
) -> None:
    observed = Observed(ME, status(phase, ago=301), routes=routes(BLUE), candidate=evidence)
    decision = decide(SPEC, observed, {}, NOW)
    assert decision.status.phase is Phase.REJECTED
    assert decision.status.rejected[-1].digests == GREEN.digests
    assert not isinstance(evidence, Ready)
    assert evidence.reason in decision.status.reason
    assert moves(decision) == set()


SIGHTS: list[Sight] = [
    Shown({("p0", "s"): frozenset({Colour.GREEN}), ("p1", "s"): frozenset({Colour.GREEN})}),
    Shown({("p0", "s"): frozenset({Colour.GREEN}), ("p1", "s"): frozenset({Colour.BLUE})}),
    Shown({("p0", "s"): frozenset({Colour.GREEN, None})}),
    Shown({("p0", "s"): frozenset({Colour.BLUE})}),
    Shown({}),
    Unknown("nobody was asked"),
]


@pytest.mark.parametrize("late", [False, True])
def test_settled_means_written_and_seen_on_every_gateway_pod(late: bool) -> None:  # noqa: FBT001
    for sight, endpoints, found in itertools.product(
        SIGHTS, EVIDENCE, [routes(GREEN), half_moved(), Unknown("cannot list")]
    ):
        shift = Shift(written_at=NOW - timedelta(seconds=31 if late else 0.2))
        observed = Observed(
            identity=ME,
            status=status(Phase.CONFIRMING, shift=shift),
            routes=found,
            endpoints={Colour.GREEN: endpoints},
            live=sight,
        )
        after = decide(SPEC, observed, {}, NOW).status
        lost = isinstance(endpoints, NotReady)
        proven = sight is SIGHTS[0] and found == routes(GREEN)
        if lost:
            assert after.phase is Phase.ROLLING_BACK
        elif proven:
            assert after.phase is Phase.SETTLED, "a late proof is a proof"
            assert after.shift is not None
            assert after.shift.flip_ms is not None
        else:
            assert after.phase is (Phase.ROLLING_BACK if late else Phase.CONFIRMING), (sight, late)
        assert (after.serving is Colour.GREEN) == (after.phase is Phase.SETTLED)


def rollback() -> Rollback:
    facts: dict[str, Any] = {
        "to": BLUE,
        "content": GREEN,
        "outcome": Outcome.ROLLED_BACK,
        "reason": "it failed",
        "remember": True,
        "started_at": NOW,
    }
    return Rollback(**facts)


def test_a_way_back_ends_only_when_the_former_colour_is_seen_everywhere() -> None:
    blue = Shown({("p0", "s"): frozenset({Colour.BLUE}), ("p1", "s"): frozenset({Colour.BLUE})})
    for sight, endpoints, found in itertools.product(
        [blue, *SIGHTS], EVIDENCE, [routes(BLUE), half_moved(), routes(GREEN), Unknown("no")]
    ):
        observed = Observed(
            identity=ME,
            status=status(Phase.ROLLING_BACK, rollback=rollback()),
            routes=found,
            endpoints={Colour.BLUE: endpoints},
            live=sight,
        )
        decision = decide(SPEC, observed, {}, NOW + timedelta(hours=1))
        shows_blue = isinstance(sight, Shown) and sight.all_show(Colour.BLUE)
        over = shows_blue and found == routes(BLUE)
        assert (decision.status.phase is Phase.REJECTED) == over
        former_is_gone = isinstance(endpoints, NotReady)
        needs_writing = not isinstance(found, Unknown) and found != routes(BLUE)
        expected = {"shop-blue"} if needs_writing and not former_is_gone else set()
        assert moves(decision) == expected, "never back into an outage, never on a guess"


@pytest.mark.parametrize("phase", list(Phase))
def test_an_abort_is_followed_from_every_phase_in_which_something_is_under_way(
    phase: Phase,
) -> None:
    facts: dict[str, Any] = {"shift": Shift(written_at=NOW)}
    if phase is Phase.ROLLING_BACK:
        facts["rollback"] = rollback()
    if phase is Phase.SETTLED:
        facts |= {
            "serving": Colour.GREEN,
            "current": GREEN,
            "previous": BLUE,
            "rollback_until": NOW + timedelta(hours=1),
        }
    serving = BLUE if phase in {Phase.PENDING, Phase.PREPARING, Phase.PROBING} else GREEN
    observed = Observed(
        ME, status(phase, **facts), Commands(abort=SPEC.release, abort_reason="no"), routes(serving)
    )
    decision = decide(SPEC, observed, {}, NOW)
    expected = {
        Phase.PENDING: Phase.REJECTED,
        Phase.PREPARING: Phase.REJECTED,
        Phase.PROBING: Phase.REJECTED,
        Phase.REJECTED: Phase.REJECTED,
    }.get(phase, Phase.ROLLING_BACK)
    assert decision.status.phase is expected
    assert decision.forget == ("switchyard.dev/abort", "switchyard.dev/abort-reason")
    if expected is Phase.ROLLING_BACK:
        assert moves(decision) == {"shop-blue"}, "the same decision moves the weights"


@pytest.mark.parametrize("phase", [Phase.SHIFTING, Phase.CONFIRMING])
def test_half_moved_weights_are_moved_on(phase: Phase) -> None:
    observed = Observed(ME, status(phase, shift=Shift(written_at=NOW)), routes=half_moved())
    decision = decide(SPEC, observed, {}, NOW)
    assert [route["metadata"]["name"] for route in decision.apply] == ["storefront"]
    assert moves(decision) == {"shop-green"}


def test_routes_that_cannot_be_read_are_not_written() -> None:
    for phase in (Phase.SHIFTING, Phase.CONFIRMING, Phase.SETTLED, Phase.REJECTED):
        observed = Observed(ME, status(phase, shift=Shift(written_at=NOW)), routes=Unknown("no"))
        decision = decide(SPEC, observed, {}, NOW)
        assert (decision.apply, decision.delete) == ((), ())


def test_a_decision_is_pure() -> None:
    observed = Observed(
        ME, status(Phase.PROBING), routes=routes(BLUE), candidate=Ready(), preview=Ready()
    )
    assert decide(SPEC, observed, {}, NOW) == decide(SPEC, observed, {}, NOW)


def test_a_steady_switch_changes_nothing() -> None:
    settled = status(Phase.SETTLED, serving=Colour.GREEN, current=GREEN, weight=100)
    first = decide(SPEC, Observed(ME, settled, routes=routes(GREEN)), {}, NOW)
    again = decide(SPEC, Observed(ME, first.status, routes=routes(GREEN)), {}, NOW + timedelta(1))
    assert again.status == first.status, "not even a time: an unchanged status is no write"
    assert (again.apply, again.delete, again.forget, again.notices) == ((), (), (), ())
    assert again.because is Because.STEADY


def test_a_phase_without_its_attempt_names_who_is_to_blame() -> None:
    case = Case(SPEC, Observed(ME, Status(phase=Phase.PROBING)), {}, NOW)
    with pytest.raises(ValueError, match="edited the status by hand"):
        _ = case.attempt
