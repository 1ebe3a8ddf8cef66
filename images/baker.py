"""Bakes images: what has not changed stays, the rest goes through Packer and into the lock."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import local.docker
import local.registry
from images import layer, paths, stage, template
from images.bases import ENVIRONMENT, Base
from images.debian import Archive
from images.errors import ImageError
from images.lock import Entry, Lock
from images.recipe import TEMPLATE, Image, catalogue, select
from images.registry import Registry, Settings
from images.unpack import unpack
from local.addresses import REGISTRY
from local.errors import YardError
from tools import ToolMissing

Progress = Callable[[str], None]
"""Takes one line for people; ``print`` is one."""

SHELL_PACKAGE = "busybox-static"
_LABEL = "org.opencontainers.image"


def bake(
    names: Iterable[str], *, stack: str = "local", progress: Progress, fresh: bool = False
) -> Lock:
    """Bake what has changed and record it in the stack's lock.

    Args:
        names: names in the lock, folders, or ``all``; none means all.
        stack: whose lock, and whose registry.
        progress: hears one line an image.
        fresh: bake although nothing has changed, bases included.

    Returns:
        The lock, as it is on disk.

    Raises:
        ImageError: an unknown name, or an image that cannot be baked. What was baked before it is
            in the lock already.
    """
    images = select(list(names), catalogue())
    path = paths.lock_path(stack)
    try:
        with _alone(path):
            bakery = _Bakery(path, _lock(path, stack), progress, fresh=fresh)
            return bakery.bake(images)
    except (ToolMissing, YardError) as error:
        raise ImageError(f"Nothing further was baked. {error}") from error


@dataclass(frozen=True, kw_only=True)
class _Order:
    image: Image
    inputs: str


class _Bakery:
    """One run of ``bake``."""

    def __init__(self, path: Path, lock: Lock, progress: Progress, *, fresh: bool) -> None:
        self._path = path
        self._lock = lock
        self._progress = progress
        self._fresh = fresh
        self._registry = Registry(lock.registry)
        self._archive = Archive()
        self._made: dict[str, str] = {}

    def bake(self, images: list[Image]) -> Lock:
        """Bake those of the images whose inputs changed, or that the registry lacks."""
        began = time.monotonic()
        orders = [_Order(image=image, inputs=stage.key(image)) for image in images]
        with ExitStack() as lent:
            if self._registry.address == REGISTRY and not self._registry.answers():
                lent.enter_context(local.registry.running())
            stale = self._stale(orders)
            if unchanged := len(orders) - len(stale):
                seconds = time.monotonic() - began
                self._progress(f"= {unchanged} image(s) unchanged  {seconds:.1f} s")
            if stale:
                docker = lent.enter_context(local.docker.running())
                for order in stale:
                    self._bake_one(order, docker)
        return self._lock

    def _stale(self, orders: list[_Order]) -> list[_Order]:
        if self._fresh:
            return orders
        known = {
            order.image.name: self._lock.entry(order.image.name)
            for order in orders
            if order.image.name in self._lock
        }
        lacking = self._registry.lacking(entry.reference for entry in known.values())
        return [
            order
            for order in orders
            if (entry := known.get(order.image.name)) is None
            or entry.inputs != order.inputs
            or entry.reference in lacking
        ]

    def _bake_one(self, order: _Order, docker: str) -> None:
        image = order.image
        began = time.monotonic()
        base, reference = self._base(image.recipe.base)
        with tempfile.TemporaryDirectory(
            prefix=f"{image.name}-", dir=paths.cache("work")
        ) as folder:
            made = self._make_layer(image, base, reference, Path(folder), docker)
            baked = self._registry.push(reference, made, image.recipe.repository, _settings(image))
            size = made.stat().st_size
        self._record(image.name, Entry(inputs=order.inputs, reference=baked))
        seconds = time.monotonic() - began
        self._progress(f"✓ {image.name}  {seconds:.1f} s  {size / 1e6:.1f} MB  {baked}")

    def _make_layer(
        self, image: Image, base: Base, reference: str, folder: Path, docker: str
    ) -> Path:
        root, exported, made = folder / "root", folder / "exported.tar", folder / "layer.tar"
        stage.fill(image, base, root, self._archive)
        variables = template.Variables(
            base=reference, stage=root, exported=exported, shell=self._shell()
        )
        template.build(image.folder / TEMPLATE, variables, docker)
        held = base.paths()
        mounted = () if template.MOUNTED_SHELL in held else (template.MOUNTED_SHELL,)
        layer.write_layer(
            exported,
            base.tar,
            made,
            layer.Finish(
                dropped=(*template.LEFT_BY_PACKER, *mounted),
                owned=[path for path in image.recipe.writable if path.lstrip("/") not in held],
                uid=image.recipe.user.uid,
            ),
        )
        return made

    def _base(self, name: str) -> tuple[Base, str]:
        """A base and its reference; made, pushed and recorded once a run if need be."""
        base = Base.load(name)
        if name not in self._made:
            self._made[name] = self._make_base(base)
        return base, self._made[name]

    def _make_base(self, base: Base) -> str:
        began = time.monotonic()
        if self._fresh:
            base.tar.unlink(missing_ok=True)
        entry = self._lock.entry(base.name) if base.name in self._lock else None
        cached = base.tar.exists() and entry is not None and entry.inputs == base.inputs
        if cached and entry and not self._registry.lacking([entry.reference]):
            return entry.reference
        settings = Settings(env=ENVIRONMENT, labels={f"{_LABEL}.title": base.repository})
        made = self._registry.push_base(base.make(self._archive), base.repository, settings)
        self._record(base.name, Entry(inputs=base.inputs, reference=made))
        seconds, size = time.monotonic() - began, base.tar.stat().st_size
        self._progress(f"✓ {base.name}  {seconds:.1f} s  {size / 1e6:.1f} MB  {made}")
        return made

    def _record(self, name: str, entry: Entry) -> None:
        former = self._lock.entry(name) if name in self._lock else None
        if former and former.inputs == entry.inputs and former.reference != entry.reference:
            self._progress(
                f"! {name}: equal inputs, but not the lock's digest {former.digest[:19]}…, "
                "so what they name has changed (as Debian's packages do); the lock is updated"
            )
        self._lock = self._lock.recording(name, entry)
        self._lock.save(self._path)

    def _shell(self) -> Path:
        """The static shell that is mounted where a base has none; unpacked once."""
        folder = paths.cache("shell")
        shell = folder / "usr/bin/busybox"
        if not shell.exists():
            unpack(self._archive.fetch([SHELL_PACKAGE]), folder)
        return shell


def _settings(image: Image) -> Settings:
    recipe = image.recipe
    # Labels hold what the key holds, and not the key: equal content must have an equal digest.
    version = {f"{_LABEL}.version": image.variant} if image.variant else {}
    return Settings(
        user=f"{recipe.user.uid}:{recipe.user.uid}",
        entrypoint=recipe.entrypoint,
        workdir=recipe.workdir,
        env=recipe.env,
        labels={f"{_LABEL}.title": recipe.repository, **version},
    )


def _lock(path: Path, stack: str) -> Lock:
    if path.exists():
        return Lock.load(path)
    if stack == "local":
        return Lock(registry=REGISTRY)
    raise ImageError(
        f"The lock {path} does not exist, so nobody knows which registry the stack {stack!r} uses. "
        "Create it with one line, `registry: <host>`, or correct the stack's name."
    )


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """One bake a lock at a time; a second one waits, and then finds most of it done."""
    held = paths.cache("locks") / f"{path.name}.held"
    mask = os.umask(0o022)  # modes of staged files must not depend on who bakes
    try:
        with held.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    finally:
        os.umask(mask)
