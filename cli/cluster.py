"""The cluster of a stack: how it is found, read, followed and told.

client(stack, *, kubeconfig=None, context=None) -> Client
switches(client) -> list[SwitchView]
switch(client, twin=None) -> SwitchView
annotate(client, switch, annotations) -> None
wait_settled(client, twin, release, *, timeout, on_phase=None) -> SwitchView
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx2
from lightkube import ApiError, Client, KubeConfig
from lightkube.core.exceptions import ConfigError
from lightkube.types import PatchType

from cli.errors import Invalid, TimedOut, Unreachable, first_line
from cli.follow import PhaseStream, until
from cli.kind import TrafficSwitch
from cli.views import SwitchView, switch_view

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from cli.views import PhaseView

REQUEST_TIMEOUT = httpx2.Timeout(10.0, connect=3.0)
"""Seconds. A node next door answers in milliseconds, a distant API server within one second; three
seconds without a connection is an address nobody listens on."""

NOT_FOUND = 404


def client(stack: str, *, kubeconfig: Path | None = None, context: str | None = None) -> Client:
    """A client of the stack's cluster.

    Args:
        stack: name of the stack; its `switchyard:foundation` says where the cluster is.
        kubeconfig: another kubeconfig than the foundation's; the stack file is not read then.
        context: another context than the foundation's, or than the kubeconfig's current one.

    Raises:
        Invalid: the stack, the kubeconfig or the context does not exist.
        Unreachable: the stack's yard is not up.
    """
    path, context, direct = _locate(stack, kubeconfig, context)
    try:
        config = KubeConfig.from_file(path).get(context)
    except ConfigError as error:
        raise Invalid(
            value=f"kubeconfig {path}",
            consequence=f"no cluster can be named ({error})",
            fix=f"pass --context with one of: {', '.join(contexts(path)) or '(none)'}",
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        raise Invalid(
            value=f"kubeconfig {path}",
            consequence=f"it cannot be read ({type(error).__name__}: {error})",
            fix="pass --kubeconfig with a valid one",
        ) from error
    # the yard's addresses are on this machine: a company's proxy must not be asked for them
    return Client(config=config, timeout=REQUEST_TIMEOUT, trust_env=not direct)


def contexts(path: Path) -> list[str]:
    """Names of a kubeconfig's contexts; empty when it cannot be read."""
    try:
        return sorted(KubeConfig.from_file(path).contexts)
    except Exception:  # noqa: BLE001 - only helps an error message that is already being written
        return []


def _locate(
    stack: str, kubeconfig: Path | None, context: str | None
) -> tuple[Path, str | None, bool]:
    """Kubeconfig, context, and whether the cluster is on this machine."""
    if kubeconfig is not None:
        path = _existing(kubeconfig, fix="pass --kubeconfig with a file that exists")
        return path, context, False
    from cli import stack as stacks

    foundation = stacks.foundation(stack)
    if foundation.kind == "yard":
        path = stacks.yard_kubeconfig()
        if not path.exists():
            raise Unreachable(
                value=f"stack {stack!r} stands on the yard, and {path} does not exist",
                consequence="the yard is not up, there is no cluster to ask",
                fix="run `switchyard yard up` (or `make up` for everything)",
            )
        return path, context, True
    path = Path(foundation.path or "~/.kube/config").expanduser()
    fix = f"correct switchyard:foundation.path in Pulumi.{stack}.yaml, or pass --kubeconfig"
    return _existing(path, fix=fix), context or foundation.context, False


def _existing(path: Path, *, fix: str) -> Path:
    if not path.is_file():
        raise Invalid(
            value=f"kubeconfig {path}",
            consequence="it does not exist, no cluster is known",
            fix=fix,
        )
    return path


@contextmanager
def reaching(client: Client) -> Generator[None]:
    """Turn what can go wrong on the way to the API server into an expected failure."""
    server = client.config.cluster.server
    try:
        yield
    except ApiError as error:
        raise _refused(server, error) from error
    except (httpx2.HTTPError, ssl.SSLError, ConfigError) as error:
        raise Unreachable(
            value=f"API server {server}",
            consequence=f"it does not answer ({type(error).__name__}: {first_line(error)})",
            fix="check that the cluster runs (`switchyard yard status`) and `switchyard doctor`",
        ) from error


