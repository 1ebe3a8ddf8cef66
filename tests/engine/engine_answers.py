"""What the engine answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """How a command of the engine ended."""

    code: int
    text: str


Preview = Callable[[dict[str, Any] | str], Answer]
"""Runs `pulumi preview` with a configuration, given as data or as the file's text."""
