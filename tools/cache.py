"""The cache of obtained tools: one entry a tool and recipe, written aside and renamed into place.

Layout under `$SWITCHYARD_CACHE`:
    bin/                      links to every obtained command
    tools/<name>/<key>/       bin/, share/, receipt.json
    tools/.staging/<lane>/    entries being made; swept by the next run of that lane
    tools/.locks/             one lock a lane
    logs/tools/<name>.log     output of the last build or download

It never deletes entries of other keys: a checkout of another branch may still use them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator

    from tools.recipe import Tool


def cache_dir() -> Path:
    """Return `$SWITCHYARD_CACHE`, or `~/.cache/switchyard`."""
    named = os.environ.get("SWITCHYARD_CACHE")
    return Path(named).expanduser().absolute() if named else Path.home() / ".cache/switchyard"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What an entry holds and where it came from."""

    tool: str
    version: str
    """As the tool itself said it, else the version of the recipe."""
    source: str
    seconds: float
    witnesses: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """For commands of the machine: real path to [size, mtime in ns] when they were found fit."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A tool that is there."""

    folder: Path
    receipt: Receipt

    def command(self, name: str) -> Path:
        """Return the executable of that name.

        Our own links are resolved; those of the machine are not, for programs such as iptables
        are one file under many names and go by the name they are called.
        """
        path = self.folder / "bin" / name
        if not path.is_symlink():
            return path
        target = path.readlink()
        return target if target.is_absolute() else path.resolve()

    @property
    def share(self) -> Path:
        """The folder with the data that ships with the tool."""
        return self.folder / "share"


class Cache:
    """Finds, makes and links entries under one root."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or cache_dir()
        self.bin = self.root / "bin"
        self.logs = self.root / "logs/tools"

    def folder(self, tool: Tool, recipe: str) -> Path:
        """Return where the entry of a tool made after this recipe lives."""
        digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
        return self.root / "tools" / tool.name / f"{tool.version}-{digest}"

    def find(self, tool: Tool, recipe: str) -> Entry | None:
        """Return the entry if it is complete and still true, without running anything."""
        folder = self.folder(tool, recipe)
        try:
            loaded = cast("dict[str, object]", json.loads((folder / "receipt.json").read_bytes()))
            receipt = Receipt(**loaded)  # pyright: ignore[reportArgumentType]
        except (OSError, ValueError, TypeError):
            return None
        if not all((folder / "bin" / command).exists() for command in tool.executables):
            return None
        if any(witness(Path(path)) != seen for path, seen in receipt.witnesses.items()):
            return None
        return Entry(folder=folder, receipt=receipt)

    def keep(self, tool: Tool, recipe: str, staging: Path, receipt: Receipt) -> Entry:
        """Move a finished staging folder into place at once; an older one there gives way."""
        folder = self.folder(tool, recipe)
        folder.parent.mkdir(parents=True, exist_ok=True)
        (staging / "receipt.json").write_text(json.dumps(asdict(receipt), indent=1))
        if folder.exists():
            folder.rename(Path(tempfile.mkdtemp(dir=staging.parent)) / "outdated")
        staging.rename(folder)
        return Entry(folder=folder, receipt=receipt)

    def link(self, tool: Tool, entry: Entry) -> None:
        """Link the commands into `bin/`, each replaced atomically."""
        if not tool.linked:
            return
        self.bin.mkdir(parents=True, exist_ok=True)
        for command in tool.executables:
            target = entry.folder / "bin" / command
            place = self.bin / command
            if place.is_symlink() and place.readlink() == target:
                continue
            aside = self.bin / f".{command}.{os.getpid()}"
            aside.unlink(missing_ok=True)
            aside.symlink_to(target)
            aside.replace(place)

    def stage(self, lane: str, tool: Tool) -> Path:
        """Return a new empty folder for an entry in the making, with its `bin/`."""
        parent = self.root / "tools/.staging" / lane
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{tool.name}-", dir=parent))
        folder.chmod(0o755)
        (folder / "bin").mkdir()
        return folder

    def sweep(self, lane: str) -> None:
        """Remove what an interrupted run left; only with the lane's lock held."""
        shutil.rmtree(self.root / "tools/.staging" / lane, ignore_errors=True)

    @contextlib.contextmanager
    def lock(self, lane: str) -> Generator[bool]:
        """Try to hold a lane; yields whether it is ours. The kernel frees it when a run dies."""
        path = self.root / "tools/.locks" / f"{lane}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def witness(path: Path) -> list[int] | None:
    """Return size and modification time of a file, or None when it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
