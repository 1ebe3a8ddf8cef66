"""Takes the yard down, whatever state it is in: running, half up, crashed, rebooted, or gone.

The way down never asks what should be there. It ends everything in the yard's control group,
unmounts everything below the yard's folders, and removes what bears the yard's names.
"""

import contextlib
import os
import shutil
import signal
from pathlib import Path

from local import cgroups, leftovers, network, sysctls, trace
from local.layout import Layout
from local.mounts import unmount_below
from local.progress import Progress, Steps, silent
from local.record import recall
from local.supervision import Supervisor

_KEEPERS = ("dockerd", "docker-containerd", "registry")
"""Programs that write into caches; they end in their own time. All others' state is disposable."""


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
        leftovers.remove(layout, before)
        _remove_files(layout)
    return trace.difference(before, trace.snapshot(layout)) if before else []


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


def _remove_files(layout: Layout) -> None:
    shutil.rmtree(layout.run, ignore_errors=True)
    if not layout.state.exists():
        return
    # The record goes last: interrupted here, the next `down` still knows what was before.
    for entry in layout.state.iterdir():
        if entry != layout.record:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    shutil.rmtree(layout.state)
