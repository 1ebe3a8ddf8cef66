"""The shapes in which tests write OpenSLO files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Write = Callable[..., Path]


def prometheus(query: str) -> Document:
    """A metric of Prometheus."""
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}
