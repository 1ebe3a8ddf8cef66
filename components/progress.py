"""The phases of a release, told while `pulumi up` waits for it.

The provider discards the Normal events of an object that it awaits, so the object itself is
watched beside it. A watch that fails is repeated, and whatever happens to it, the update goes on:
it reports and decides nothing. Silent in a preview.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import pulumi

from components.foundation import Cluster

if TYPE_CHECKING:
    from lightkube import AsyncClient

_PAUSE = 1.0
"""Seconds before a watch that ended is begun again: the resource may not be defined yet."""


def stream_phases(cluster: Cluster, twin: str, release: str, resource: pulumi.Resource) -> None:
    """Log every phase that the release enters from now on, as a message of `resource`.

    The task ends with the release, or with the program's event loop.
    """
    task = asyncio.ensure_future(_stream(cluster, twin, release, resource))
    # the loop keeps a weak reference alone
    _running.add(task)
    task.add_done_callback(_running.discard)


_running: set[asyncio.Task[None]] = set()


class Narrator:
    """Turns successive statuses into lines, each phase once.

    Args:
        release: the release to tell of; what was there before it is not told.
    """

    def __init__(self, release: str) -> None:
        self._release = release
        self._told: int | None = None
        self.ended = False

    def lines(self, status: dict[str, Any]) -> Iterator[str]:
        """The lines that this status adds."""
        if status.get("release") != self._release:
            self._told = self._told or 0
            return
        phases: list[dict[str, Any]] = status.get("phases", [])
        settled = status.get("settled") == self._release
        if self._told is None:
            # first sight: a release that is over has nothing to tell; one under way, where it is
            self._told = len(phases) if settled else max(len(phases) - 1, 0)
        if len(phases) < self._told:
            self._told = 0  # the same release, tried again
        for phase in phases[self._told :]:
            yield _line(phase)
        self._told = len(phases)
        self.ended = settled


def _line(phase: dict[str, Any]) -> str:
    reason = phase.get("reason")
    clock = str(phase.get("at", ""))[11:23]
    return f"{clock} {phase['phase']}" + (f": {reason}" if reason else "")


async def _stream(cluster: Cluster, twin: str, release: str, resource: pulumi.Resource) -> None:
    narrator = Narrator(release)
    try:
        client = _client(cluster)
    except Exception as error:  # noqa: BLE001 - a report that cannot be given must not end an update
        pulumi.log.debug(f"phases are not shown: {error}", resource)
        return
    while not narrator.ended:
        try:
            await _watch(client, twin, narrator, resource)
        except Exception as error:  # noqa: BLE001 - as above; the next watch may succeed
            pulumi.log.debug(f"watching {twin}: {error}", resource)
        await asyncio.sleep(_PAUSE)


async def _watch(
    client: "AsyncClient", twin: str, narrator: Narrator, resource: pulumi.Resource
) -> None:
    async for status in _statuses(client, twin):
        for line in narrator.lines(status):
            pulumi.log.info(line, resource)
        if narrator.ended:
            return


async def _statuses(client: "AsyncClient", twin: str) -> AsyncIterator[dict[str, Any]]:
    """The status of a twin's switch, and each change of it until the server ends the watch."""
    from lightkube import generic_resource  # noqa: PLC0415 - see _client

    create = cast("Callable[..., type[Any]]", generic_resource.create_namespaced_resource)  # pyright: ignore[reportUnknownMemberType] - lightkube leaves it open
    kind = create("switchyard.dev", "v1alpha1", "TrafficSwitch", "trafficswitches")
    watch = cast("Callable[..., AsyncIterator[tuple[str, Any]]]", client.watch)  # pyright: ignore[reportUnknownMemberType] - as above
    async for _, seen in watch(kind, namespace=twin, fields={"metadata.name": twin}):
        yield cast("dict[str, Any]", seen.status or {})


def _client(cluster: Cluster) -> "AsyncClient":
    # imported here: it costs 0.3 s, and a preview, which must be quick, does not watch
    from lightkube import AsyncClient, KubeConfig  # noqa: PLC0415

    config = KubeConfig.from_file(cluster.kubeconfig).get(cluster.context)
    return AsyncClient(config=config)
