"""What happens while `pulumi up` waits, told as it happens.

The provider discards the Normal events of an object that it awaits, so the object itself is
watched beside it. A watch that fails is repeated, and whatever happens to it, the update goes on:
it reports and decides nothing. Silent in a preview.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pulumi

from components.foundation import Cluster
from components.manifest import Document
from components.narration import Narrator, Status

if TYPE_CHECKING:
    from lightkube import AsyncClient

_PAUSE = 1.0
"""Seconds before a watch that ended is begun again: the resource may not be defined yet."""

_running: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Watched:
    """The object to watch, as a watch names it."""

    group: str
    version: str
    kind: str
    plural: str
    namespace: str
    name: str

    @classmethod
    def of(cls, document: Document, plural: str) -> "Watched":
        """The object that a document describes."""
        group, _, version = str(document["apiVersion"]).partition("/")
        metadata = document["metadata"]
        return cls(
            group, version, document["kind"], plural, metadata["namespace"], metadata["name"]
        )


def stream(
    cluster: Cluster, watched: Watched, narrator: Narrator, resource: pulumi.Resource
) -> None:
    """Log what the narrator tells, as messages of `resource`; nothing in a preview.

    The task ends with the story, or with the program's event loop.

    Args:
        cluster: where the object is.
        watched: the object.
        narrator: makes lines of its statuses.
        resource: a component that is registered already. Not the object's own resource: the engine
            tells its URN, under which messages go, only when its wait is over.
    """
    if pulumi.runtime.is_dry_run():
        return
    task = asyncio.ensure_future(_stream(cluster, watched, narrator, resource))
    # the loop keeps a weak reference alone
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _stream(
    cluster: Cluster, watched: Watched, narrator: Narrator, resource: pulumi.Resource
) -> None:
    try:
        client = _client(cluster)
    except Exception as error:  # noqa: BLE001 - a report that cannot be given must not end an update
        pulumi.log.debug(f"progress is not shown: {error}", resource)
        return
    while not narrator.ended:
        try:
            await _tell(client, watched, narrator, resource)
        except Exception as error:  # noqa: BLE001 - as above; the next watch may succeed
            pulumi.log.debug(f"watching {watched.kind} {watched.name}: {error}", resource)
        await asyncio.sleep(_PAUSE)


async def _tell(
    client: "AsyncClient", watched: Watched, narrator: Narrator, resource: pulumi.Resource
) -> None:
    async for status in _statuses(client, watched):
        for line in narrator.lines(status):
            pulumi.log.info(line, resource)
        if narrator.ended:
            return


async def _statuses(client: "AsyncClient", watched: Watched) -> AsyncIterator[Status]:
    """The object's status, and each change of it until the server ends the watch."""
    from lightkube import generic_resource  # noqa: PLC0415 - see _client

    create = cast("Callable[..., type[Any]]", generic_resource.create_namespaced_resource)  # pyright: ignore[reportUnknownMemberType] - lightkube leaves it open
    kind = create(watched.group, watched.version, watched.kind, watched.plural)
    watch = cast("Callable[..., AsyncIterator[tuple[str, Any]]]", client.watch)  # pyright: ignore[reportUnknownMemberType] - as above
    fields = {"metadata.name": watched.name}
    async for _, seen in watch(kind, namespace=watched.namespace, fields=fields):
        yield cast("Status", seen.status or {})


def _client(cluster: Cluster) -> "AsyncClient":
    # imported here: it costs 0.3 s, and a preview, which must be quick, does not watch
    from lightkube import AsyncClient, KubeConfig  # noqa: PLC0415

    config = KubeConfig.from_file(cluster.kubeconfig).get(cluster.context)
    return AsyncClient(config=config)
