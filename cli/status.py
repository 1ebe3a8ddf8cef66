"""`switchyard status`: what serves, what stands ready beside it, and what is under way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import cluster, output, ramp_view
from cli.environments import Environment, Route, environments, routes
from cli.ramp_view import EvidenceView, JudgeView, RampView
from cli.rest import Rest
from cli.views import ConditionView

if TYPE_CHECKING:
    from lightkube import Client
    from rich.console import RenderableType

    from cli.views import SwitchView

GOOD_PHASES = frozenset({"Settled"})
BAD_PHASES = frozenset({"Rejected", "RollingBack"})


class Colour(Environment):
    """An environment, and what the switch makes of it."""

    serving: bool
    weight: int | None
    is_ready: bool | None
    """Every workload available; null when there are no workloads."""


class TwinStatus(BaseModel):
    """One twin."""

    twin: str
    namespace: str
    goal: str | None
    """The colour that is to serve."""
    serving: str | None
    weights: dict[str, int] | None
    """Per colour, as the switch wants them; null while nothing serves."""
    phase: str
    reason: str
    release: str | None
    """Identity of the release that the spec asks for."""
    taken_up: bool
    """Whether the controller has seen the spec as it stands."""
    settled: bool
    """Whether that release has ended, in either ending."""
    ramp: RampView | None
    """Of the release under way; null when none ramps."""
    judge: JudgeView | None
    evidence: list[EvidenceView]
    rollback_until: datetime | None
    rollback_left_seconds: float | None
    """Null when the rollback window is not open."""
    colours: list[Colour]
    routes: list[Route]
    conditions: list[ConditionView]


class Status(BaseModel):
    """What `status --json` prints."""

    stack: str
    cluster: str
    twins: list[TwinStatus] = Field(default_factory=list[TwinStatus])

    @property
    def bad_news(self) -> bool:
        """Whether a release of any twin was rejected or something serves that should not."""
        return any(twin.settled and twin.goal != twin.serving for twin in self.twins)


def read(client: Client, stack: str, twin: str | None) -> Status:
    """The status of one twin, or of all of them."""
    views = [cluster.switch(client, twin)] if twin else cluster.switches(client)
    rest = Rest(client)
    now = datetime.now(UTC)
    return Status(
        stack=stack,
        cluster=client.config.cluster.server,
        twins=[_twin(rest, view, now) for view in views],
    )


def _twin(rest: Rest, view: SwitchView, now: datetime) -> TwinStatus:
    weights, left = view.weights(), view.rollback_left(now)
    return TwinStatus(
        twin=view.name,
        namespace=view.namespace,
        goal=view.live,
        serving=view.serving,
        weights=weights,
        phase=view.phase,
        reason=view.reason,
        release=view.release,
        taken_up=view.seen,
        settled=view.ended,
        ramp=None if view.at_rest else view.ramp,
        judge=None if view.at_rest else view.judge,
        evidence=[] if view.at_rest else view.evidence,
        rollback_until=view.rollback_until,
        rollback_left_seconds=None if left is None else round(left, 1),
        colours=[
            Colour(
                **environment.model_dump(),
                serving=environment.colour == view.serving,
                weight=weights.get(environment.colour) if weights else None,
                is_ready=environment.ready,
            )
            for environment in environments(rest, view)
        ],
        routes=routes(rest, view),
        conditions=view.conditions,
    )


def render(status: Status) -> RenderableType:
    """The status for people."""
    if not status.twins:
        return f"no twin on {status.cluster}; `switchyard up` makes the stack's"
    return Group(*(_render_twin(twin) for twin in status.twins))


def _render_twin(twin: TwinStatus) -> RenderableType:

    lines = [headline(twin), Text(f"  {twin.reason}", style="dim") if twin.reason else None]
    if not twin.taken_up:
        goal = f"  goal {twin.goal}, release {twin.release}: not taken up by the controller yet"
        lines.append(Text(goal, style="yellow"))
    if twin.rollback_left_seconds is not None:
        left = output.duration(twin.rollback_left_seconds)
        lines.append(Text(f"  rollback window: {left} left (`switchyard abort {twin.twin}`)"))
    shown = [line for line in lines if line is not None]
    evidence = ["", ramp_view.table(twin.evidence)] if twin.evidence else []
    return Group(*shown, _table(twin), *evidence, "")


def headline(twin: TwinStatus) -> RenderableType:
    """One line: the twin, what serves, and the phase."""
    text = Text.assemble((twin.twin, "bold"), "  serving ")
    text.append_text(Text.from_markup(output.colour_markup(twin.serving)))
    text.append("  phase ")
    text.append(twin.phase, style=phase_style(twin.phase))
    text.append(f"  release {output.short(twin.release, 16)}", style="dim")
    return text


def phase_style(phase: str) -> str:
    """How a phase is painted."""
    if phase in GOOD_PHASES:
        return "bold green"
    return "bold red" if phase in BAD_PHASES else "bold yellow"


def _table(twin: TwinStatus) -> Table:

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("colour", "weight", "service", "ready", "digest", "revision", "argo cd"):
        table.add_column(heading, justify="right" if heading == "weight" else "left", no_wrap=True)
    for colour in twin.colours:
        rows = colour.workloads or [None]
        for index, workload in enumerate(rows):
            first = index == 0
            table.add_row(
                output.colour_markup(colour.colour) if first else "",
                (output.NOTHING if colour.weight is None else f"{colour.weight}%") if first else "",
                workload.name if workload else "[red]no workloads[/]",
                f"{workload.ready}/{workload.desired}" if workload else "",
                output.short(workload.digest, 10) if workload else "",
                output.short(colour.revision or colour.target_revision, 10) if first else "",
                _argo(colour) if first else "",
                style=None if workload is None or workload.available else "red",
            )
    return table


def _argo(colour: Colour) -> str:
    if colour.sync is None and colour.health is None:
        return "[dim]no application[/]"
    good = colour.sync == "Synced" and colour.health == "Healthy"
    text = f"{colour.sync or 'Unknown'}, {colour.health or 'Unknown'}"
    return text if good else f"[yellow]{text}[/]"
