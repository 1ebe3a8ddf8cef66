"""`switchyard plan`: what the present stack file would do to the cluster as it is now.

Complements `pulumi preview`, which tells the resources: this tells the release. Pure but for
`read`; deliberately decides nothing, the controller does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from cli import output, plan_power, traffic
from cli.environments import Environment, environments
from cli.plan_power import RampPlan
from cli.traffic import Traffic
from cli.views import COLOURS, SwitchView, other, switch_view

if TYPE_CHECKING:
    from cli.rest import Rest


class Kind(StrEnum):
    """What applying the stack file would be for one twin; one line of meaning each."""

    NOTHING = "nothing"
    """The switch and both environments are as the stack file says."""
    FIRST = "first"
    """The twin is made, and its live colour serves for the first time."""
    RELEASE = "release"
    """Traffic moves to the other colour."""
    PREPARE = "prepare"
    """The idle colour gets other content; no traffic moves."""
    ADJUST = "adjust"
    """Services or strategy of the switch change; no traffic moves to another colour."""
    REFUSED = "refused"
    """It would be refused, for the reason that `blockers` gives."""


class Change(BaseModel):
    """One value of a colour that changes; null where there is or was none."""

    what: str
    """`revision`, or the name of a service, whose digest it is."""
    before: str | None
    after: str | None


class ColourPlan(BaseModel):
    """What becomes of one colour's environment."""

    colour: str
    serving: bool
    changes: list[Change]


class TwinPlan(BaseModel):
    """What becomes of one twin."""

    twin: str
    kind: Kind
    serving: str | None
    """The colour that serves now."""
    live: str
    """The colour that the stack file wants to serve."""
    release: str
    """Identity of the goal, as the switch will know it."""
    colours: list[ColourPlan]
    services: list[str]
    """The public services that move, all as one; empty when none does."""
    difference: list[Change]
    """Service by service, what the users' requests are answered with before and after."""
    steps: list[str]
    ramp: RampPlan | None
    """What the steps of a ramp could show at present traffic; null when traffic does not ramp."""
    rollback: list[str]
    blockers: list[str]
    notes: list[str]


class Plan(BaseModel):
    """What `plan --json` prints."""

    stack: str
    cluster: str
    twins: list[TwinPlan]

    @property
    def refused(self) -> bool:
        """Whether any twin's goal would be refused."""
        return any(twin.kind is Kind.REFUSED for twin in self.twins)


class Wanted(BaseModel):
    """What the stack file says of one twin."""

    goal: SwitchView
    """The switch as the program would write it."""
    revisions: dict[str, str]
    """Colour to full commit SHA."""
    digests: dict[str, dict[str, str]]
    """Colour to service to digest."""
    spec: dict[str, Any] = {}
    """The switch's spec as the program would write it."""


def wanted(twin: str, spec: dict[str, Any], contents: dict[str, dict[str, Any]]) -> Wanted:
    """Gather what the stack file says.

    Args:
        twin: its name.
        spec: the TrafficSwitch's spec as the program would write it.
        contents: colour to `revision` and `digests`.
    """
    metadata = {"name": twin, "namespace": twin}
    return Wanted(
        goal=switch_view({"metadata": metadata, "spec": spec}),
        revisions={colour: contents[colour]["revision"] for colour in COLOURS},
        digests={colour: contents[colour]["digests"] for colour in COLOURS},
        spec=spec,
    )


def read(rest: Rest, want: Wanted, now: SwitchView | None) -> TwinPlan:
    """The plan of one twin, against the cluster as it is."""
    ramps = want.spec.get("strategy", {}).get("kind", "blueGreen") != "blueGreen"
    counted = traffic.read(rest, want.goal.name) if now and ramps else Traffic()
    return of_twin(want, now, environments(rest, now) if now else [], counted)


def of_twin(
    want: Wanted,
    now: SwitchView | None,
    present: list[Environment],
    counted: Traffic | None = None,
) -> TwinPlan:
    """The plan of one twin.

    Args:
        want: what the stack file says.
        now: its switch in the cluster; None when there is none.
        present: both environments in the cluster.
        counted: what the data plane counts now.
    """
    serving = now.serving if now else None
    goal = want.goal
    live = goal.live or ""
    colours = [_colour(want, colour, present, serving) for colour in COLOURS]
    blockers = _blockers(goal, now, colours)
    kind = Kind.REFUSED if blockers else _kind(goal, now, colours)
    moves = kind in (Kind.FIRST, Kind.RELEASE)
    return TwinPlan(
        twin=goal.name,
        kind=kind,
        serving=serving,
        live=live,
        release=goal.release or "",
        colours=colours,
        services=[service.name for service in goal.services] if moves else [],
        difference=_difference(want, now) if moves else [],
        steps=_steps(kind, goal, now, colours),
        ramp=plan_power.of_spec(want.spec, counted or Traffic()) if kind is Kind.RELEASE else None,
        rollback=_rollback(kind, goal, serving),
        blockers=blockers,
        notes=_notes(goal, now, colours),
    )


def _colour(
    want: Wanted, colour: str, present: list[Environment], serving: str | None
) -> ColourPlan:
    found = next((one for one in present if one.colour == colour), None)
    revision = (found.target_revision or found.revision) if found else None
    changes: list[Change] = []
    if revision != want.revisions[colour]:
        changes.append(Change(what="revision", before=revision, after=want.revisions[colour]))
    changes += _changed_digests(found.digests if found else {}, want.digests[colour])
    return ColourPlan(colour=colour, serving=colour == serving, changes=changes)


