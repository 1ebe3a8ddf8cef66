"""OpenSLO files as tests write them, and promtool."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml
from openslo_files import Document, Write, prometheus
from promtool import executable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def document() -> Document:
    """An SLO with nothing wrong, for a test to spoil."""
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": "requests-availability"},
        "spec": {
            "service": "my-service",
            "indicator": {
                "metadata": {"name": "errors"},
                "spec": {
                    "ratioMetric": {
                        "counter": True,
                        "bad": prometheus('requests_total{code="500"}'),
                        "total": prometheus("requests_total"),
                    }
                },
            },
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": 0.999}],
        },
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write documents into one file."""

    def written(*documents: Document, name: str = "slo.yaml") -> Path:
        path = tmp_path / name
        path.write_text(yaml.safe_dump_all(documents))
        return path

    return written


@pytest.fixture
def promtool(tmp_path: Path) -> Callable[..., str]:
    """`promtool ARGUMENTS`, run in the test's folder; fails the test when promtool complains."""
    program = executable()

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(program), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run
