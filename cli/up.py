"""`switchyard up` and `down`: everything, from a bare machine to a release with its report.

Every step is idempotent, so that running it again after Ctrl-C goes on where it stopped.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations

DRILL = 20
"""Flips measured after the first release: enough for a p99 that is the worst one seen."""


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("up")(up)
    app.command("down")(down)


def up(
    *,
    stack: options.Stack = "local",
    release: Annotated[
        bool, typer.Option(help="End with a release under load, once per yard.")
    ] = True,
) -> None:
    """Tools, yard, images, pulumi up, and a release under load with its report."""
    from cli import stack as stacks

    if stacks.foundation(stack).kind == "yard":
        bring_up_yard(stack)
        bring_up_stack(stack)
        if release:
            first_release(stack)
    else:
        from cli import toolbox

        toolbox.ensure(["deploy"])
        bring_up_stack(stack)


def down(*, stack: options.Stack = "local") -> None:
    """Take down what `up` made: the yard without a trace, or the stack's resources elsewhere."""
    from cli import stack as stacks

    if stacks.foundation(stack).kind == "yard":
        from cli import output, yard

        for difference in yard.down().different:
            # whose doing it is cannot be known: other programs of this machine change it too
            output.progress(f"not as it was before the yard: {difference}")
        return
    from cli import engine

    raise typer.Exit(code=engine.of_stack(stack).run("destroy", "--yes", "--skip-preview"))


def bring_up_yard(stack: str) -> None:
    """A cluster with the stack's images in its registry and the charts in its Git."""
    from cli import bake, charts, toolbox, yard
    from cli.stack_file import StackFile

    toolbox.ensure(["deploy", "yard", "platform"])
    yard.up()
    bake.bake([], stack=stack, fresh=False)
    charts.refuse_stale_pins(StackFile(stack), charts.published())


def bring_up_stack(stack: str) -> None:
    """`pulumi up`, whatever colour the stack file names.

    Raises:
        BadNews: the update failed; Pulumi has said why.
    """
    from cli import engine, output
    from cli.errors import BadNews

    runner = engine.of_stack(stack)
    runner.select_or_create()
    output.progress(f"pulumi up: stack {stack}")
    if not runner.update():
        raise BadNews(
            value=f"pulumi up of stack {stack!r}",
            consequence="it failed, for the reason above; production serves what it served",
            fix="mend the reason and run the same command again: it goes on where it stopped",
        )


def first_release(stack: str) -> None:
    """The demonstration: one release under load, and rollbacks measured, once per yard."""
    from cli import cluster, output, report, rollout
    from cli.loads import Plan

    view = cluster.switch(cluster.client(stack))
    if view.previous is not None and (report.FOLDER / "last-release.json").exists():
        output.progress(
            f"{view.serving} serves {view.name}; its last release is in reports/. "
            "`make release` moves production to the other colour"
        )
        return
    goal = rollout.choose(stack, view, None)
    done = rollout.carry_out(goal, Plan(), DRILL, as_json=False)
    report.publish(done, as_json=False)
    if not done.good:
        raise typer.Exit(code=1)