def _changed_digests(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    return [
        Change(what=name, before=before.get(name), after=after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _difference(want: Wanted, now: SwitchView | None) -> list[Change]:
    """Serving content against candidate content."""
    after = want.goal.candidate
    before = now.current if now else None
    changes = _changed_digests(before.digests if before else {}, after.digests)
    revision = before.revision if before else None
    if revision != after.revision:
        changes.insert(0, Change(what="revision", before=revision, after=after.revision))
    return changes


def _kind(goal: SwitchView, now: SwitchView | None, colours: list[ColourPlan]) -> Kind:
    if now is None or now.serving is None:
        return Kind.FIRST
    if goal.live != now.serving:
        return Kind.RELEASE
    if any(colour.changes for colour in colours):
        return Kind.PREPARE
    return Kind.NOTHING if goal.release == now.release else Kind.ADJUST


def _blockers(goal: SwitchView, now: SwitchView | None, colours: list[ColourPlan]) -> list[str]:
    if now is None:
        return []
    blockers = [
        f"{colour.colour} serves, and its {_names(colour.changes)} would change: put the content "
        f"on the idle colour and write `live: {other(colour.colour)}`"
        for colour in colours
        if colour.serving and colour.changes
    ]
    refused = next((one for one in now.rejected if one.digests == goal.candidate.digests), None)
    if refused and goal.live != now.serving:
        because = refused.reason or "no reason recorded"
        blockers.append(
            f"these digests were rejected at {output.clock(refused.at)} ({because}): the goal is "
            f"refused until `switchyard retry {goal.name}`; or bake and name others"
        )
    return blockers


def _names(changes: list[Change]) -> str:
    return ", ".join(
        change.what if change.what == "revision" else f"{change.what} digest" for change in changes
    )


def _steps(
    kind: Kind, goal: SwitchView, now: SwitchView | None, colours: list[ColourPlan]
) -> list[str]:
    live = goal.live or ""
    prepare = [
        f"Argo CD syncs {colour.colour}: {_names(colour.changes)}"
        for colour in colours
        if colour.changes and not colour.serving
    ]
    timeout = goal.strategy.health_timeout or "its timeout"
    services = ", ".join(service.name for service in goal.services)
    healthy = "workloads available, endpoints ready, preview answers through every gateway pod"
    proofs = [
        f"{live} is seen healthy within {timeout}: {healthy}",
        f"the weights of {services} move to {live} together",
        f"every gateway pod is seen to serve {live}: settled",
    ]
    match kind:
        case Kind.NOTHING | Kind.REFUSED:
            return []
        case Kind.FIRST:
            return [f"the twin {goal.name} is made, both colours", *prepare, *proofs]
        case Kind.RELEASE:
            window = goal.strategy.rollback_window or "the rollback window"
            former = now.serving if now else None
            proofs[1:1] = _ramp(goal)
            return [*prepare, *proofs, f"{former} stays warm and untouched for {window}"]
        case Kind.PREPARE:
            return [*prepare, f"{live} goes on serving; no traffic moves"]
        case Kind.ADJUST:
            return ["the switch takes the new services or strategy up; no traffic changes colour"]


def _ramp(goal: SwitchView) -> list[str]:
    """The steps of a ramp, if traffic goes that way."""
    strategy = goal.strategy
    partial = [step for step in strategy.steps if step < 100]  # noqa: PLR2004 - percent
    if strategy.kind == "blueGreen" or not partial:
        return []
    shares = ", ".join(f"{step} %" for step in partial)
    chosen = " (bounds: the exposure policy chooses)" if strategy.kind == "progressive" else ""
    judged = f"each judged for at least {strategy.dwell}; a FAIL takes all of it back at once"
    return [f"{goal.live} gets {shares}{chosen}, {judged}"]


def _rollback(kind: Kind, goal: SwitchView, serving: str | None) -> list[str]:
    if kind is Kind.RELEASE:
        window = goal.strategy.rollback_window or "the rollback window"
        return [
            f"`switchyard abort {goal.name}` during the release, and for {window} after it",
            f"`live: {serving}` in the stack file and `switchyard up`, at any time",
        ]
    if kind is Kind.FIRST:
        return ["nothing served before, so there is nothing to go back to"]
    return []


def _notes(goal: SwitchView, now: SwitchView | None, colours: list[ColourPlan]) -> list[str]:
    if now is None:
        return []
    notes: list[str] = []
    if not now.at_rest:
        notes.append(f"release {now.working} is {now.phase} at present: {now.reason}")
    before = {service.name for service in now.services}
    after = {service.name for service in goal.services}
    notes += [f"service {name} becomes part of the switch" for name in sorted(after - before)]
    notes += [f"service {name} leaves the switch" for name in sorted(before - after)]
    left = now.rollback_left(datetime.now(UTC))
    idle = [colour.colour for colour in colours if colour.changes and not colour.serving]
    if left is not None and idle:
        notes.append(
            f"the rollback window is open for another {output.duration(left)}: with other content "
            f"on {idle[0]}, `switchyard abort` would no longer go back to what served before"
        )
    return notes
