"""The picture that `switchyard watch` draws. Pure: a scene in, a renderable out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import output, ramp_view
from cli.status import phase_style
from cli.views import COLOURS

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from cli.environments import Environment
    from cli.traffic import Traffic
    from cli.views import HistoryView, SwitchView

BAR = 14
"""Cells of the bar that shows a weight."""
HISTORY = 5
"""Past releases shown."""


@dataclass(frozen=True)
class Scene:
    """Everything that the picture shows."""

    view: SwitchView
    cluster: str
    now: datetime
    environments: list[Environment] = field(default_factory=list["Environment"])
    traffic: Traffic | None = None
    """None until the first answer."""
    lost: str | None = None
    """Why the connection is lost at present."""
    blind: str | None = None
    """Why the environments cannot be read at present."""


def draw(scene: Scene) -> RenderableType:
    """The whole picture."""
    parts: list[RenderableType] = [_title(scene), _phase(scene), "", _colours(scene)]
    if scene.view.evidence and not scene.view.at_rest:
        parts += ["", ramp_view.table(scene.view.evidence)]
    notes = _notes(scene)
    if notes:
        parts += ["", *notes]
    parts += ["", _phases(scene.view), "", _history(scene.view), "", _footer()]
    return Group(*parts)


def _title(scene: Scene) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_row(
        Text.assemble((scene.view.name, "bold"), (f"  {scene.cluster}", "dim")),
        Text(scene.now.astimezone().strftime("%H:%M:%S"), style="dim"),
    )
    return grid


def _phase(scene: Scene) -> RenderableType:
    view = scene.view
    text = Text.assemble((f"{view.phase:<12}", phase_style(view.phase)), view.reason)
    text.append(f"\n{'release':<12}{view.working or view.release or output.NOTHING}", style="dim")
    if view.live:
        text.append("   goal ", style="dim")
        text.append_text(Text.from_markup(output.colour_markup(view.live)))
    if not view.seen:
        text.append("   not taken up by the controller yet", style="yellow")
    return text


def _colours(scene: Scene) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False, expand=False)
    table.add_column("colour", min_width=6)
    table.add_column("weight", min_width=BAR + 5)
    for heading in ("requests/s", "errors/s", "ready"):
        table.add_column(heading, justify="right")
    table.add_column("revision")
    table.add_column("")
    weights = scene.view.weights() or {}
    environments = {environment.colour: environment for environment in scene.environments}
    for colour in COLOURS:
        serving = colour == scene.view.serving
        table.add_row(
            output.colour_markup(colour),
            _bar(colour, weights.get(colour)),
            *_traffic(scene.traffic, colour),
            *_environment(environments.get(colour)),
            Text("serving", style=output.COLOUR_STYLE[colour]) if serving else "",
        )
    return table


def _bar(colour: str, weight: int | None) -> Text:
    if weight is None:
        return Text(output.NOTHING, style="dim")
    filled = round(BAR * weight / 100)
    bar = Text("━" * filled, style=output.COLOUR_STYLE[colour])
    bar.append("─" * (BAR - filled), style="bright_black")
    bar.append(f" {weight:>3}%")
    return bar


def _traffic(traffic: Traffic | None, colour: str) -> tuple[Text, Text]:
    found = traffic.colours.get(colour) if traffic else None
    if found is None:
        return Text("…", style="dim"), Text("…", style="dim")
    requests, errors = found.requests_per_second, found.errors_per_second
    return (
        _no_data() if requests is None else Text(f"{requests:,.1f}"),
        _no_data() if errors is None else Text(f"{errors:,.1f}", style="red" if errors else ""),
    )


def _no_data() -> Text:
    return Text("no data", style="dim")


def _environment(environment: Environment | None) -> tuple[Text, Text]:
    if environment is None:
        return Text("…", style="dim"), Text("…", style="dim")
    ready = sum(workload.ready for workload in environment.workloads)
    desired = sum(workload.desired for workload in environment.workloads)
    return (
        Text(f"{ready}/{desired}", style="" if environment.ready else "red"),
        Text(output.short(environment.revision, 10), style="dim"),
    )


def _notes(scene: Scene) -> list[Text]:
    notes: list[Text] = []
    left = scene.view.rollback_left(scene.now)
    if left is not None and scene.view.at_rest:
        window = f"rollback window: {output.duration(left)} left"
        notes.append(Text(f"{window} (`switchyard abort {scene.view.name}`)"))
    if scene.lost:
        notes.append(Text(f"connection lost, trying again: {scene.lost}", style="bold red"))
    if scene.blind:
        notes.append(Text(f"environments cannot be read: {scene.blind}", style="yellow"))
    if scene.traffic and scene.traffic.no_data_because:
        notes.append(Text(f"no traffic data: {scene.traffic.no_data_because}", style="dim"))
    return notes


def _phases(view: SwitchView) -> RenderableType:
    table = _list("phases of this release")
    for index, phase in enumerate(view.phases):
        after = view.phases[index + 1].at if index + 1 < len(view.phases) else None
        lasted = (after - phase.at).total_seconds() if after and phase.at else None
        table.add_row(
            output.clock(phase.at),
            phase.phase,
            "" if lasted is None else output.duration(lasted),
            Text(phase.reason, overflow="ellipsis", no_wrap=True),
        )
    if not view.phases:
        table.add_row("none yet", "", "", "")
    return table


def _history(view: SwitchView) -> RenderableType:
    table = _list("history")
    past = sorted(view.history, key=_ended, reverse=True)[:HISTORY]
    for ending in past:
        move = f"{ending.origin or 'nothing'} → {ending.to or 'nothing'}"
        flip = "" if ending.flip_ms is None else f"{ending.flip_ms:g} ms"
        what = Text(ending.outcome, style="green" if ending.outcome == "promoted" else "red")
        what.append(f"  {ending.reason}", style="not bold dim")
        what.no_wrap, what.overflow = True, "ellipsis"
        table.add_row(output.clock(ending.ended_at), move, flip, what)
    if not past:
        table.add_row("no release has ended yet", "", "", "")
    return table


def _ended(ending: HistoryView) -> float:
    return ending.ended_at.timestamp() if ending.ended_at else 0.0


def _list(title: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False, expand=True)
    table.title, table.title_justify, table.title_style = title, "left", "dim"
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    # the reason alone gives way in a narrow terminal
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    return table


def _footer() -> Text:
    return Text("q quits", style="dim")
