"""A fake cluster with the shop on it, and the command line run against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shop_story
from cli_runs import CommandLine
from fake_kube import FakeApi

from cli import report
from components import recording

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def api() -> Generator[FakeApi]:
    fake = FakeApi()
    fake.documents |= shop_story.documents()
    yield fake
    fake.stop()


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports and recordings go: never into the project's own folder."""
    folder = tmp_path / "reports"
    monkeypatch.setattr(report, "FOLDER", folder)
    monkeypatch.setattr(recording, "FOLDER", folder / "recordings")
    return folder


@pytest.fixture
def switchyard(api: FakeApi, tmp_path: Path) -> CommandLine:
    return CommandLine(api.kubeconfig(tmp_path / "kubeconfig"))
