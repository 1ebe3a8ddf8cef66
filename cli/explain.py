"""`switchyard explain`: why the last decision was made, and what would change it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import cluster, output, ramp_view
from cli.environments import environments
from cli.rest import Rest
from cli.views import HistoryView, RejectedView, SwitchView, other

if TYPE_CHECKING:
    from lightkube import Client
    from rich.console import RenderableType

    from cli.environments import Environment


EXPECTED = {"Ready": "True", "Progressing": "False", "Degraded": "False"}
"""What each condition says when there is nothing to tell."""


class PhaseLine(BaseModel):
    """One phase of the release."""

    phase: str
    at: datetime | None
    reason: str
    lasted_seconds: float | None
    """Null for the phase that the release is in."""


class Explanation(BaseModel):
    """What `explain --json` prints."""

    twin: str
    release: str | None
    phase: str
    serving: str | None
    decision: str
    """The last decision in one sentence, with its reason."""
    phases: list[PhaseLine]
    facts: list[str]
    """What the decision stands on, as the cluster is now."""
    rejected: list[RejectedView]
    """Digest sets that are refused until they are retried."""
    next: list[str]
    """What would change the decision."""
    history: list[HistoryView]


def explain(client: Client, twin: str | None) -> Explanation:
    """Explain the present state of one twin."""
    view = cluster.switch(client, twin)
    now = datetime.now(UTC)
    return Explanation(
        twin=view.name,
        release=view.working or view.release,
        phase=view.phase,
        serving=view.serving,
        decision=_decision(view),
        phases=_phases(view),
        facts=_facts(view, environments(Rest(client), view)),
        rejected=view.rejected,
        next=_next(view, now),
        history=view.history,
    )


def _decision(view: SwitchView) -> str:
    serves = f"{view.serving} serves" if view.serving else "nothing serves"
    if not view.seen:
        return f"{serves}; the goal (live: {view.live}) is not taken up by the controller yet"
    reason = view.reason.rstrip(".")
    because = f": {reason}" if reason else ""
    match view.phase:
        case "Settled":
            return f"{serves}, as asked for{because}"
        case "Rejected":
            return f"release {view.working} to {view.live} was refused, so {serves}{because}"
        case "RollingBack":
            return f"release {view.working} is being taken back{because}"
        case _:
            return f"release {view.working} to {view.live} is {view.phase}, {serves}{because}"


def _phases(view: SwitchView) -> list[PhaseLine]:
    lines: list[PhaseLine] = []
    following = [*view.phases[1:], None]
    for record, after in zip(view.phases, following, strict=True):
        lasted = None
        if after is not None and after.at and record.at:
            lasted = (after.at - record.at).total_seconds()
        lines.append(
            PhaseLine(phase=record.phase, at=record.at, reason=record.reason, lasted_seconds=lasted)
        )
    return lines


def _facts(view: SwitchView, colours: list[Environment]) -> list[str]:
    facts = [f"goal: live {view.live}, release {view.release}"]
    if view.candidate.digests:
        listed = ", ".join(
            f"{service} {output.short(digest)}"
            for service, digest in sorted(view.candidate.digests.items())
        )
        revision = output.short(view.candidate.revision)
        facts.append(f"candidate content: revision {revision}, {listed}")
    facts += [_environment_fact(colour) for colour in colours]
    facts += ramp_view.facts(view.ramp, view.judge, view.evidence)
    if view.shift and view.shift.flip_ms is not None:
        flip = f"{view.shift.flip_ms:g} ms"
        facts.append(f"last shift: seen at every gateway pod {flip} after the first write")
    facts += [
        f"condition {condition.type}: {condition.status} ({condition.reason})"
        + (f": {condition.message}" if condition.message else "")
        for condition in view.conditions
        if condition.status != EXPECTED.get(condition.type, condition.status)
    ]
    return facts


def _environment_fact(colour: Environment) -> str:
    if not colour.workloads:
        return f"{colour.colour}: no workloads in namespace {colour.namespace}"
    argo = f"; Argo CD says {colour.sync or 'Unknown'}, {colour.health or 'Unknown'}"
    lacking = [workload for workload in colour.workloads if not workload.available]
    if not lacking:
        return f"{colour.colour}: all {len(colour.workloads)} workloads available{argo}"
    listed = ", ".join(f"{item.name} {item.ready}/{item.desired}" for item in lacking)
    return f"{colour.colour}: not available: {listed}{argo}"


def _next(view: SwitchView, now: datetime) -> list[str]:  # noqa: PLR0911 - one a phase
    name = view.name
    if not view.seen:
        return ["the controller takes the goal up; if it does not, `switchyard doctor` tells why"]
    match view.phase:
        case "Settled":
            return _after_settled(view, now)
        case "Rejected":
            return [
                f"other content for {view.live} in the stack file, then `switchyard up`",
                f"`switchyard retry {name}` tries the same content again",
                f"`live: {view.serving}` in the stack file withdraws the goal",
            ]
        case "RollingBack":
            return [f"every gateway pod seen to serve {view.serving or 'the former colour'} again"]
        case "Ramping":
            return [
                "time with data, evidence with power, an error budget that allows it: it goes on",
                "a FAIL of the judge takes all weight back at once",
                f"`switchyard abort {name}` goes back at once",
            ]
        case "Shifting" | "Confirming":
            return [
                f"every gateway pod seen to serve {view.live} settles it",
                f"`switchyard abort {name}` goes back at once",
            ]
        case _:
            return [
                f"healthy within {view.strategy.health_timeout or 'its timeout'}: it moves on",
                "not healthy by then: it is refused, production stays untouched",
                f"`switchyard abort {name}` gives it up now",
            ]


def _after_settled(view: SwitchView, now: datetime) -> list[str]:
    idle = other(view.serving or "green")
    steps = [f"`live: {idle}` in the stack file and `switchyard up` release the other colour"]
    left = view.rollback_left(now)
    if left is not None and view.previous:
        steps.insert(
            0,
            f"`switchyard abort {view.name}` goes back to {view.previous.colour} at once, "
            f"for another {output.duration(left)}",
        )
    return steps


def render(explanation: Explanation) -> RenderableType:
    """The explanation for people."""
    parts: list[RenderableType] = [
        Text.assemble((explanation.twin, "bold"), "  ", explanation.decision),
        "",
        _phase_table(explanation.phases),
        _section("Facts", explanation.facts),
    ]
    if explanation.rejected:
        parts.append(_section("Refused until retried", [_refusal(r) for r in explanation.rejected]))
    parts.append(_section("What would change it", explanation.next))
    return Group(*parts)


def _phase_table(phases: list[PhaseLine]) -> RenderableType:
    if not phases:
        return "no phase recorded yet"
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("at", "phase", "lasted", "reason"):
        table.add_column(heading)
    for line in phases:
        lasted = output.NOTHING
        if line.lasted_seconds is not None:
            lasted = output.duration(line.lasted_seconds)
        table.add_row(output.clock(line.at), line.phase, lasted, Text(line.reason))
    return table


def _section(title: str, lines: list[str]) -> RenderableType:
    text = Text(f"\n{title}\n", style="bold")
    for line in lines:
        text.append(f"  · {line}\n", style="not bold")
    text.rstrip()
    return text


def _refusal(rejected: RejectedView) -> str:
    listed = ", ".join(f"{name} {output.short(d)}" for name, d in sorted(rejected.digests.items()))
    return f"{listed or output.short(rejected.release)} since {output.clock(rejected.at)}: " + (
        rejected.reason or "no reason recorded"
    )
