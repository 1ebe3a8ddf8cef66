"""The verbs about error budgets: their options; the work is in a file a verb.

Deliberately imports nothing heavy, see `main`.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations
from cli.errors import ExitCode, Invalid

TwinOption = Annotated[
    str | None,
    typer.Option(
        "--twin",
        metavar="TWIN",
        help="The twin; the only one when left out.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command()(budget)
    app.command()(slo)
    group = typer.Typer(help=override.__doc__, invoke_without_command=True)
    group.callback()(override)
    group.command()(keygen)
    group.command()(withdraw)
    app.add_typer(group, name="override")


def budget(
    twin: options.Twin = None,
    *,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """What is left of the error budgets, and what that lets a release do.

    Exits 1 when a release would be frozen or held.
    """
    from cli import budget as verb
    from cli import cluster, output

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    found = verb.read(client, stack, twin)
    if as_json:
        output.emit(found)
    else:
        output.console().print(verb.render(found))
    if found.bad_news:
        raise typer.Exit(ExitCode.BAD_NEWS)


def slo(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="OpenSLO files.")],
    *,
    twin: Annotated[
        str, typer.Option("--twin", metavar="TWIN", help="The twin that they are for.")
    ] = "shop",
    scrape_interval: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Time between two samples.")
    ] = 1.0,
    as_json: options.Json = False,
) -> None:
    """Check OpenSLO files and print the Prometheus rules that follow from them.

    What `switchyard up` gives to Prometheus; for a review, or `promtool check rules`.
    """
    import sys

    from cli import output
    from cli import slo_rules as verb

    text = verb.rule_file(paths, twin, scrape_interval)
    if as_json:
        output.emit({"twin": twin, "rules": text})
    else:
        sys.stdout.write(text)


def override(
    context: typer.Context,
    *,
    twin: TwinOption = None,
    reason: Annotated[
        str | None,
        typer.Option("--reason", "-m", help="Why; recorded with the release.", show_default=False),
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="DURATION", help="How long it holds, at most 24h.")
    ] = "2h",
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Private key to sign with.", show_default=False),
    ] = None,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    cluster_context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Let one release pass an exhausted error budget: signed, for a while.

    The judge keeps its say. `keygen` makes a key, `withdraw` takes an override back. A key that is
    encrypted is opened with SWITCHYARD_KEY_PASSPHRASE.
    """
    if context.invoked_subcommand is not None:
        _no_option_is_lost(context)
        return
    from cli import cluster, output
    from cli import override as verb

    if reason is None or key is None:
        lacking = [name for name, given in (("--reason", reason), ("--key", key)) if given is None]
        raise Invalid(
            value=f"{' and '.join(lacking)} not given",
            consequence="an override without a reason or a signature would count for nothing",
            fix='`switchyard override --reason "…" --expires 2h --key FILE`',
        )
    client = cluster.client(stack, kubeconfig=kubeconfig, context=cluster_context)
    result = verb.override(client, twin, stack=stack, reason=reason, expires=expires, key_file=key)
    if as_json:
        output.emit(result)
    else:
        output.console().print(verb.told(result), markup=False)


def _no_option_is_lost(context: typer.Context) -> None:
    """An option before `withdraw` would not reach it, and another stack would be changed."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise Invalid(
                value=f"an option stands before `{context.invoked_subcommand}`",
                consequence="it would not be heeded there; nothing was changed",
                fix=f"write options after it: `switchyard override {context.invoked_subcommand} …`",
            )


def keygen(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the private key.")],
    *,
    stack: options.Stack = "local",
    as_json: options.Json = False,
) -> None:
    """Make a key that can sign overrides, once the stack trusts it.

    Encrypted when SWITCHYARD_KEY_PASSPHRASE is set.
    """
    from cli import output
    from cli import override as verb

    result = verb.keygen(path)
    if as_json:
        output.emit(result)
    else:
        output.console().print(verb.key_told(result, stack), markup=False)


def withdraw(
    *,
    twin: TwinOption = None,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Take an override back; what it let pass until now stays."""
    from cli import cluster, output
    from cli import override as verb

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    result = verb.withdraw(client, twin)
    if as_json:
        output.emit(result)
        return
    said = "withdrawn" if result.withdrawn else "there was no override"
    output.console().print(f"{result.twin}: {said}", markup=False)
