"""An object as it is in the cluster right now, seen without the engine.

Deliberately not the engine's `read`: a resource that is only read stands in every preview beside
what really changes, costs a fetch of the cluster's whole schema, and breaks the state of an update
with `--target`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from components.foundation import Cluster
from components.manifest import Document
from components.narration import Status

if TYPE_CHECKING:
    from lightkube import AsyncClient


@dataclass(frozen=True)
class LiveObject:
    """The identity of a namespaced custom object."""

    group: str
    version: str
    kind: str
    plural: str
    namespace: str
    name: str

    @classmethod
    def of(cls, document: Document, plural: str) -> "LiveObject":
        """The object that a document describes."""
        group, _, version = str(document["apiVersion"]).partition("/")
        metadata = document["metadata"]
        return cls(
            group, version, document["kind"], plural, metadata["namespace"], metadata["name"]
        )

    async def status(self, client: "AsyncClient") -> Status:
        """Its status now; empty when it has none."""
        get = cast("Callable[..., Awaitable[Any]]", client.get)  # pyright: ignore[reportUnknownMemberType] - lightkube leaves it open
        seen = await get(self._type(), name=self.name, namespace=self.namespace)
        return cast("Status", seen.status or {})

    async def statuses(self, client: "AsyncClient") -> AsyncIterator[Status]:
        """Its status now, and at each change until the server ends the watch."""
        watch = cast("Callable[..., AsyncIterator[tuple[str, Any]]]", client.watch)  # pyright: ignore[reportUnknownMemberType] - as above
        fields = {"metadata.name": self.name}
        async for _, seen in watch(self._type(), namespace=self.namespace, fields=fields):
            yield cast("Status", seen.status or {})

    def _type(self) -> type[Any]:
        from lightkube import generic_resource  # noqa: PLC0415 - see connect

        create = cast("Callable[..., type[Any]]", generic_resource.create_namespaced_resource)  # pyright: ignore[reportUnknownMemberType] - as above
        return create(self.group, self.version, self.kind, self.plural)


def connect(cluster: Cluster) -> "AsyncClient":
    """A client of the cluster."""
    # imported here: it costs 0.3 s, and a preview, which must be quick, asks nothing
    from lightkube import AsyncClient, KubeConfig  # noqa: PLC0415

    config = KubeConfig.from_file(cluster.kubeconfig).get(cluster.context)
    return AsyncClient(config=config)
