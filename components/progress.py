"""What happens while `pulumi up` waits, told as it happens.

The provider discards the Normal events of an object that it awaits, so the object itself is
watched beside it. A watch that fails is repeated, and whatever happens to it, the update goes on:
it reports and decides nothing. Silent in a preview.
"""

import asyncio
from typing import TYPE_CHECKING

import pulumi

from components.foundation import Cluster
from components.live_object import LiveObject, connect
from components.narration import Narrator

if TYPE_CHECKING:
    from lightkube import AsyncClient

_PAUSE = 1.0
"""Seconds before a watch that ended is begun again: the resource may not be defined yet."""

_running: set[asyncio.Task[None]] = set()


def stream(
    cluster: Cluster, watched: LiveObject, narrator: Narrator, resource: pulumi.Resource
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
    cluster: Cluster, watched: LiveObject, narrator: Narrator, resource: pulumi.Resource
) -> None:
    try:
        client = connect(cluster)
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
    client: "AsyncClient", watched: LiveObject, narrator: Narrator, resource: pulumi.Resource
) -> None:
    async for status in watched.statuses(client):
        for line in narrator.lines(status):
            pulumi.log.info(line, resource)
        if narrator.ended:
            return
