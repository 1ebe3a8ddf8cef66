"""kopf's side: which TrafficSwitches there are, and a nudge when a goal or a command comes.

Only `on.event` handlers: kopf then puts neither finalizers nor annotations on the resource. So
`pulumi destroy` is never held up by a controller that is gone, and every write to the API server is
one of `writer`'s. The loop of a switch is a task of ours (`driver`), which no event may delay.
"""

import asyncio
import contextlib
import logging
from typing import Any

import kopf

from controller import metrics
from controller.api import GROUP, PLURAL, VERSION
from controller.driver import Driver, World
from controller.lease import Leadership
from controller.writer import Writer

log = logging.getLogger(__name__)


class Fleet:
    """The drivers of all switches.

    Args:
        world: where to look.
        writer: where to write.
        leadership: who may drive.
    """

    def __init__(self, world: World, writer: Writer, leadership: Leadership) -> None:
        self._world = world
        self._writer = writer
        self._leadership = leadership
        self._drivers: dict[str, tuple[Driver, asyncio.Task[None]]] = {}
        self._goals: dict[str, object] = {}

    def notice(self, body: dict[str, Any], *, is_gone: bool) -> None:
        """A switch was seen, changed or deleted; only a new goal or command is worth a nudge."""
        meta = body["metadata"]
        uid: str = meta["uid"]
        if is_gone:
            self._stop(uid)
            metrics.forget(meta["namespace"], meta["name"])
            return
        goal = (meta.get("generation"), dict(meta.get("annotations") or {}))
        if uid not in self._drivers or self._drivers[uid][1].done():
            self._start(uid, meta["namespace"], meta["name"])
        elif self._goals.get(uid) != goal:
            self._drivers[uid][0].wake.set()
        self._goals[uid] = goal

    def _start(self, uid: str, namespace: str, name: str) -> None:
        driver = Driver(
            namespace=namespace,
            name=name,
            world=self._world,
            writer=self._writer,
            identity=self._leadership.identity,
        )
        task = asyncio.create_task(driver.run(self._leadership.held), name=f"{namespace}/{name}")
        self._drivers[uid] = (driver, task)

    def _stop(self, uid: str) -> None:
        self._goals.pop(uid, None)
        driver_task = self._drivers.pop(uid, None)
        if driver_task is not None:
            driver_task[1].cancel()  # its routes go by their owner reference

    async def stop(self) -> None:
        """End all drivers between two writes of theirs at the latest."""
        tasks = [task for _, task in self._drivers.values()]
        self._drivers.clear()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


def build_registry(world: World, writer: Writer, leadership: Leadership) -> kopf.OperatorRegistry:
    """The handlers, bound to where they look and write."""
    registry = kopf.OperatorRegistry()
    fleet = Fleet(world, writer, leadership)
    background: list[asyncio.Task[None]] = []

    @kopf.on.startup(registry=registry)
    async def startup(settings: kopf.OperatorSettings, **_: object) -> None:
        settings.posting.enabled = False  # our events go through the writer
        settings.scanning.disabled = True  # needs no right to watch CRDs and namespaces
        settings.watching.server_timeout = 300
        settings.watching.client_timeout = 330
        background.append(asyncio.create_task(leadership.campaign(writer), name="lease"))

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:  # noqa: ANN401
        in_cluster = kopf.login_with_service_account(**kwargs)
        return in_cluster or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def seen(event: kopf.RawEvent, **_: object) -> None:
        body: dict[str, Any] = dict(event["object"])
        fleet.notice(body, is_gone=event["type"] == "DELETED")

    @kopf.on.probe(registry=registry, id="leading")
    def leading(**_: object) -> bool:
        metrics.LEADER.set(leadership.held.is_set())
        return leadership.held.is_set()

    @kopf.on.cleanup(registry=registry)
    async def cleanup(**_: object) -> None:
        await fleet.stop()
        for task in background:
            task.cancel()
        await leadership.release(writer)

    _ = (startup, login, seen, leading, cleanup)  # registered by their decorators
    return registry
