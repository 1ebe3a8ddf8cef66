"""The whole program, run against a recording monitor in place of the engine."""

import asyncio
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import mocks, stack
from pulumi.runtime.settings import get_root_resource
from recorded import OTHER_SHA, PASSWORD, PROJECT, SHA, Cluster, Graph, RecordingMonitor, Run

import tools
from components import live_object, progress, traffic_switch

PLATFORM = ("argocd", "controller", "envoy", "envoy-gateway", "postgres", "prometheus", "redis")
SERVICES = ("storefront", "orders", "recommender")
_graphs: dict[str, Graph] = {}
"""What was recorded already: equal stacks register equal graphs, and a run takes a second."""


def images(version: str) -> dict[str, str]:
    return {name: f"{name}-{version}" for name in SERVICES}


@pytest.fixture
def twin() -> dict[str, Any]:
    return {
        "live": "blue",
        "blue": {"revision": SHA, "images": images("v1")},
        "green": {"revision": OTHER_SHA, "images": images("v2")},
        "services": [
            {"name": "storefront", "hostnames": ["shop.localhost"], "probe": "/readyz"},
            {"name": "orders", "hostnames": ["orders.localhost"], "probe": "/readyz"},
        ],
        "strategy": {"kind": "blueGreen", "rollbackWindow": "1h", "healthTimeout": "5m"},
    }


@pytest.fixture(scope="session")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image lock with everything that the stack names."""
    names = [*PLATFORM, *(f"{name}-{v}" for name in SERVICES for v in ("v1", "v2"))]
    entries = {
        name: {
            "inputs": f"sha256:{index:064x}",
            "reference": f"10.213.0.1:5000/test/{name}@sha256:{index:064x}",
        }
        for index, name in enumerate(names, 1)
    }
    path = tmp_path_factory.mktemp("lock") / "images.lock.yaml"
    path.write_text(yaml.safe_dump({"registry": "10.213.0.1:5000", "images": entries}))
    return path


@pytest.fixture
def config(lock: Path, twin: dict[str, Any]) -> dict[str, Any]:
    return {
        "foundation": {"kind": "yard"},
        "images": {"lock": str(lock)},
        "edge": {"address": "http://127.0.0.1:8080", "serviceAddress": "10.215.0.80"},
        "git": {
            "environments": "git://10.213.0.1/environments.git",
            "addons": "git://10.213.0.1/addons.git",
            "addonsRevision": SHA,
        },
        "databasePassword": PASSWORD,
        "twins": {"shop": twin},
    }


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shaped like Argo CD's module, with one small document for each file that is read."""
    root = tmp_path_factory.mktemp("argo-cd")
    for path, document in _upstream_documents():
        target = root / "manifests" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(document))
    return root


def _upstream_documents() -> Iterator[tuple[str, dict[str, Any]]]:
    from components import argo_cd_manifests  # noqa: PLC0415 - after pytest's path is set

    kinds = {
        "crd": "CustomResourceDefinition",
        "sa": "ServiceAccount",
        "cm": "ConfigMap",
        "policy": "NetworkPolicy",
    }
    capital = {
        "clusterrole": "ClusterRole",
        "clusterrolebinding": "ClusterRoleBinding",
        "rolebinding": "RoleBinding",
        "statefulset": "StatefulSet",
    }
    for path in argo_cd_manifests.FILES:
        stem = Path(path).stem
        last = stem.rpartition("-")[2]
        kind = kinds.get(last) or capital.get(last) or last.capitalize()
        name = stem.removesuffix(f"-{last}") if kind != "Secret" else "argocd-secret"
        document: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
        if kind == "CustomResourceDefinition":
            document["spec"] = {
                "names": {"plural": f"{stem.removesuffix('-crd')}s"},
                "versions": [{"schema": {"openAPIV3Schema": {"properties": {}}}}],
            }
        if kind == "ConfigMap":
            document["metadata"]["name"] = stem
            document["data"] = {}
        if kind == "ClusterRoleBinding":
            document["roleRef"] = {"name": name}
        if kind in {"Deployment", "StatefulSet"}:
            container = "redis" if "redis" in name else name
            document["spec"] = {
                "template": {
                    "metadata": {"labels": {}},
                    "spec": {"containers": [{"name": container}], "initContainers": []},
                }
            }
        yield path, document


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], upstream: Path) -> Run:
    """Runs the whole program; returns what it registered once all of it has drained."""
    monkeypatch.setattr(tools, "share", lambda _: upstream)
    monkeypatch.setattr(tools, "cache_dir", lambda: upstream.parent / "cache")

    def execute(*, preview: bool = False, status: dict[str, Any] | None = None) -> Graph:
        asked = config["twins"]["shop"]["live"]
        seen = {"serving": asked, "phase": "Settled"} if status is None else status
        pulumi_config.set_all_config(
            {
                f"switchyard:{key}": value if isinstance(value, str) else json.dumps(value)
                for key, value in config.items()
            },
            ["switchyard:databasePassword"],
        )
        key = json.dumps([config, preview, seen], sort_keys=True)
        if key in _graphs:
            return _graphs[key]
        given = Cluster(seen)

        async def live(*_: object) -> dict[str, Any]:
            return seen

        async def silent(*_: object) -> None:
            return

        monkeypatch.setattr(live_object.LiveObject, "status", live)
        monkeypatch.setattr(traffic_switch, "connect", lambda _: None)
        monkeypatch.setattr(progress, "_stream", silent)
        monitor = RecordingMonitor(given)

        async def program() -> None:
            mocks.set_mocks(
                given, project="switchyard", stack="test", preview=preview, monitor=monitor
            )
            await stack.run_pulumi_func(_run)
            root = get_root_resource()
            assert isinstance(root, stack.Stack)
            exports = await pulumi.Output.from_input(root.outputs).future()
            monitor.graph.exports.update(exports or {})

        asyncio.run(program())
        _graphs[key] = monitor.graph
        return monitor.graph

    def _run() -> None:
        runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")

    return execute
