"""The yard's control group: all of its processes are born in it, so that none can be missed.

``/switchyard/daemons`` holds the supervised programs and the shims of pods, and
``/switchyard/kubepods`` the pods. Group membership outlives a supervisor killed with -9, which
process ids in files do not. Works on version 1 (one tree per controller) and 2 (one tree).
"""

import contextlib
import os
import signal
from pathlib import Path

from local.errors import YardError
from local.waiting import wait_for

NAME = "switchyard"
_WANTED_V2 = ("cpu", "cpuset", "io", "memory", "pids")
_SHARES = "4096"
"""CPU weight (version 1 shares) of the whole yard. Every process outside weighs 1024 on its own, so
a compilation beside the yard would otherwise starve it as a whole."""
_DAEMON_SHARES = "2048"
"""CPU weight of the daemons against the pods, which kubelet gives 1024 a core."""


def hierarchies() -> list[Path]:
    """Mount points of all trees of control groups; runc makes a pod's groups in each of them."""
    found: list[Path] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, tail = line.partition(" - ")
        kind = tail.split()[0]
        mount = Path(fields.split()[4])
        if kind in {"cgroup", "cgroup2"}:
            found.append(mount)
    return found


def unified() -> bool:
    """Whether this machine has control groups version 2 only."""
    return Path("/sys/fs/cgroup/cgroup.controllers").exists()


def create() -> None:
    """Make the yard's groups; harmless when they are there."""
    if unified():
        _enable(Path("/sys/fs/cgroup"))
    for mount in hierarchies():
        top = mount / NAME
        daemons = top / "daemons"
        for group in (top, daemons):
            group.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                _inherit(group, name)
        if unified():
            _enable(top)
        _write(top / "cpu.shares", _SHARES)
        _write(daemons / "cpu.shares", _DAEMON_SHARES)
        _write(top / "cpu.weight", "400")


def adopt(pid: int) -> None:
    """Move a process into the daemons' group; what it starts later is born there.

    Raises:
        YardError: a tree of groups refuses the process.
    """
    for mount in hierarchies():
        procs = mount / NAME / "daemons" / "cgroup.procs"
        try:
            procs.write_text(str(pid))
        except OSError as error:
            raise YardError(
                f"process {pid} cannot be moved to {procs}: {error}. The yard could not be taken"
                " down without a trace. Run it as root where control groups can be written."
            ) from error


def members(group: str = NAME) -> set[int]:
    """Process ids in a group of the yard and in all groups below it."""
    found: set[int] = set()
    for mount in hierarchies():
        for procs in (mount / group).rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in procs.read_text().split())
        with contextlib.suppress(OSError):
            found.update(int(line) for line in (mount / group / "cgroup.procs").read_text().split())
    return found - {os.getpid(), 0}


def kill(group: str = NAME, *, grace: float = 0, spare: frozenset[int] = frozenset()) -> None:
    """End every process of a group.

    Args:
        group: path below the top of each tree.
        grace: seconds between asking (SIGTERM) and insisting (SIGKILL); 0 insists at once.
        spare: process ids that stay alive.

    Raises:
        YardError: a process outlives SIGKILL for 20 s, as one stuck in the kernel does.
    """

    def left() -> str | None:
        alive = members(group) - spare
        return f"processes {sorted(alive)} are alive" if alive else None

    if grace:
        _signal(members(group) - spare, signal.SIGTERM)
        with contextlib.suppress(YardError):
            wait_for(f"{group} is empty", left, timeout=grace)

    def insist() -> str | None:
        _signal(members(group) - spare, signal.SIGKILL)
        return left()

    wait_for(f"the processes of {group} are gone", insist, timeout=20)


def remove() -> None:
    """Remove the yard's groups, which must be empty of processes, deepest first."""
    for mount in hierarchies():
        top = mount / NAME
        if not top.exists():
            continue
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(FileNotFoundError):
                Path(folder).rmdir()


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _inherit(group: Path, name: str) -> None:
    """Give a version 1 cpuset its parent's value; it starts empty, unfit for processes."""
    with contextlib.suppress(OSError):
        if (group / name).exists() and not (group / name).read_text().strip():
            _write(group / name, (group.parent / name).read_text().strip())


def _enable(group: Path) -> None:
    offered = (group / "cgroup.controllers").read_text().split()
    for controller in _WANTED_V2:
        if controller in offered:
            _write(group / "cgroup.subtree_control", f"+{controller}")


def _write(path: Path, value: str) -> None:
    """Write a setting where this kernel has it; a lacking weight costs speed, not correctness."""
    with contextlib.suppress(OSError):
        if path.exists():
            path.write_text(value)
