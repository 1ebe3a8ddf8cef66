"""The bench of `tools_bench`, with a cache and a PATH of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tools_bench import Bench

from tools import sources
from tools.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose cache is empty and whose PATH holds nothing."""
    monkeypatch.setenv("SWITCHYARD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr("tools.on_path._ADMIN_FOLDERS", ())
    made = Bench(cache=Cache(tmp_path / "cache"))
    monkeypatch.setattr(sources, "ask", made.answer)
    return made
