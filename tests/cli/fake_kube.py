"""An API server for the command line's tests: a real HTTP server on loopback, a few endpoints.

Speaks what the command line asks: lists, one object, merge patches, watches with a field selector,
and whatever documents a test puts under a path. What a controller would do is a test's own reaction
to a patch.
"""

from __future__ import annotations

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Object = dict[str, Any]
SWITCHES = "/apis/switchyard.dev/v1alpha1/trafficswitches"
NAMESPACED = "/apis/switchyard.dev/v1alpha1/namespaces/"


class FakeApi:
    """The state of the cluster, and the server that tells it."""

    def __init__(self) -> None:
        self.switches: dict[str, Object] = {}
        self.documents: dict[str, Object | int] = {}
        """Path to a JSON document, or to the status code of a refusal."""
        self.patches: list[Object] = []
        self.queries: list[tuple[str, dict[str, str]]] = []
        self.on_patch: Callable[[str, Object], None] | None = None
        self._version = 1
        self._calls = 0
        self._changed = threading.Condition()
        self._events: list[tuple[str, Object]] = []
        """Kind and object, which carries the version at which it happened."""
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.stopped = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def kubeconfig(self, path: Path) -> Path:
        path.write_text(
            json.dumps(
                {
                    "current-context": "fake",
                    "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
                    "users": [{"name": "me", "user": {"token": "t"}}],
                    "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "me"}}],
                }
            )
        )
        return path

    def put(self, switch: Object) -> None:
        """Store a switch and tell the watchers."""
        with self._changed:
            self._version += 1
            switch = copy.deepcopy(switch)
            switch["metadata"]["resourceVersion"] = str(self._version)
            name = switch["metadata"]["name"]
            kind = "MODIFIED" if name in self.switches else "ADDED"
            self.switches[name] = switch
            self._events.append((kind, switch))
            self._changed.notify_all()

    def status(self, name: str, **fields: object) -> None:
        """Change fields of a switch's status."""
        switch = copy.deepcopy(self.switches[name])
        switch["status"] = {**switch.get("status", {}), **fields}
        self.put(switch)

    def delete(self, name: str) -> None:
        with self._changed:
            self._version += 1
            switch = self.switches.pop(name)
            switch["metadata"]["resourceVersion"] = str(self._version)
            self._events.append(("DELETED", switch))
            self._changed.notify_all()

    def patch(self, name: str, body: Object) -> Object:
        self.patches.append(body)
        switch = copy.deepcopy(self.switches[name])
        annotations = switch["metadata"].setdefault("annotations", {})
        for key, value in body["metadata"]["annotations"].items():
            annotations.pop(key, None) if value is None else annotations.update({key: value})
        self.put(switch)
        patched = self.switches[name]
        if self.on_patch:
            self.on_patch(name, body)
        return patched

    def watch(self, name: str, since: str | None, send: Callable[[Object], None]) -> None:
        """Send the present state, or what came after a version, then every event."""
        with self._changed:
            position = len(self._events) if since is None else self._after(int(since))
            if since is None and name in self.switches:
                send({"type": "ADDED", "object": self.switches[name]})
        calls = self._calls
        while not self.stopped:
            with self._changed:
                while len(self._events) == position and not self.stopped and calls == self._calls:
                    self._changed.wait()
                if calls != self._calls:
                    return
                fresh, position = self._events[position:], len(self._events)
            for kind, switch in fresh:
                if switch["metadata"]["name"] == name:
                    send({"type": kind, "object": switch})

    def _after(self, version: int) -> int:
        """Position of the first event that is newer than a version."""
        versions = [int(switch["metadata"]["resourceVersion"]) for _, switch in self._events]
        return next((at for at, one in enumerate(versions) if one > version), len(versions))

    def hang_up(self) -> None:
        """End every watch, as a restarting API server does."""
        with self._changed:
            self._calls += 1
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self.stopped = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    api: FakeApi
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: pytest captures what matters."""

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(split.query).items()}
        self.api.queries.append((split.path, query))
        if query.get("watch") == "true" and split.path not in self.api.documents:
            name = query["fieldSelector"].removeprefix("metadata.name=")
            self._watch(name, query.get("resourceVersion"))
            return
        document = self.api.documents.get(split.path)
        if document is None and split.path == SWITCHES:
            document = {"metadata": {}, "items": list(self.api.switches.values())}
        if isinstance(document, int) or document is None:
            self._refuse(document or 404)
        else:
            self._send(200, document)

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = urlsplit(self.path).path.rsplit("/", 1)[-1]
        if self.headers["Content-Type"] != "application/merge-patch+json":
            self._refuse(415)
        else:
            self._send(200, self.api.patch(name, cast("Object", body)))

    def _watch(self, name: str, since: str | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

        def send(event: Object) -> None:
            self.wfile.write(json.dumps(event).encode() + b"\n")
            self.wfile.flush()

        try:
            self.api.watch(name, since, send)
        except OSError:
            return

    def _refuse(self, code: int) -> None:
        message = {404: "not found", 403: "forbidden: no right to read this"}.get(code, "refused")
        self._send(
            code,
            {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message}
            | {"code": code},
        )

    def _send(self, code: int, document: Object) -> None:
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
