"""The only place that writes to the API server; every single write goes through `Writer.write`.

So a test may put a process to death after any one of them, and a replica that has lost its lease
cannot write at all. Status writes carry the resource version that the decision was made on: whoever
comes second loses. Routes are applied on the server's side and wholly owned.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from controller import resources
from controller.api import GROUP, KIND, VERSION, Status, Switch
from controller.decide import Notice
from controller.resources import FIELD_MANAGER, ApiServer, Object, ServerError


class Verb(StrEnum):
    """What a write does."""

    STATUS = "status"
    """Replaces the status, if nobody else has meanwhile."""
    APPLY_ROUTE = "apply-route"
    DELETE_ROUTE = "delete-route"
    FORGET = "forget"
    """Takes annotations away."""
    EVENT = "event"
    CREATE_LEASE = "create-lease"
    UPDATE_LEASE = "update-lease"


LEASE_VERBS = frozenset({Verb.CREATE_LEASE, Verb.UPDATE_LEASE})


class ConflictError(Exception):
    """Somebody else wrote first: look again."""


class NotLeaderError(Exception):
    """This replica holds no lease, so it must not write."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write to the API server."""

    verb: Verb
    namespace: str
    name: str
    body: Mapping[str, Any]


Count = Callable[[Verb, str], None]


class Writer:
    """Writes to the API server, one at a time, while this replica leads.

    Args:
        server: the connection.
        may_write: whether this replica leads; asked before every write but the lease's own.
        count: told of every write and how it went, for the metrics.
    """

    def __init__(
        self,
        server: ApiServer,
        may_write: Callable[[], bool],
        count: Count = lambda _verb, _result: None,
    ) -> None:
        self._server = server
        self._may_write = may_write
        self._count = count

    async def write(self, write: Write) -> Object:
        """Carry out one write and return what the API server made of it.

        Raises:
            NotLeaderError: this replica must not write now.
            ConflictError: somebody else wrote first.
            ServerError: the API server refused or did not answer.
        """
        if write.verb not in LEASE_VERBS and not self._may_write():
            raise NotLeaderError(f"{write.verb} of {write.namespace}/{write.name} was not made")
        try:
            answer = await self._send(write)
        except ServerError as error:
            self._count(write.verb, str(error.code))
            if error.is_conflict:
                raise ConflictError(str(error)) from error
            if error.is_missing and write.verb is Verb.DELETE_ROUTE:
                return {}
            raise
        self._count(write.verb, "ok")
        return answer

    async def _send(self, write: Write) -> Object:  # noqa: PLR0911 - one a verb
        server, where, body = self._server, (write.namespace, write.name), dict(write.body)
        match write.verb:
            case Verb.STATUS:
                return await server.replace(resources.TRAFFIC_SWITCH.Status, *where, body)
            case Verb.APPLY_ROUTE:
                return await server.apply(resources.HTTP_ROUTE, *where, body)
            case Verb.DELETE_ROUTE:
                return await server.delete(resources.HTTP_ROUTE, *where)
            case Verb.FORGET:
                return await server.merge(resources.TRAFFIC_SWITCH, *where, body)
            case Verb.EVENT:
                return await server.create(resources.EVENT, write.namespace, body)
            case Verb.CREATE_LEASE:
                return await server.create(resources.LEASE, write.namespace, body)
            case Verb.UPDATE_LEASE:
                return await server.replace(resources.LEASE, *where, body)


def status_write(switch: Switch, status: Status) -> Write:
    """Replace the status that the switch was read with."""
    body = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {
            "name": switch.name,
            "namespace": switch.namespace,
            "uid": switch.uid,
            "resourceVersion": switch.resource_version,
        },
        "status": status.dump(),
    }
    return Write(Verb.STATUS, switch.namespace, switch.name, body)


def forget_write(switch: Switch, annotations: tuple[str, ...]) -> Write:
    """Take annotations away that were obeyed; one that came meanwhile makes this a conflict."""
    body = {
        "metadata": {
            "annotations": dict.fromkeys(annotations),
            "resourceVersion": switch.resource_version,
        }
    }
    return Write(Verb.FORGET, switch.namespace, switch.name, body)


def event_write(switch: Switch, notice: Notice, reporter: str) -> Write:
    """A Kubernetes event on the switch."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    name = f"{switch.name}.{uuid.uuid4().hex[:16]}"
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": switch.namespace},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "name": switch.name,
            "namespace": switch.namespace,
            "uid": switch.uid,
        },
        "type": notice.type,
        "reason": notice.because.value,
        "message": notice.message[:1024],
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": reporter,
    }
    return Write(Verb.EVENT, switch.namespace, name, body)
