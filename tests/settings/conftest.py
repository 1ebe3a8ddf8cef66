"""A whole, valid stack to spoil one value of at a time."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import settings
from settings import Settings, SettingsError

SHA = "0123456789abcdef0123456789abcdef01234567"
PLATFORM = ("argocd", "controller", "envoy", "envoy-gateway", "postgres", "prometheus", "redis")
SHOP = [f"{name}-{v}" for name in ("orders", "recommender", "storefront") for v in ("v1", "v2")]


def images(version: str) -> dict[str, str]:
    return {name: f"{name}-{version}" for name in ("storefront", "orders", "recommender")}


STACK: dict[str, Any] = {
    "foundation": {"kind": "yard"},
    "images": {"lock": "images.test.lock.yaml"},
    "edge": {"address": "http://127.0.0.1:8080", "serviceAddress": "10.215.0.80", "proxies": 2},
    "git": {
        "environments": "git://10.213.0.1/environments.git",
        "addons": "git://10.213.0.1/addons.git",
        "addonsRevision": SHA,
    },
    "databasePassword": "correct horse",
    "twins": {
        "shop": {
            "live": "blue",
            "blue": {"revision": SHA, "images": images("v1")},
            "green": {"revision": SHA, "images": images("v2")},
            "services": [
                {"name": "storefront", "hostnames": ["shop.localhost"], "path": "/", "port": 8080},
                {"name": "orders", "hostnames": ["orders.localhost"], "path": "/", "port": 8080},
            ],
            "strategy": {"kind": "blueGreen", "rollbackWindow": "1h", "healthTimeout": "5m"},
        }
    },
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with an image lock."""
    entries = {
        name: {
            "inputs": f"sha256:{index:064x}",
            "reference": f"10.213.0.1:5000/test/{name}@sha256:{index:064x}",
        }
        for index, name in enumerate((*PLATFORM, *SHOP), 1)
    }
    lock = {"registry": "10.213.0.1:5000", "images": entries}
    (tmp_path / "images.test.lock.yaml").write_text(yaml.safe_dump(lock))
    return tmp_path


@pytest.fixture
def stack() -> dict[str, Any]:
    return copy.deepcopy(STACK)


@pytest.fixture
def parse(project: Path) -> Callable[[dict[str, Any]], Settings]:
    return lambda raw: settings.parse(raw, "Pulumi.test.yaml", project)


@pytest.fixture
def refusal(parse: Callable[[dict[str, Any]], Settings]) -> Callable[[dict[str, Any]], str]:
    """The text with which a stack is refused."""

    def text(raw: dict[str, Any]) -> str:
        with pytest.raises(SettingsError) as caught:
            parse(raw)
        return str(caught.value)

    return text
