"""Collects rooms of ours and the locked packages that they import, as a folder on PYTHONPATH.

Deliberately not here: resolution. ``uv.lock`` has decided; this takes the part an image needs.
"""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

import tools
from images import inputs
from images.errors import ImageError
from images.paths import ROOT
from images.recipe import PythonSite

VERSION = "3.11"
"""Debian 12's Python."""
_PLATFORM = "x86_64-manylinux_2_36"
_MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.2",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.2",
    "python_version": VERSION,
    "sys_platform": "linux",
    "extra": "",
}
"""The image's interpreter, as PEP 508 markers see it."""
_LEFTOVERS = (
    "bin",
    "**/tests",
    "**/RECORD",
    "**/INSTALLER",
    "**/REQUESTED",
    "**/uv_*.json",
    ".lock",
)
"""What an installer writes about itself, and what only its own test suite reads."""


def key(site: PythonSite) -> dict[str, object]:
    """What the site is made of."""
    return {
        "requirements": requirements(site.packages),
        "rooms": {room: inputs.tree(ROOT / room) for room in site.rooms},
        "to": site.to,
        "leftovers": _LEFTOVERS,
    }


def requirements(packages: Iterable[str], lock: Path = ROOT / "uv.lock") -> list[str]:
    """Packages and all they need on the image's interpreter, pinned with their hashes.

    Args:
        packages: distributions, ``name`` or ``name[extra]``.
        lock: uv's lock.

    Raises:
        ImageError: a package that the lock does not hold.
    """
    lock_content = locked(lock)
    pending = [_split(package) for package in packages]
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        name, extras = pending.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name not in lock_content:
            raise ImageError(
                f"{name} is not in {lock}, so its version is not pinned and it cannot be baked in. "
                "Add it to pyproject.toml and run `uv lock`, or correct the image's image.yaml."
            )
        package = lock_content[name]
        found[name] = _pinned(package)
        optional: dict[str, list[Any]] = package.get("optional-dependencies", {})
        needs = package.get("dependencies", []) + [n for extra in extras for n in optional[extra]]
        pending += [
            (need["name"], frozenset(need.get("extra", ())))
            for need in needs
            if "marker" not in need or Marker(need["marker"]).evaluate(_MARKERS)
        ]
    return [found[name] for name in sorted(found)]


def install(site: PythonSite, root: Path) -> None:
    """Put packages and rooms into the folder that stands for the image's ``/``.

    Raises:
        ImageError: uv cannot have a package, or its hash is not the locked one.
    """
    target = root / site.to.lstrip("/")
    target.mkdir(parents=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
        listing.write("\n".join(requirements(site.packages)))
        listing.flush()
        _install(Path(listing.name), target)
    for pattern in _LEFTOVERS:
        for path in list(target.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for room in site.rooms:
        for path in inputs.walk(ROOT / room):
            copy = target / room / path.relative_to(ROOT / room)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _install(listing: Path, target: Path) -> None:
    command = [
        *(_uv(), "pip", "install", "--quiet", "--no-config", "--no-deps", "--require-hashes"),
        *("--only-binary", ":all:", "--link-mode", "copy"),
        *("--python-version", VERSION, "--python-platform", _PLATFORM),
        *("--target", str(target), "--requirements", str(listing)),
    ]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-8:])
        raise ImageError(f"uv cannot install the locked packages, so none is baked in:\n{tail}")


def _uv() -> str:
    bootstrapped = sorted(tools.cache_dir().glob("bootstrap/uv-*/bin/uv"))
    found = os.environ.get("UV") or (str(bootstrapped[-1]) if bootstrapped else shutil.which("uv"))
    if not found:
        raise ImageError(
            "uv is neither on PATH nor in the cache, so locked packages cannot be installed. "
            "Run `make`, which bootstraps it."
        )
    return found


@cache
def locked(lock: Path) -> dict[str, Any]:
    """The packages of uv's lock that the image's interpreter would get, by name."""
    packages: list[dict[str, Any]] = tomllib.loads(lock.read_text())["package"]
    return {package["name"]: package for package in packages if _is_ours(package)}


def _is_ours(package: dict[str, Any]) -> bool:
    """Whether the lock means this version for our interpreter: some have one a Python."""
    markers: list[str] = package.get("resolution-markers", [])
    return not markers or any(Marker(marker).evaluate(_MARKERS) for marker in markers)


def _split(package: str) -> tuple[str, frozenset[str]]:
    name, *extras = re.split(r"[\[\],]+", package.strip("]"))
    return canonicalize_name(name), frozenset(extras)


def _pinned(package: dict[str, Any]) -> str:
    hashes = sorted(wheel["hash"] for wheel in package.get("wheels", []))
    return " ".join([f"{package['name']}=={package['version']}", *(f"--hash={h}" for h in hashes)])
