"""Debian's packages: unpacked into the cache for daemons, installed for small utilities.

A daemon's package is never installed, so none of its services can start on the machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import SourceFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.recipe import Apt, Deb
    from tools.workshop import Order, Outcomes, Workshop

_LISTS = Path("/var/lib/apt/lists")
_LISTS_AGE_SECONDS = 7 * 86400
_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "RUNLEVEL": "1",  # invoke-rc.d then starts nothing
    "LC_ALL": "C",
}


def install(orders: list[Order[Apt]], workshop: Workshop) -> Outcomes:
    """Install the packages of all orders at once, and one by one when that fails."""
    try:
        packages = sorted({package for order in orders for package in order.source.packages})
        _install(packages, workshop, orders[0].log)
    except SourceFailed as reason:
        if len(orders) == 1:
            return {orders[0].tool.name: str(reason)}
        outcomes: Outcomes = {}
        for order in orders:
            outcomes |= install([order], workshop)
        return outcomes
    return {order.tool.name: None for order in orders}


def unpack(orders: list[Order[Deb]], workshop: Workshop) -> Outcomes:
    """Download and unpack each order's packages, and keep the files it names."""
    outcomes: Outcomes = {}
    for order in orders:
        try:
            _unpack(order, workshop)
        except SourceFailed as reason:
            outcomes[order.tool.name] = str(reason)
        else:
            outcomes[order.tool.name] = None
    return outcomes


def _unpack(order: Order[Deb], workshop: Workshop) -> None:
    """Fill one staging folder."""
    deb = order.source
    _need("dpkg-deb")
    lacking = [package for package in deb.libraries if not _installed(package)]
    if lacking:
        _install(lacking, workshop, order.log)
    _refresh(workshop, order.log, force=False)
    with tempfile.TemporaryDirectory(dir=order.staging.parent) as name:
        folder = Path(name)
        command = [_need("apt-get"), "download", "-q", deb.package, *deb.also]
        try:
            workshop.runner.run(command, log=order.log, cwd=folder, environment=_ENVIRONMENT)
        except SourceFailed:
            # the lists may name a version that the mirror has replaced
            _refresh(workshop, order.log, force=True)
            workshop.runner.run(command, log=order.log, cwd=folder, environment=_ENVIRONMENT)
        for archive in sorted(folder.glob("*.deb")):
            workshop.runner.run(
                ["dpkg-deb", "-x", str(archive), str(folder / "tree")], log=order.log
            )
        for file, path in deb.files.items():
            unpacked = folder / "tree" / path
            if not unpacked.is_file():
                raise SourceFailed(f"Debian's {deb.package} holds no {path}")
            shutil.copy2(unpacked, order.bin / file)


def _install(packages: Iterable[str], workshop: Workshop, log: Path) -> None:
    """Install packages, as root or through sudo where it asks nothing."""
    apt = _need("apt-get")
    arguments = ["install", "-y", "-q", "--no-install-recommends", *packages]
    _refresh(workshop, log, force=False)
    _as_root([apt, *arguments], workshop, log)


def _refresh(workshop: Workshop, log: Path, *, force: bool) -> None:
    """Fetch the package lists when they are missing or older than a week."""
    stamps = [file.stat().st_mtime for file in _LISTS.glob("*_Packages*")]
    newest = max([*stamps, _stamp("/var/lib/apt/periodic/update-success-stamp"), _stamp(_LISTS)])
    if force or not stamps or time.time() - newest > _LISTS_AGE_SECONDS:
        _as_root([_need("apt-get"), "update", "-q"], workshop, log)


def _as_root(command: list[str], workshop: Workshop, log: Path) -> None:
    """Run a command that changes the machine."""
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if sudo is None:
            raise SourceFailed(f"not root, and no sudo; run as root: {' '.join(command)}")
        command = [sudo, "-n", "-E", *command]
    workshop.runner.run(command, log=log, environment=_ENVIRONMENT)


def _installed(package: str) -> bool:
    """Tell whether dpkg has a package in place."""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout == "installed"


def _need(program: str) -> str:
    """Return the path of a program of Debian, or say that this is no Debian."""
    path = shutil.which(program)
    if path is None:
        raise SourceFailed(f"no {program}: this machine is not Debian or one of its kin")
    return path


def _stamp(path: str | Path) -> float:
    """Return a modification time, 0 for what is not there."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
