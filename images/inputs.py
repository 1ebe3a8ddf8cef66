"""Digests of inputs: equal content gives equal digests, whatever the order, times and machine.

Deliberately not here: what counts as an input of an image (``key``).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from images.errors import ImageError

_IGNORED = {"__pycache__", ".DS_Store", "testdata"}


def digest(document: Mapping[str, Any]) -> str:
    """``sha256:…`` over a document's canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def file(path: Path) -> str:
    """A file as an input: its content, and whether it can be executed; no time, no owner."""
    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return f"{'x' if path.stat().st_mode & 0o100 else '-'} {content}"


def tree(folder: Path) -> dict[str, str]:
    """All files below a folder, by path; a missing folder has none."""
    return {str(path.relative_to(folder)): _entry(path) for path in walk(folder)}


def walk(folder: Path) -> list[Path]:
    """Files and links below a folder that count, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if (path.is_symlink() or path.is_file())
        and _IGNORED.isdisjoint(path.relative_to(folder).parts)
    )


def globbed(
    folder: Path, patterns: Iterable[str], *, without: tuple[str, ...] = ()
) -> dict[str, str]:
    """Files that globs name, by path relative to the folder.

    Args:
        folder: where the globs begin.
        patterns: globs as of ``Path.glob``, or plain paths.
        without: names that end so do not count.

    Raises:
        ImageError: a glob that matches nothing; the image would silently lack an input.
    """
    found: dict[str, str] = {}
    for pattern in patterns:
        matches = {
            str(path.relative_to(folder)): _entry(path)
            for path in folder.glob(pattern)
            if path.is_file()
            and _IGNORED.isdisjoint(path.relative_to(folder).parts)
            and not path.name.endswith(without)
        }
        if not matches:
            raise ImageError(
                f"The input {pattern!r} matches no file in {folder}, so the image could not notice "
                "a change of it. Correct it in the image's image.yaml."
            )
        found |= matches
    return found


def _entry(path: Path) -> str:
    return f"l {path.readlink()}" if path.is_symlink() else file(path)
