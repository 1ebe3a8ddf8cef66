"""The first source: a fit version that this machine already has on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tools import versions
from tools.cache import Cache, witness
from tools.errors import SourceFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.recipe import Probe, Tool

_PROBE_SECONDS = 20.0
_ADMIN_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def locate(tool: Tool, wanted: str, cache: Cache) -> dict[str, Path]:
    """Return every command of the tool on PATH, when the main one's version is fit.

    Raises:
        SourceFailed: a command is not there, or the version is unfit; the reason says which.
    """
    folders = search_path(cache)
    found: dict[str, Path] = {}
    for command in tool.executables:
        path = shutil.which(command, path=folders)
        if path is None:
            raise SourceFailed(f"no {command}")
        found[command] = Path(path)
    main = found[tool.executables[0]]
    if tool.probe is None:
        raise SourceFailed(f"{main} cannot tell its version")
    version = probe(main, tool.probe)
    if not versions.satisfies(version, wanted):
        raise SourceFailed(f"{main} is {version}, wanted {wanted}")
    return found


def adopt(found: Mapping[str, Path], folder: Path) -> dict[str, list[int]]:
    """Link found commands into a staging `bin/`; return the witnesses for the receipt."""
    witnesses: dict[str, list[int]] = {}
    for command, path in found.items():
        (folder / command).symlink_to(path)
        seen = witness(path)
        if seen is not None:
            witnesses[str(path)] = seen
    return witnesses


def probe(executable: Path, how: Probe) -> str:
    """Run the executable for its version.

    Raises:
        SourceFailed: it does not run, or prints no version.
    """
    try:
        done = subprocess.run(
            [executable, *how.arguments],
            env={**os.environ, **how.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PROBE_SECONDS,
            text=True,
            errors="replace",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceFailed(f"{executable} does not run: {error}") from error
    version = versions.find(done.stdout)
    if version is None:
        said = done.stdout.strip().splitlines()
        raise SourceFailed(
            f"{executable} {' '.join(how.arguments)} prints no version "
            f"(ended with {done.returncode}): {said[-1] if said else 'nothing'}"
        )
    return version


def search_path(cache: Cache) -> str:
    """Return PATH without our own links, and with the folders of system administration."""
    named = os.environ.get("PATH", os.defpath).split(os.pathsep)
    ours = str(cache.root)
    kept = [folder for folder in named if folder and not folder.startswith(ours)]
    return os.pathsep.join([*kept, *(folder for folder in _ADMIN_FOLDERS if folder not in kept)])
