"""Versions as tools print them, and the constraint a fit one must meet.

Only dotted numbers are compared; suffixes such as `+dfsg1` or `-rc.1` are ignored on purpose,
because distributions append their own.
"""

from __future__ import annotations

import operator
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DOTTED = re.compile(r"\d+(?:\.\d+)+")
_CLAUSE = re.compile(r"(>=|<=|==|>|<)\s*(\d+(?:\.\d+)*)")
_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def find(text: str) -> str | None:
    """Return the first dotted number in what a tool printed, or None."""
    found = _DOTTED.search(text)
    return found.group() if found else None


def satisfies(version: str, wanted: str) -> bool:
    """Tell whether a dotted version meets a constraint such as `>=1.33,<1.36`.

    Raises:
        ValueError: the constraint holds a clause that cannot be read.
    """
    for clause in wanted.split(","):
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise ValueError(
                f"version constraint {wanted!r} holds {clause!r}, which cannot be read; "
                "write clauses like >=1.33 or ==1.34.2, parted by commas"
            )
        if not _OPERATORS[match[1]](_compare(version, match[2]), 0):
            return False
    return True


def _compare(left: str, right: str) -> int:
    """Return -1, 0 or 1 as left is older than, equal to or newer than right."""
    pairs = zip_longest(_numbers(left), _numbers(right), fillvalue=0)
    return next((1 if a > b else -1 for a, b in pairs if a != b), 0)


def _numbers(version: str) -> list[int]:
    """Split `1.34.2` into its numbers."""
    return [int(part) for part in version.split(".")]
