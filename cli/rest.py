"""Plain reads of the API server: everything that is not a TrafficSwitch.

Deliberately untyped JSON: the command line shows a handful of fields of many kinds, and the typed
models of all of them cost more start-up time than the requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from lightkube.config import client_adapter

from cli.cluster import NOT_FOUND, REQUEST_TIMEOUT, reaching

if TYPE_CHECKING:
    from lightkube import Client

Object = dict[str, Any]


class Rest:
    """Reads by path, with the credentials of a client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        adapter = cast("Any", client_adapter)
        parameters = adapter.ConnectionParams(
            timeout=REQUEST_TIMEOUT, trust_env=client.config.cluster.server.startswith("https")
        )
        self._http: Any = adapter.Client(client.config, parameters)

    def get(self, path: str, **parameters: str) -> Object | None:
        """The JSON at `path`; None when there is none (404).

        Raises:
            Unreachable: any other answer, or none.
        """
        with reaching(self._client):
            response = self._http.get(path, params=parameters)
            if response.status_code == NOT_FOUND:
                return None
            response.raise_for_status()
            return cast("Object", response.json())

    def text(self, path: str) -> str | None:
        """The text at `path`; None when there is none (404, or nobody behind a proxied path)."""
        with reaching(self._client):
            response = self._http.get(path)
            return response.text if response.is_success else None

    def items(self, path: str, labels: str | None = None) -> list[Object]:
        """The objects of the list at `path`; empty when the kind is not known there.

        Args:
            path: of a collection.
            labels: a label selector.
        """
        parameters = {"labelSelector": labels} if labels else {}
        return objects(self.get(path, **parameters), "items")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def dig(document: object, *keys: str | int) -> Any:  # noqa: ANN401 - JSON is what it is
    """The value under a path of keys and indexes; None where the path ends early."""
    for key in keys:
        if isinstance(key, int):
            if not isinstance(document, list) or len(cast("list[Any]", document)) <= key:
                return None
            document = cast("list[Any]", document)[key]
        else:
            if not isinstance(document, dict):
                return None
            document = cast("dict[str, Any]", document).get(key)
    return document


def objects(document: object, *keys: str | int) -> list[Object]:
    """The list of objects under a path; empty where there is none."""
    found = dig(document, *keys)
    return cast("list[Object]", found) if isinstance(found, list) else []
