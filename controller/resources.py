"""The API server, as plain mappings: the one place that knows the client library.

Generic on purpose: the typed models of all of Kubernetes would cost memory and start-up time for
the few fields that are read, and a field that is missing must be noticed, not defaulted.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx2
from lightkube import ALL_NS, ApiError, AsyncClient, generic_resource
from lightkube.types import PatchType

from controller.api import GROUP, KIND, PLURAL, VERSION

Object = dict[str, Any]

# the library's function is only half typed, and its classes are made at run time
_kind: Any = generic_resource.create_namespaced_resource  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

TRAFFIC_SWITCH: Any = _kind(GROUP, VERSION, KIND, PLURAL)
HTTP_ROUTE: Any = _kind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")
DEPLOYMENT: Any = _kind("apps", "v1", "Deployment", "deployments")
STATEFUL_SET: Any = _kind("apps", "v1", "StatefulSet", "statefulsets")
JOB: Any = _kind("batch", "v1", "Job", "jobs")
ENDPOINT_SLICE: Any = _kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
EVENT: Any = _kind("", "v1", "Event", "events")
LEASE: Any = _kind("coordination.k8s.io", "v1", "Lease", "leases")

EVERYWHERE = ALL_NS
"""Instead of a namespace: all of them."""
FIELD_MANAGER = "switchyard-controller"


class ServerError(Exception):
    """The API server did not do what it was asked to; `code` is 0 when it did not answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_conflict(self) -> bool:
        """Somebody else wrote first."""
        return self.code == HTTPStatus.CONFLICT

    @property
    def is_missing(self) -> bool:
        """There is no such thing."""
        return self.code == HTTPStatus.NOT_FOUND


class ApiServer:
    """A connection to the API server, found in the cluster or by KUBECONFIG.

    Every method raises `ServerError` when the API server refuses or does not answer.
    """

    def __init__(self) -> None:
        self._client: Any = AsyncClient()

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def get(self, kind: Any, namespace: str, name: str) -> Object:  # noqa: ANN401
        """One object."""
        return await self._ask(self._client.get(kind, name, namespace=namespace))

    async def list(
        self,
        kind: Any,  # noqa: ANN401 - the library's classes are made at run time
        namespace: str,
        labels: Mapping[str, str] | None = None,
    ) -> list[Object]:
        """All objects of a kind, each with its kind; never half of them."""

        async def read() -> dict[str, list[Object]]:
            found = self._client.list(kind, namespace=namespace, labels=dict(labels or {}))
            return {"items": [{"kind": kind.__name__, **item} async for item in found]}

        return (await self._ask(read()))["items"]

    async def create(self, kind: Any, namespace: str, body: Object) -> Object:  # noqa: ANN401
        """Make an object."""
        return await self._ask(self._client.create(kind(body), namespace=namespace))

    async def replace(self, kind: Any, namespace: str, name: str, body: Object) -> Object:  # noqa: ANN401
        """Put an object, or the status of one, in place of what is there."""
        request = self._client.replace(kind(body), name=name, namespace=namespace)
        return await self._ask(request)

    async def merge(self, kind: Any, namespace: str, name: str, body: Object) -> Object:  # noqa: ANN401
        """Change some fields of an object; None takes a field away."""
        request = self._client.patch(
            kind, name, body, namespace=namespace, patch_type=PatchType.MERGE
        )
        return await self._ask(request)

    async def apply(self, kind: Any, namespace: str, name: str, body: Object) -> Object:  # noqa: ANN401
        """Apply on the server's side, taking over fields that others have changed."""
        request = self._client.patch(
            kind,
            name,
            body,
            namespace=namespace,
            patch_type=PatchType.APPLY,
            field_manager=FIELD_MANAGER,
            force=True,
        )
        return await self._ask(request)

    async def delete(self, kind: Any, namespace: str, name: str) -> Object:  # noqa: ANN401
        """Delete an object."""
        return await self._ask(self._client.delete(kind, name, namespace=namespace))

    @staticmethod
    async def _ask(request: Any) -> Object:  # noqa: ANN401 - an untyped library's awaitable
        try:
            return dict(await request or {})
        except ApiError as error:
            code = error.status.code or error.response.status_code
            raise ServerError(code, error.status.message or str(error)) from error
        except httpx2.HTTPStatusError as error:
            raise ServerError(error.response.status_code, str(error)) from error
        except (httpx2.HTTPError, OSError) as error:
            raise ServerError(0, f"{type(error).__name__} {error}".strip()) from error
