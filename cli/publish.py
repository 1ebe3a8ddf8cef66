"""`switchyard publish` and `switchyard pulumi`: the two verbs behind the Makefile's shortcuts."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("publish")(publish)
    app.command("pulumi", context_settings={"ignore_unknown_options": True})(pulumi)


def publish(
    *,
    stack: options.Stack = "local",
    pin: Annotated[
        bool, typer.Option("--pin", help="Write the revisions into the stack file.")
    ] = False,
) -> None:
    """Publish the charts to the yard's Git, and pin their revisions in the stack file."""
    from cli import (
        charts,
        output,
    )
    from cli.stack_file import StackFile

    file, revisions = StackFile(stack), charts.published()
    if pin:
        for sentence in charts.pin(file, revisions):
            output.progress(f"{sentence}: pinned")
    else:
        charts.refuse_stale_pins(file, revisions)
    output.emit(vars(revisions))


def pulumi(
    arguments: Annotated[list[str], typer.Argument(metavar="-- ARGS", help="Of `pulumi`.")],
    *,
    stack: options.Stack = "local",
) -> None:
    """Run the pinned Pulumi with this stack's environment: `pulumi -- preview --diff`."""
    from cli import engine

    runner = engine.of_stack(stack)
    runner.select_or_create()
    raise typer.Exit(code=runner.run(*arguments))
