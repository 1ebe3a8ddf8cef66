"""Takes the yard down, whatever state it is in: running, half up, crashed, rebooted, or gone.

The way down never asks what should be there. It ends everything in the yard's control group, unmounts
everything below the yard's folders, and removes what bears the yard's names.
"""

import contextlib
import os
import shutil
import signal
from pathlib import Path

from local import cgroups, network, sysctls, trace
from local.errors import YardError
from local.host import attempt
from local.layout import Layout
from local.progress import Progress, Steps, silent
from local.record import recall
from local.supervision import Supervisor

_KEEPERS = ("dockerd", "docker-containerd", "registry")
"""Programs that write into caches; they end in their own time. All others' state is disposable."""
_SIDE_FOLDERS = (
    "/var/lib/kubelet", "/var/lib/cni", "/var/lib/containerd", "/var/lib/docker", "/var/log/containers",
    "/var/log/pods", "/run/containerd", "/run/docker", "/run/netns", "/run/runc", "/etc/cni", "/etc/docker",
    "/etc/containerd", "/opt/cni", "/opt/containerd", "/usr/libexec/kubernetes",
)  # fmt: skip
"""Folders that daemons make wherever they are told to live; kept if they were there before."""


def tear_down(layout: Layout, progress: Progress = silent) -> list[str]:
    """Remove everything but the caches.

    Returns:
        What is different from the machine before the yard, one line each; empty as it should be.
        Also empty when no record of it was kept.
    """
    before = recall(layout)
    steps = Steps(progress)
    with steps.step("Caches closed"):
        _stop_keepers(layout)
    with steps.step("Processes ended"):
        _end_processes(layout)
    with steps.step("Mounts removed"):
        unmount_below(layout.run, layout.state, layout.docker, Path("/var/lib/kubelet/pods"))
    with steps.step("Network removed"):
        network.tear_down(foreign_tables=before.tables() if before else frozenset())
    cgroups.remove()
    if before is not None:
        sysctls.restore(before)
    with steps.step("Files removed"):
        _remove_files(layout, before)
    return trace.difference(before, trace.snapshot(layout)) if before else []


def unmount_below(*folders: Path) -> None:
    """Unmount everything at or below the folders, deepest first.

    Raises:
        YardError: a mount stays even when detached lazily.
    """
    for _ in range(3):  # mounts stacked on one another show one at a time
        mounts = _mounts_below(folders)
        for mount in mounts:
            if not attempt("umount", mount):
                attempt("umount", "--lazy", mount)
        if not mounts:
            return
    if left := _mounts_below(folders):
        raise YardError(
            f"{', '.join(left)} cannot be unmounted; files below stay. Try `umount -l`."
        )


def _stop_keepers(layout: Layout) -> None:
    supervisor = Supervisor(layout)
    if supervisor.alive():
        for name in _KEEPERS:
            supervisor.stop(name)


def _end_processes(layout: Layout) -> None:
    """End the supervisor first, at once, so that it restarts nothing; then all others."""
    pidfile = layout.run / "supervisord.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int(pidfile.read_text())
        if pid in cgroups.members():
            os.kill(pid, signal.SIGKILL)
    cgroups.kill(f"{cgroups.NAME}/daemons", grace=3, spare=frozenset())
    cgroups.kill()


def _mounts_below(folders: tuple[Path, ...]) -> list[str]:
    found: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount = line.split()[4].encode().decode("unicode_escape")
        if any(Path(mount).is_relative_to(folder) for folder in folders):
            found.append(mount)
    return sorted(found, key=len, reverse=True)


def _remove_files(layout: Layout, before: trace.Snapshot | None) -> None:
    _remove_shim_sockets(layout)
    known = set(before.facts["files"]) if before else set[str]()
    for folder in _SIDE_FOLDERS:
        if before is not None and folder not in known:
            shutil.rmtree(folder, ignore_errors=True)
        elif before is not None:
            _remove_new_entries(Path(folder), known)
    shutil.rmtree(layout.run, ignore_errors=True)
    # The record goes last: interrupted here, the next `down` still knows what was before.
    if layout.state.exists():
        for entry in layout.state.iterdir():
            if entry != layout.record:
                shutil.rmtree(
                    entry
                ) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        shutil.rmtree(layout.state)


def _remove_new_entries(folder: Path, known: set[str]) -> None:
    """Remove what the yard added to a folder that was there before it; empty folders only.

    Anything with content may be another program's that was started after the yard.
    """
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            if str(entry) not in known and entry.is_dir():
                with contextlib.suppress(OSError):
                    entry.rmdir()


def _remove_shim_sockets(layout: Layout) -> None:
    """Remove the sockets of pods' shims, which live in /run/containerd whatever is configured."""
    for address in layout.run.rglob("address"):
        with contextlib.suppress(OSError):
            socket = Path(address.read_text().strip().removeprefix("unix://"))
            if socket.parent == Path("/run/containerd/s"):
                socket.unlink(missing_ok=True)
