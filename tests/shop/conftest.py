"""The shop's folder, a Helm and a PostgreSQL for its tests."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import postgres_bin
import pytest
import yaml

import tools

SHOP = Path(__file__).parents[2] / "examples" / "shop"

Render = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def shop() -> Path:
    return SHOP


@pytest.fixture(scope="session")
def helm() -> Path:
    linked = tools.bin_dir() / "helm"
    if not linked.exists():
        tools.ensure(["helm"])
    return linked if linked.exists() else tools.path("helm")


@pytest.fixture(scope="session")
def postgres() -> dict[str, str]:
    return postgres_bin.environment()


@pytest.fixture(scope="session")
def template(helm: Path) -> Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]:
    """Run `helm template` over the chart with these values."""

    def run(values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [helm, "template", "shop", SHOP / "chart", "--values", "-"],
            input=json.dumps(values),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def render(
    template: Callable[[dict[str, Any]], subprocess.CompletedProcess[str]],
) -> Render:
    """Render the chart and give its manifests."""

    def manifests(**values: object) -> list[dict[str, Any]]:
        done = template(values)
        assert done.returncode == 0, done.stderr
        return [document for document in yaml.safe_load_all(done.stdout) if document]

    return manifests