def _refused(server: str, error: ApiError) -> Unreachable:
    code, message = error.status.code, error.status.message
    if code in (401, 403):
        return Unreachable(
            value=f"API server {server}",
            consequence=f"it refuses these credentials ({code}: {message})",
            fix="pass --kubeconfig/--context of a user who may read and annotate trafficswitches",
        )
    return Unreachable(
        value=f"API server {server}",
        consequence=f"it answered {code}: {message}",
        fix="run `switchyard doctor`",
    )


def switches(client: Client) -> list[SwitchView]:
    """All traffic switches of the cluster, by name.

    Raises:
        Unreachable: the cluster does not answer, or does not know the resource.
    """
    found = (switch_view(resource) for resource in resources(client))
    return sorted(found, key=lambda view: view.name)


def resources(client: Client) -> list[dict[str, Any]]:
    """All traffic switches of the cluster, as the API server tells them.

    Raises:
        Unreachable: the cluster does not answer, or does not know the resource.
    """
    with reaching(client):
        try:
            return list(cast("Any", client).list(TrafficSwitch, namespace="*"))
        except ApiError as error:
            if error.status.code == NOT_FOUND:
                raise Unreachable(
                    value=f"cluster {client.config.cluster.server}",
                    consequence="it does not know TrafficSwitch: nothing is installed there",
                    fix="run `switchyard up`",
                ) from error
            raise


def switch(client: Client, twin: str | None = None) -> SwitchView:
    """One twin's traffic switch; the only one when no name is given.

    Raises:
        Invalid: unknown twin, or none named while there are several.
        Unreachable: the cluster does not answer.
    """
    found = switches(client)
    if twin is None and len(found) == 1:
        return found[0]
    chosen = [view for view in found if view.name == twin]
    if chosen:
        return chosen[0]
    names = ", ".join(view.name for view in found)
    if not found:
        raise Invalid(
            value="no twin" if twin is None else f"twin {twin!r}",
            consequence="this cluster has no traffic switch at all",
            fix="run `switchyard up`, or pass --stack of another cluster",
        )
    raise Invalid(
        value="no twin named" if twin is None else f"twin {twin!r}",
        consequence=f"this cluster has {len(found)}: {names}",
        fix=f"name one of: {names}",
    )


def annotate(client: Client, view: SwitchView, annotations: Mapping[str, str | None]) -> SwitchView:
    """Tell the controller something through annotations; the switch with them on it.

    None takes an annotation away.
    """
    with reaching(client):
        written = cast("Any", client).patch(
            TrafficSwitch,
            view.name,
            {"metadata": {"annotations": dict(annotations)}},
            namespace=view.namespace,
            field_manager="switchyard-cli",
            patch_type=PatchType.MERGE,
        )
    return switch_view(written)


def wait_settled(
    client: Client,
    twin: str | None,
    release: str,
    *,
    timeout: float,
    on_phase: Callable[[SwitchView, PhaseView], None] | None = None,
) -> SwitchView:
    """Wait until `release` has ended, in either ending, and return the switch as it then is.

    Args:
        client: of the cluster.
        twin: name of the twin; the only one when None.
        release: identity of the release (`SwitchView.release`).
        timeout: seconds to wait at most.
        on_phase: called once for every phase of this release, the past ones included.

    Raises:
        TimedOut: the release has not ended in time; it goes on without us.
        Unreachable: the cluster did not answer when asked first.
    """
    view = switch(client, twin)
    stream = PhaseStream(release, on_phase)

    def ended(seen: SwitchView) -> bool:
        stream.tell(seen)
        return seen.settled == release

    last = until(client, view, ended, timeout=timeout)
    if last.settled != release:
        raise TimedOut(
            value=f"release {release} of {view.name}",
            consequence=f"has not ended after {timeout:g} s: {last.phase} — {last.reason}",
            fix=f"it goes on without us: `switchyard watch {view.name}`, or `switchyard abort`",
        )
    return last
