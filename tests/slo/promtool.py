"""Finds promtool: the machine's, or Debian's package in the cache (where the yard's Prometheus is
from), else skips.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

import tools


def executable() -> Path:
    """The program; skips the test, with the reason, where it can neither be found nor fetched."""
    here = shutil.which("promtool")
    if here:
        return Path(here)
    try:
        root = _unpacked(tools.cache_dir() / "promtool-debian")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"promtool is not on PATH and Debian's package cannot be had: {error}")
    return root / "usr/bin/promtool"


def _unpacked(root: Path) -> Path:
    """Unpack the package once; a half-done folder never bears the name."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            part = root.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            (part / "debs").mkdir(parents=True)
            subprocess.run(
                ["apt-get", "download", "-qq", "prometheus"],
                cwd=part / "debs",
                check=True,
                capture_output=True,
            )
            package = next((part / "debs").glob("prometheus_*.deb"))
            subprocess.run(["dpkg-deb", "--extract", package, part], check=True)
            shutil.rmtree(part / "debs")
            part.rename(root)
    return root
