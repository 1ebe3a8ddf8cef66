"""Builds from pinned Go modules: one `go build` for all the tools wanted from one room.

The room is copied out of the checkout first, so that files laid beside our own main are never
committed. Flags are the same everywhere, so that Go's build cache serves every later build.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tools.catalog import GO, GO_TOOLCHAIN
from tools.errors import SourceFailed
from tools.trim import leave_out
from tools.workshop import HERE, Order, Outcomes, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tools.recipe import GoBuild, ModuleFile, Trim

FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
_UNLISTED = "github.com/pulumi/*"  # not in the checksum database; the committed go.sum pins them


class _Room:
    """A copy of a Go room outside the checkout, and the Go that works in it."""

    def __init__(self, name: str, go: Path, order: Order[GoBuild], workshop: Workshop) -> None:
        self._go = go
        self._log = order.log
        self._runner = workshop.runner
        self._modules: dict[str, Path] = {}
        self.folder = workshop.cache.root / "build" / name
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(HERE / "go" / name, self.folder)

    def run(self, *arguments: str, each_line: Callable[[str], None] | None = None) -> str:
        """Run `go` here and return what it printed."""
        return self._runner.run(
            [str(self._go), *arguments],
            log=self._log,
            cwd=self.folder,
            environment=environment(),
            each_line=each_line,
        )

    def module(self, path: str) -> Path:
        """Return the folder of a module at its pinned version, downloaded if need be."""
        if path not in self._modules:
            said = self.run("mod", "download", "-json", path)
            told = cast("dict[str, str]", json.loads(said[said.index("{") :]))
            self._modules[path] = Path(told["Dir"])
        return self._modules[path]

    def trim(self, trim: Trim) -> None:
        """Build a module from a copy here that lacks some lines of one file."""
        copy = Path("trimmed", trim.module)
        _copy(self.module(trim.module), self.folder / copy)
        leave_out(trim, self.folder / copy)
        self.run("mod", "edit", f"-replace={trim.module}=./{copy}")


def obtain(orders: list[Order[GoBuild]], workshop: Workshop) -> Outcomes:
    """Build every order; all are of one room. What one lacks does not stop the others."""
    first = orders[0]
    room_recipe = first.source.room
    try:
        go = workshop.need(GO)
        room = _Room(room_recipe.name, go, first, workshop)
        for file in room_recipe.embeds:
            _copy(room.module(file.module) / file.path, room.folder / file.to)
        for trim in room_recipe.trims:
            room.trim(trim)
    except SourceFailed as reason:
        return {order.tool.name: str(reason) for order in orders}

    built = room.folder / ".built"
    built.mkdir()
    failure = _build(room, built, orders, workshop)
    outcomes: Outcomes = {}
    for order in orders:
        binary = built / Path(order.source.package).name
        if not binary.is_file():
            outcomes[order.tool.name] = failure or f"go build left no {binary.name}"
            continue
        shutil.move(binary, order.bin / order.tool.executables[0])
        try:
            _furnish(order, room, go, workshop)
        except SourceFailed as reason:
            outcomes[order.tool.name] = str(reason)
        else:
            outcomes[order.tool.name] = None
    return outcomes


def environment() -> Mapping[str, str]:
    """Return what every `go` here is told; proxies and caches stay the user's own."""
    return {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GONOSUMDB": _UNLISTED,
        "GOTOOLCHAIN": f"go{GO_TOOLCHAIN}",
        "GOWORK": "off",
    }


def link_flags(stamps: Sequence[str]) -> str:
    """Return the linker's flags: no symbol tables, and the version variables set."""
    return " ".join(["-s -w", *(f"-X {stamp}" for stamp in stamps)])


def _build(
    room: _Room, built: Path, orders: Sequence[Order[GoBuild]], workshop: Workshop
) -> str | None:
    """Run the build; returns the reason when it failed, for what it did not leave."""
    compiled = 0

    def count(line: str) -> None:
        nonlocal compiled
        downloading = line.startswith("go: downloading")
        compiled += " " not in line  # -v prints each package it compiles, and nothing else
        what = "Go, downloading modules" if downloading else f"Go, {compiled} packages compiled"
        for order in orders:
            workshop.reporter.working(order.tool.name, what)

    stamps = orders[0].source.room.stamps
    try:
        room.run(
            "build",
            *FLAGS,
            "-v",
            "-ldflags",
            link_flags(stamps),
            "-o",
            f"{built}/",
            *(order.source.package for order in orders),
            each_line=count,
        )
    except SourceFailed as reason:
        return str(reason)
    return None


def _furnish(order: Order[GoBuild], room: _Room, go: Path, workshop: Workshop) -> None:
    """Add the files and data of modules that belong to the tool."""
    for file in order.source.beside:
        _copy(_home(file, room, go, order, workshop) / file.path, order.bin / file.to)
        (order.bin / file.to).chmod(0o755)
    for file in order.source.share:
        _copy(_home(file, room, go, order, workshop) / file.path, order.share / file.to)
    for files, replacements in order.source.share_text.items():
        target, _, source = files.partition(":")
        text = (order.share / (source or target)).read_text()
        for old, new in replacements.items():
            if old not in text:
                raise SourceFailed(f"{source or target} no longer holds {old}")
            text = text.replace(old, new)
        (order.share / target).write_text(text)


def _home(
    file: ModuleFile, room: _Room, go: Path, order: Order[GoBuild], workshop: Workshop
) -> Path:
    """Return the folder of the module a file comes from."""
    where = room if file.room is None else _Room(file.room, go, order, workshop)
    return where.module(file.module)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or folder out of the module cache, whose files nobody may write."""
    if not source.exists():
        raise SourceFailed(f"the module holds no {source.name} (looked at {source})")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
        for folder in (target, *target.rglob("*/")):
            folder.chmod(0o755)
    else:
        shutil.copyfile(source, target)
