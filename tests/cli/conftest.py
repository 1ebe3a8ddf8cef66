"""A fake cluster with the shop on it, and the command line run against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shop_story
from cli_runs import CommandLine
from fake_kube import FakeApi

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def api() -> Generator[FakeApi]:
    fake = FakeApi()
    fake.documents |= shop_story.documents()
    yield fake
    fake.stop()


@pytest.fixture
def switchyard(api: FakeApi, tmp_path: Path) -> CommandLine:
    return CommandLine(api.kubeconfig(tmp_path / "kubeconfig"))
