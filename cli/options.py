"""The options that verbs share. Light on purpose: `switchyard --help` imports it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JSON_KEY = "switchyard.json"
"""Where a run remembers, in the context's meta, that `--json` was given."""


def _remember_json(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer's callback
    context.meta[JSON_KEY] = value
    return value


Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        metavar="NAME",
        envvar="PULUMI_STACK",
        help="The stack, as in Pulumi.NAME.yaml.",
    ),
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        help="Another kubeconfig than the one the stack's foundation names.",
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="Another context of the kubeconfig than the one the stack names.",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=_remember_json,
        help="One JSON document on stdout; its shape is in docs/cli.md.",
    ),
]
Twin = Annotated[
    str | None,
    typer.Argument(
        metavar="TWIN", help="The twin; the only one when left out.", show_default=False
    ),
]
Timeout = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long to wait at most."),
]
