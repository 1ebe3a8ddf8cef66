"""`switchyard release`: one line of the stack file, carried out by `pulumi up`, under load."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("release")(release)


def release(
    twin: options.Twin = None,
    *,
    stack: options.Stack = "local",
    to: Annotated[
        str | None, typer.Option(metavar="COLOUR", help="blue or green; the idle one by default.")
    ] = None,
    load: Annotated[
        bool, typer.Option(help="Send measured load to the gateway on loopback meanwhile.")
    ] = True,
    rate: Annotated[int, typer.Option(min=1, help="Requests a second, at the least.")] = 500,
    requests: Annotated[int, typer.Option(min=1, help="Requests, at the most.")] = 100_000,
    drill: Annotated[
        int, typer.Option(min=0, help="Rollbacks and retries to measure after the release.")
    ] = 0,
    as_json: options.Json = False,
) -> None:
    """Move production to the idle colour: edit `live:`, pulumi up, report."""
    from cli import cluster, report, rollout
    from cli.loads import Plan

    goal = rollout.choose(stack, cluster.switch(cluster.client(stack), twin), to)
    plan = Plan(rate=rate, requests=requests) if load else None
    done = rollout.carry_out(goal, plan, drill, as_json=as_json)
    report.publish(done, as_json=as_json)
    if not done.good:
        raise typer.Exit(code=1)
