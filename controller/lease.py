"""One leader among the replicas, by a Lease, as Kubernetes' own controllers do it.

Not kopf's peering: that needs a CRD of its own, only asks the others to pause, and its priority
does not stop a replica that was cut off from writing. Here every write asks `may_write`, which
turns false by itself before another replica may take the lease.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from controller import resources
from controller.resources import ApiServer, ServerError
from controller.writer import ConflictError, Verb, Write, Writer

log = logging.getLogger(__name__)

NAME = "release-controller"
DURATION = 10.0
"""Seconds for which a lease holds: 10, so that a lost node costs a release no more than that."""
RENEW = 3.0
"""Seconds between renewals: 3, so that two may fail."""
MARGIN = 2.0
"""Seconds before the lease's end from which on nothing is written: 2, for a write under way."""


class Leadership:
    """Campaigns for the lease and knows whether this replica holds it.

    Args:
        server: the connection, for reading.
        namespace: where the Lease lives.
        identity: this replica's unique name; a restart under the same name goes on at once.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        server: ApiServer,
        namespace: str,
        identity: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._namespace = namespace
        self.identity = identity
        self._clock = clock
        self._until = 0.0
        self._seen: tuple[str, float] = ("", 0.0)
        self.held = asyncio.Event()
        """Set while this replica leads."""

    def may_write(self) -> bool:
        """Whether the lease certainly is still ours."""
        return self._clock() < self._until - MARGIN

    async def campaign(self, writer: Writer) -> None:
        """Take the lease when it is free and keep it, forever."""
        while True:
            try:
                await self._round(writer)
            except ConflictError:
                log.info("another replica was faster", extra={"lease": NAME})
            except ServerError as error:
                log.warning("the lease could not be renewed", extra={"error": str(error)})
            self._tell()
            await asyncio.sleep(RENEW if self.held.is_set() else RENEW / 2)

    async def release(self, writer: Writer) -> None:
        """Give the lease up, so that another replica need not wait for its end."""
        if not self.may_write():
            return
        self._until = 0.0
        self.held.clear()
        log.info("giving the lease up", extra={"identity": self.identity})
        try:
            lease = await self._read()
            if lease is not None and lease["spec"].get("holderIdentity") == self.identity:
                await self._write(writer, lease, holder="")
        except (ServerError, ConflictError) as error:
            log.warning("the lease could not be released", extra={"error": str(error)})

    async def _round(self, writer: Writer) -> None:
        started = self._clock()
        lease = await self._read()
        if lease is None:
            await writer.write(Write(Verb.CREATE_LEASE, self._namespace, NAME, self._body({})))
        elif self._is_free(lease):
            await self._write(writer, lease, holder=self.identity)
        else:
            self._until = 0.0
            return
        self._until = started + DURATION

    def _is_free(self, lease: dict[str, Any]) -> bool:
        """Ours, given up, or not renewed for its whole duration as seen by our own clock."""
        holder = lease["spec"].get("holderIdentity") or ""
        if holder in {"", self.identity}:
            return True
        version = lease["metadata"]["resourceVersion"]
        if version != self._seen[0]:
            self._seen = (version, self._clock())
        return self._clock() - self._seen[1] > DURATION

    async def _read(self) -> dict[str, Any] | None:
        try:
            return await self._server.get(resources.LEASE, self._namespace, NAME)
        except ServerError as error:
            if error.is_missing:
                return None
            raise

    async def _write(self, writer: Writer, lease: dict[str, Any], holder: str) -> None:
        body = self._body(lease, holder)
        await writer.write(Write(Verb.UPDATE_LEASE, self._namespace, NAME, body))

    def _body(self, lease: dict[str, Any], holder: str | None = None) -> dict[str, Any]:
        """The lease as we want it; its resource version makes a second taker lose."""
        before: dict[str, Any] = lease.get("spec", {})
        name = self.identity if holder is None else holder
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        is_new_holder = bool(name) and before.get("holderIdentity") != name
        metadata = {"name": NAME, "namespace": self._namespace}
        if lease:
            metadata["resourceVersion"] = lease["metadata"]["resourceVersion"]
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": name,
                "leaseDurationSeconds": int(DURATION),
                "acquireTime": now if is_new_holder else before.get("acquireTime"),
                "renewTime": now,
                "leaseTransitions": before.get("leaseTransitions", 0) + is_new_holder,
            },
        }

    def _tell(self) -> None:
        if self.may_write() and not self.held.is_set():
            log.info("leading", extra={"identity": self.identity})
            self.held.set()
        elif not self.may_write() and self.held.is_set():
            log.warning("no longer leading", extra={"identity": self.identity})
            self.held.clear()
