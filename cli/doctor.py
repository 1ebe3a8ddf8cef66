"""`switchyard doctor`: everything that commonly goes wrong, looked at, each with its exact fix."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from pydantic import BaseModel
from rich.text import Text

from cli import checks_cluster, checks_engine, checks_machine, checks_twin
from cli import cluster as clusters
from cli import stack as stacks
from cli.errors import Failure
from cli.findings import Area, Finding, Level
from cli.rest import Rest
from cli.stack_file import NoSuchStack, StackFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STACK = Area("stack")
MARK = {
    Level.OK: ("✓", "green"),
    Level.PROBLEM: ("✗", "bold red"),
    Level.NOTE: ("·", "yellow"),
    Level.UNKNOWN: ("?", "yellow"),
}


class Diagnosis(BaseModel):
    """What `doctor --json` prints."""

    stack: str
    healthy: bool
    """Whether no check found a problem."""
    findings: list[Finding]


def examine(stack: str, *, kubeconfig: Path | None, context: str | None) -> Diagnosis:
    """Look at everything; a check that cannot be made says so and stops no other.

    Raises:
        NoSuchStack: there is nothing to examine.
    """
    findings = [*_settings(stack)]
    yard = _foundation(stack)
    if yard:
        findings += _attempt("machine", checks_machine.yard)
    groups = ("deploy", "yard") if yard else ("deploy",)
    findings += _attempt("tools", lambda: checks_machine.toolchain(groups))
    findings += _attempt("engine", lambda: checks_engine.engine(stack))
    findings += _cluster(stack, kubeconfig, context)
    healthy = all(finding.level is not Level.PROBLEM for finding in findings)
    return Diagnosis(stack=stack, healthy=healthy, findings=findings)


def _attempt(area: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except Failure as failure:
        return [
            Area(area).problem(
                area, failure.value, consequence=failure.consequence, fix=failure.fix
            )
        ]
    except Exception as error:  # noqa: BLE001 - one broken check must not hide what the others find
        return [Area(area).unknown(area, f"the check failed: {type(error).__name__}: {error}")]


def _settings(stack: str) -> list[Finding]:
    """Whether the program would accept the stack file."""
    import settings

    name = f"Pulumi.{stack}.yaml"
    try:
        loaded = settings.load_file(StackFile(stack).path)
    except settings.SettingsError as error:
        return [
            STACK.problem(
                f"{name} {problem.where}",
                problem.value,
                consequence=problem.consequence,
                fix=problem.fix,
            )
            for problem in error.problems
        ]
    except NoSuchStack:
        raise
    except Failure as failure:
        return [
            STACK.problem(name, failure.value, consequence=failure.consequence, fix=failure.fix)
        ]
    return [STACK.ok(name, f"valid; twins: {', '.join(loaded.twins)}")]


def _foundation(stack: str) -> bool:
    """Whether the stack stands on the yard; a stack file that does not say so is told above."""
    try:
        return stacks.foundation(stack).kind == "yard"
    except Failure:
        return False


def _cluster(stack: str, kubeconfig: Path | None, context: str | None) -> list[Finding]:
    try:
        client = clusters.client(stack, kubeconfig=kubeconfig, context=context)
    except Failure as failure:
        return [
            checks_cluster.CLUSTER.problem(
                "kubeconfig", failure.value, consequence=failure.consequence, fix=failure.fix
            )
        ]
    rest = Rest(client)
    findings = _attempt(
        "cluster", lambda: checks_cluster.cluster(rest, client.config.cluster.server)
    )
    if any(one.name == "API server" and one.level is Level.PROBLEM for one in findings):
        return findings
    try:
        views = clusters.switches(client)
    except Failure:
        return findings  # the missing kind is among them already
    for view in views:
        wanted = _wanted_live(stack, view.name)
        findings += _attempt(f"twin {view.name}", partial(checks_twin.twin, rest, view, wanted))
    return findings


def _wanted_live(stack: str, twin: str) -> str | None:
    """What the stack file says, even when another part of it is wrong."""
    try:
        _, found = StackFile(stack).twin(twin)
    except Failure:
        return None
    live = found.get("live")
    return live if isinstance(live, str) else None


def told(diagnosis: Diagnosis, *, everything: bool) -> Text:
    """The diagnosis for people; what is well is counted unless everything is asked for."""
    text = Text()
    for area, found in groupby(diagnosis.findings, key=lambda finding: finding.area):
        findings = list(found)
        shown = [one for one in findings if everything or one.level is not Level.OK]
        well = sum(one.level is Level.OK for one in findings)
        text.append(area, style="bold")
        text.append(f"  {well} of {len(findings)} well\n", style="dim")
        for finding in shown:
            _add(text, finding)
    problems = sum(one.level is Level.PROBLEM for one in diagnosis.findings)
    summary = "all is well" if not problems else f"{problems} to mend"
    text.append(summary, style="bold green" if diagnosis.healthy else "bold red")
    return text


def _add(text: Text, finding: Finding) -> None:
    mark, style = MARK[finding.level]
    text.append(f"  {mark} ", style=style)
    text.append(f"{finding.name}: ", style="bold" if finding.level is Level.PROBLEM else "")
    text.append(f"{finding.found}\n")
    if finding.consequence:
        text.append(f"      so   {finding.consequence}\n")
    if finding.fix:
        text.append("      fix  ")
        text.append(f"{finding.fix}\n", style="cyan")
