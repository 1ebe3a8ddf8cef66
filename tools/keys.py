"""The recipe of a tool as text: whatever changes it changes the place in the cache.

Version, sources, flags, and the content of go.mod, go.sum, our own mains and wheel pins. A comment
in the catalogue does not.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from tools.catalog import GO_TOOLCHAIN
from tools.go_build import FLAGS
from tools.recipe import GoBuild, Source, Tool, Wheel
from tools.workshop import HERE

if TYPE_CHECKING:
    from pathlib import Path


def recipe(tool: Tool, *, home: Path = HERE) -> str:
    """Return the text whose hash is part of the tool's key."""
    parts = [tool.name, tool.version, repr(tool.executables)]
    parts += [_source(source, home) for source in tool.sources]
    return "\n".join(parts)


def _source(source: Source, home: Path) -> str:
    """Return a source's fields and the content of the files it names."""
    if isinstance(source, GoBuild):
        others = sorted({file.room for file in source.beside if file.room is not None})
        trees = [_tree(home / "go" / room) for room in (source.room.name, *others)]
        # apart from the room's fields, so that a room without trims keeps the key it always had
        trims = f" {source.room.trims!r}" if source.room.trims else ""
        return f"{source!r} {FLAGS} {GO_TOOLCHAIN} {' '.join(trees)}{trims}"
    if isinstance(source, Wheel):
        pins = _digest(home / "pypi" / source.requirements)
        return f"{source!r} {pins}"
    return repr(source)


def _tree(folder: Path) -> str:
    """Return a digest over the files of a Go room, names and contents."""
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            whole.update(f"{file.relative_to(folder)} {_digest(file)}\n".encode())
    return whole.hexdigest()


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file; one process reads each version of it once."""
    status = file.stat()
    return _digest_once(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _digest_once(file: Path, _changed: int, _size: int) -> str:
    """Hash a file; the unused arguments make a change visible to the memory."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
