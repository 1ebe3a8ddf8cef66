"""The verbs about a twin's switch: their options; the work is in a file a verb.

Deliberately imports nothing heavy: `switchyard --help` must answer at once, so every verb imports
what it needs when it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import options  # noqa: TC001 - typer reads the annotations
from cli.errors import ExitCode

if TYPE_CHECKING:
    from cli.views import PhaseView, SwitchView


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for verb in (status, watch, abort, retry, explain):
        app.command()(verb)


def status(
    twin: options.Twin = None,
    *,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """What serves, what stands ready beside it, and what is under way.

    Exits 1 when the last release ended and its goal does not serve.
    """
    from cli import cluster, output
    from cli import status as verb

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    found = verb.read(client, stack, twin)
    if as_json:
        output.emit(found)
    else:
        output.console().print(verb.render(found))
    _leave(bad=found.bad_news)


def watch(
    twin: options.Twin = None,
    *,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Follow a twin live: colours, weights, traffic, phase, history. `q` leaves.

    Without a terminal, or with --json, one line per change (NDJSON with --json) until interrupted.
    """
    from cli import cluster
    from cli import watch as verb

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    raise typer.Exit(verb.watch(client, cluster.switch(client, twin), as_json=as_json))


def abort(
    twin: options.Twin = None,
    *,
    reason: Annotated[
        str, typer.Option("--reason", "-m", help="Why; recorded with the release.")
    ] = "asked for on the command line",
    timeout: options.Timeout = 60.0,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until the weights are back.")
    ] = True,
    as_json: options.Json = False,
) -> None:
    """Return to the former colour at once.

    Works during a release and within the rollback window after it; refuses otherwise (exit 1).
    Exits 4 when the weights are not back in time: the request stands.
    """
    from cli import abort as verb
    from cli import cluster, output
    from cli.release_report import making

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    result = verb.abort(
        client, twin, reason=reason, wait=wait, timeout=timeout, on_phase=_tell_phase
    )
    if result.done:
        making.after_release(client, result.twin)
    if as_json:
        output.emit(result)
    else:
        output.console().print(verb.sentence(result))
    _leave(bad=result.done and result.serving != result.former)


def retry(
    twin: options.Twin = None,
    *,
    timeout: options.Timeout = 600.0,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until the new try has ended.")
    ] = True,
    as_json: options.Json = False,
) -> None:
    """Try a rejected release again.

    Refuses when the present goal is not rejected (exit 1). Exits 1 when it is rejected again, 4
    when it has not ended in time: it goes on without us.
    """
    from cli import cluster, output
    from cli import retry as verb
    from cli.release_report import making

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    result = verb.retry(client, twin, wait=wait, timeout=timeout, on_phase=_tell_phase)
    if result.done:
        making.after_release(client, result.twin)
    if as_json:
        output.emit(result)
    else:
        output.console().print(verb.sentence(result))
    _leave(bad=result.promoted is False)


def explain(
    twin: options.Twin = None,
    *,
    stack: options.Stack = "local",
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Why the last decision was made, and what would change it."""
    from cli import cluster, output
    from cli import explain as verb

    client = cluster.client(stack, kubeconfig=kubeconfig, context=context)
    explanation = verb.explain(client, twin)
    if as_json:
        output.emit(explanation)
    else:
        output.console().print(verb.render(explanation))


def _tell_phase(view: SwitchView, phase: PhaseView) -> None:
    """One line of progress a phase."""
    from cli import output

    output.progress(f"{output.clock(phase.at)}  {view.name}  {phase.phase:<11}  {phase.reason}")


def _leave(*, bad: bool) -> None:
    if bad:
        raise typer.Exit(ExitCode.BAD_NEWS)
