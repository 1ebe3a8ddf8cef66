"""Leaves parts of a module out of the copy it is built from.

Deliberately blunt: whole lines, found by a word. A line that is no longer there fails the build
with its name, so that a new version of the module is looked at and not guessed about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.errors import SourceFailed

if TYPE_CHECKING:
    from pathlib import Path

    from tools.recipe import Trim


def leave_out(trim: Trim, copy: Path) -> None:
    """Remove every line of the named file that holds one of the words.

    Args:
        trim: what to leave out of which file.
        copy: the writable copy of the module.

    Raises:
        SourceFailed: a word is not there.
    """
    file = copy / trim.path
    lines = file.read_text().splitlines(keepends=True)
    for word in trim.words:
        if not any(word in line for line in lines):
            raise SourceFailed(f"{trim.module}/{trim.path} no longer holds {word}")
    kept = [line for line in lines if not any(word in line for word in trim.words)]
    file.write_text("".join(kept))
