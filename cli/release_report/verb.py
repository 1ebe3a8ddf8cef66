"""`switchyard report`: the report of one release, made anew from what is known.

Deliberately imports nothing heavy, see `cli.main`.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from lightkube import Client


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("report")(report)


def report(
    release: Annotated[
        str | None,
        typer.Argument(
            metavar="RELEASE",
            help="The release, or the beginning of its name; the latest one when left out.",
            show_default=False,
        ),
    ] = None,
    *,
    twin: Annotated[
        str | None, typer.Option(metavar="TWIN", help="The twin; the only one when left out.")
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Report this recording; ask no cluster."),
    ] = None,
    open_path: Annotated[
        bool, typer.Option("--open-path", help="Print the page's path alone, to open it with.")
    ] = False,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Write reports/RELEASE.html and .json: what a release did, on what evidence.

    Exits 0 when the report was written, however the release ended.
    """
    from cli import output
    from cli.release_report import making

    if recorded is not None:
        made = making.from_recording(recorded)
    else:
        from cli import cluster

        def connect() -> Client:
            return cluster.client(stack, kubeconfig=kubeconfig, context=context)

        made = making.from_cluster(connect, twin, release)
    if as_json:
        output.emit(made.document.model_dump(mode="json", by_alias=True))
    elif open_path:
        output.console().print(str(made.page), markup=False)
    else:
        output.console().print(f"{made.document.headline}\n{made.page}", markup=False)
