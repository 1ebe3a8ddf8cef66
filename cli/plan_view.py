"""How a plan is gathered from a stack, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import cluster, output, plan
from cli.checks_cluster import CRD
from cli.errors import Invalid
from cli.plan import Kind, Plan, TwinPlan
from cli.rest import Rest
from cli.stack_file import StackFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightkube import Client
    from rich.console import RenderableType

    from cli.plan import Change, ColourPlan
    from cli.plan_power import RampPlan
    from settings_rules import Problem

HEADLINE = {
    Kind.NOTHING: "nothing to do",
    Kind.FIRST: "first release",
    Kind.RELEASE: "release",
    Kind.PREPARE: "the idle colour changes",
    Kind.ADJUST: "the switch changes",
    Kind.REFUSED: "would be refused",
}


def gather(client: Client, stack: str, twin: str | None) -> Plan:
    """The plan of a stack, or of one of its twins.

    Raises:
        Invalid: the stack file is refused, or has no such twin.
        Unreachable: the cluster does not answer.
    """
    wishes = _wishes(stack, twin)
    rest = Rest(client)
    present = {}
    if rest.get(CRD) is not None:
        present = {view.name: view for view in cluster.switches(client)}
    return Plan(
        stack=stack,
        cluster=client.config.cluster.server,
        twins=[plan.read(rest, want, present.get(want.goal.name)) for want in wishes],
    )


def _wishes(stack: str, only: str | None) -> list[plan.Wanted]:
    """What the stack file says, by the very models and functions that the program uses."""
    import settings
    from components import release
    from images import ImageError

    path = StackFile(stack).path
    try:
        loaded = settings.load_file(path)
        lock = settings.lock(loaded, path.parent)
        names = _chosen(list(loaded.twins), only, path.name)
        return [
            plan.wanted(
                name,
                release.switch_spec(name, loaded.twins[name], lock),
                {
                    str(colour): {
                        "revision": loaded.twins[name].environment(colour).revision,
                        "digests": release.digests(loaded.twins[name].environment(colour), lock),
                    }
                    for colour in settings.Colour
                },
            )
            for name in names
        ]
    except settings.SettingsError as error:
        raise _refused(path.name, error.problems) from error
    except ImageError as error:
        raise Invalid(
            value=path.name,
            consequence=f"an image has no digest: {error}",
            fix="`switchyard bake`, or correct the name",
        ) from error


def _refused(file: str, problems: Sequence[Problem]) -> Invalid:
    """One problem speaks for itself; several are listed."""
    if len(problems) == 1:
        only = problems[0]
        return Invalid(
            value=f"{file}, {only.where}: {only.value}",
            consequence=f"{only.consequence}; nothing can be planned",
            fix=only.fix,
        )
    listed = "\n".join(
        f"     {number}. {one.where}: {one.value}: {one.consequence}; {one.fix}"
        for number, one in enumerate(problems, 1)
    )
    return Invalid(
        value=f"{file} has {len(problems)} problems",
        consequence=f"nothing can be planned:\n{listed}",
        fix="mend all of them, then run the same command",
    )


def _chosen(names: list[str], only: str | None, file: str) -> list[str]:
    if only is None:
        return names
    if only not in names:
        raise Invalid(
            value=f"twin {only!r}",
            consequence=f"{file} does not have it",
            fix=f"name one of: {', '.join(names)}",
        )
    return [only]


def render(found: Plan) -> RenderableType:
    """The plan for people."""
    return Group(*(_twin(twin) for twin in found.twins))


def _twin(twin: TwinPlan) -> RenderableType:
    parts: list[Any] = [_headline(twin)]
    parts += [Text.assemble(("  ✗ ", "bold red"), blocker) for blocker in twin.blockers]
    parts += [Text.assemble(("  · ", "yellow"), note) for note in twin.notes]
    changed = [colour for colour in twin.colours if colour.changes]
    if changed:
        parts += ["", Text("Environments", style="bold"), _environments(changed)]
    if twin.services:
        parts += ["", Text.assemble(("Moves as one  ", "bold"), ", ".join(twin.services))]
    if twin.difference:
        parts += [Text("Served content", style="bold"), _changes(twin.difference)]
    parts += _numbered("Steps", twin.steps)
    parts += _power(twin.ramp)
    if twin.rollback:
        parts += ["", Text("To roll back", style="bold")]
        parts += [Text(f"  · {line}") for line in twin.rollback]
    return Group(*parts, "")


def _headline(twin: TwinPlan) -> Text:
    style = {Kind.REFUSED: "bold red", Kind.NOTHING: "green"}.get(twin.kind, "bold yellow")
    text = Text.assemble((twin.twin, "bold"), "  ", (HEADLINE[twin.kind], style), "  ")
    text.append_text(Text.from_markup(output.colour_markup(twin.serving)))
    text.append(" serves")
    if twin.serving != twin.live:
        text.append(" → ")
        text.append_text(Text.from_markup(output.colour_markup(twin.live)))
    text.append(f"  release {twin.release}", style="dim")
    return text


def _environments(colours: list[ColourPlan]) -> RenderableType:
    table = _table()
    for colour in colours:
        for index, change in enumerate(colour.changes):
            name = output.colour_markup(colour.colour) if index == 0 else ""
            table.add_row(name, *_cells(change))
    return table


def _changes(changes: list[Change]) -> RenderableType:
    table = _table()
    for change in changes:
        table.add_row("", *_cells(change))
    return table


def _table() -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    for _ in range(5):
        table.add_column(no_wrap=True)
    return table


def _cells(change: Change) -> tuple[str, str, str, str]:
    return change.what, output.short(change.before), "→", output.short(change.after)


def _power(ramp: RampPlan | None) -> list[Any]:
    """What each step of a ramp could show."""
    if ramp is None:
        return []
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("share", "for", "shows", "verdict", ""):
        table.add_column(heading, justify="right" if heading in {"share", "for"} else "left")
    for step in ramp.steps:
        shows = "nothing" if step.detectable is None else f"{step.detectable:.1f} times the errors"
        style = {"ok": "green", "refused": "bold red"}.get(step.verdict, "yellow")
        table.add_row(
            f"{step.weight} %",
            output.duration(step.dwell_seconds),
            shows,
            Text(step.verdict, style=style),
            step.sentence,
        )
    parts: list[Any] = ["", Text("Power", style="bold")]
    parts += [table] if ramp.steps else []
    if ramp.expected_burn is not None:
        cost = (
            f"a candidate as bad as can just be seen would cost {ramp.expected_burn:,.0f} requests"
        )
        parts.append(Text(f"  · {cost}"))
    parts += [Text(f"  · {ramp.note}")] if ramp.note else []
    return parts


def _numbered(title: str, lines: list[str]) -> list[Any]:
    if not lines:
        return []
    return [
        "",
        Text(title, style="bold"),
        *(Text(f"  {number}. {line}") for number, line in enumerate(lines, 1)),
    ]
