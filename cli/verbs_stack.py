"""The verbs about a stack: what its file would do, and whether everything is well.

Deliberately imports nothing heavy, see `main`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations
from cli.errors import ExitCode


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command()(plan)
    app.command()(doctor)


def plan(
    twin: options.Twin = None,
    *,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """What the present stack file would do to the cluster.

    Which colour, what content, which services move, in which steps, and how to roll back.
    Exits 1 when the switch would refuse it, 2 when the stack file is refused.
    """
    from cli import cluster, output, plan_view

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    found = plan_view.gather(client, stack, twin)
    if as_json:
        output.emit(found)
    else:
        output.console().print(plan_view.render(found))
    if found.refused:
        raise typer.Exit(ExitCode.BAD_NEWS)


def doctor(
    *,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Show what is well, too.")
    ] = False,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Look for what commonly goes wrong, with the fix.

    The stack file, the yard, the tools, the engine's locks and pending operations, the cluster,
    the controller, Argo CD, and drift of every twin. Exits 1 when there is a problem.
    """
    from cli import doctor as verb
    from cli import output

    diagnosis = verb.examine(stack, kubeconfig=kubeconfig, context=context)
    if as_json:
        output.emit(diagnosis)
    else:
        output.console().print(verb.told(diagnosis, everything=everything))
    if not diagnosis.healthy:
        raise typer.Exit(ExitCode.BAD_NEWS)
