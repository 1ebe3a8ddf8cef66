"""The whole program through the real engine and the real Kubernetes provider, without a cluster."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine_answers import Preview

pytestmark = pytest.mark.engine

MOST_RESOURCES = 90
"""Every resource costs time in every preview; one twin and the platform stay below this."""


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A kubeconfig whose cluster nobody answers for."""
    path = tmp_path / "kubeconfig"
    context = {"cluster": "nowhere", "user": "nobody"}
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}}],
                "contexts": [{"name": "nowhere", "context": context}],
                "users": [{"name": "nobody", "user": {"token": "none"}}],
            }
        )
    )
    return path


def test_a_first_preview_needs_no_cluster(
    config: dict[str, Any], preview: Preview, nowhere: Path
) -> None:
    config["switchyard:foundation"] = {
        "kind": "kubeconfig",
        "context": "nowhere",
        "path": str(nowhere),
    }
    answer = preview(config)
    assert answer.code == 0, answer.text
    count = re.search(r"\+ (\d+) to create", answer.text)
    assert count is not None
    assert int(count[1]) <= MOST_RESOURCES
    assert "error" not in answer.text


def test_a_kubeconfig_that_is_not_there_is_refused(
    config: dict[str, Any], preview: Preview, tmp_path: Path
) -> None:
    config["switchyard:foundation"] = {
        "kind": "kubeconfig",
        "context": "nowhere",
        "path": str(tmp_path / "missing"),
    }
    answer = preview(config)
    assert answer.code != 0
    assert str(tmp_path / "missing") in answer.text
    assert "nothing was changed" in answer.text
    assert "Traceback" not in answer.text
