"""The verbs about this machine: the yard, the images and the tools.

Deliberately imports nothing heavy, see `main`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations
from cli.errors import ExitCode


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    yard = typer.Typer(help="The embedded Kubernetes on this machine.", no_args_is_help=True)
    for verb in (up, down, status, preflight):
        yard.command()(verb)
    app.add_typer(yard, name="yard")
    app.command()(bake)
    toolbox = typer.Typer(help="The pinned toolchain.", no_args_is_help=True)
    toolbox.command()(ensure)
    toolbox.command("list")(list_tools)
    app.add_typer(toolbox, name="tools")


def up(*, as_json: options.Json = False) -> None:
    """Bring the yard up; does nothing when it is up. Exits 3 when it cannot be had."""
    from cli import output
    from cli import yard as verb

    found = verb.up()
    if as_json:
        output.emit(found)
    else:
        output.console().print(verb.render_addresses(found))


def down(*, as_json: options.Json = False) -> None:
    """Take the yard down without a trace. Exits 1 when something was left behind."""
    from cli import output
    from cli import yard as verb

    found = verb.down()
    if as_json:
        output.emit(found)
    elif found.different:
        output.console().print("[bold red]this differs from the machine before the yard[/]")
        for line in found.different:
            output.console().print(f"  {line}", markup=False)
    else:
        output.console().print("the yard is down, nothing is left of it but caches")
    _leave(bad=bool(found.different))


def status(*, as_json: options.Json = False) -> None:
    """The yard's processes, node and addresses. Exits 1 when it is not up."""
    from cli import output
    from cli import yard as verb

    found = verb.status()
    if as_json:
        output.emit(found)
    else:
        output.console().print(verb.render_status(found))
    _leave(bad=not found.up)


def preflight(*, as_json: options.Json = False) -> None:
    """What this machine has and lacks for a yard. Exits 1 when it lacks something."""
    from cli import output
    from cli import yard as verb

    found = verb.preflight()
    if as_json:
        output.emit(found)
    else:
        output.console().print(verb.render_preflight(found))
    _leave(bad=not found.fit)


def bake(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Images; all of the stack when left out."),
    ] = None,
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Bake although nothing has changed.")
    ] = False,
    stack: options.Stack = "local",
    as_json: options.Json = False,
) -> None:
    """Bake the images whose inputs have changed.

    Their digests are recorded in images.STACK.lock.yaml. Exits 1 when one cannot be baked.
    """
    from cli import bake as verb
    from cli import output

    found = verb.bake(names or [], stack=stack, fresh=fresh)
    if as_json:
        output.emit(found)
    else:
        output.console().print(verb.render(found))


def ensure(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="GROUP|TOOL", help="Groups or tools; all when left out."),
    ] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """Find, download or build tools; cached ones cost nothing. Exits 1 when one is missing."""
    from cli import output, toolbox

    found = toolbox.ensure(names or [])
    if as_json:
        output.emit(found)
    else:
        output.console().print(toolbox.render(found))


def list_tools(*, as_json: options.Json = False) -> None:
    """Every tool, its version, where it came from, and whether it is there."""
    from cli import output, toolbox

    found = toolbox.everything()
    if as_json:
        output.emit(found)
    else:
        output.console().print(toolbox.render(found))


def _leave(*, bad: bool) -> None:
    if bad:
        raise typer.Exit(ExitCode.BAD_NEWS)
