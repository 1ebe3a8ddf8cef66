"""`switchyard yard …`: the yard's own API, with this command line's output and exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import output
from cli.errors import Unreachable
from local import yard
from local.errors import YardError
from local.preflight import Finding

if TYPE_CHECKING:
    from rich.console import RenderableType

    from local.yard import YardStatus


class Addresses(BaseModel):
    """What `yard up --json` prints."""

    kubeconfig: str
    context: str
    api: str
    registry: str
    git: str
    gateway: str


class Remains(BaseModel):
    """What `yard down --json` prints."""

    different: list[str]
    """What differs from the machine before the yard; empty as it should be."""


class Preflight(BaseModel):
    """What `yard preflight --json` prints."""

    fit: bool
    findings: list[Finding]


def up() -> Addresses:
    """Bring the yard up.

    Raises:
        Unreachable: something is missing or does not start.
    """
    try:
        made = yard.up(output.progress)
    except YardError as error:
        raise _failed("the yard cannot be brought up", error) from error
    return Addresses(
        kubeconfig=str(made.kubeconfig),
        context=made.context,
        api=made.api,
        registry=made.registry,
        git=made.git,
        gateway=made.gateway,
    )


def down() -> Remains:
    """Take the yard down.

    Raises:
        Unreachable: it resists.
    """
    try:
        return Remains(different=yard.down(output.progress))
    except YardError as error:
        raise _failed("the yard cannot be taken down", error) from error


def status() -> YardStatus:
    """Look at the yard."""
    try:
        return yard.status()
    except YardError as error:
        raise _failed("the yard cannot be looked at", error) from error


def preflight() -> Preflight:
    """Look at the machine."""
    findings = yard.preflight()
    return Preflight(fit=all(finding.ok for finding in findings), findings=findings)


def _failed(what: str, error: YardError) -> Unreachable:
    return Unreachable(
        value=what,
        consequence=str(error),
        fix="mend what is named, then run the same command: it goes on where it stopped",
    )


def render_addresses(found: Addresses) -> RenderableType:
    """Where the yard is reached."""
    table = Table.grid(padding=(0, 2))
    for name, value in found.model_dump().items():
        table.add_row(Text(name, style="dim"), value)
    hint = f"export KUBECONFIG={found.kubeconfig}"
    return Group(Text("the yard is up", style="bold green"), table, Text(hint, style="cyan"))


def render_status(found: YardStatus) -> RenderableType:
    """The yard's processes, node and addresses."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("process", "state", "pid", "uptime", "restarts"):
        right = heading in {"pid", "uptime", "restarts"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for item in found.processes:
        style = None if item.state == "RUNNING" else "bold red"
        pid = output.NOTHING if item.pid is None else str(item.pid)
        uptime = output.duration(item.uptime)
        table.add_row(item.name, item.state, pid, uptime, str(item.restarts), style=style)
    addresses = Table.grid(padding=(0, 2))
    for name, value in found.addresses.items():
        addresses.add_row(Text(name, style="dim"), value)
    parts: list[RenderableType] = [_headline(found)]
    if found.processes:
        parts += [table, ""]
    return Group(*parts, addresses)


def _headline(found: YardStatus) -> Text:
    if found.up:
        return Text("the yard is up, its node is ready", style="bold green")
    reason = found.node.reason or "a process does not run"
    if found.wanted:
        return Text(f"the yard is wanted, but not up: {reason}", style="bold red")
    return Text("the yard is down (`switchyard yard up`)", style="bold yellow")


def render_preflight(found: Preflight) -> RenderableType:
    """The machine's findings, each with its fix when it will not do."""
    text = Text()
    for finding in found.findings:
        text.append("✓ " if finding.ok else "✗ ", style="green" if finding.ok else "bold red")
        text.append(f"{finding.name}: {finding.found}\n")
        if not finding.ok:
            text.append(f"    so   {finding.consequence}\n")
            text.append("    fix  ")
            text.append(f"{finding.fix}\n", style="cyan")
    verdict = (
        "this machine can carry a yard" if found.fit else "this machine cannot carry a yard yet"
    )
    text.append(verdict, style="bold green" if found.fit else "bold red")
    return text
