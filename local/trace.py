"""What this machine looks like, and what differs: the proof that ``down`` leaves nothing behind.

A snapshot holds everything a yard could leave: its kind of processes, mounts, interfaces,
addresses, routes, network namespaces, packet filter rules, ipsets, control groups, kernel settings,
and the upper levels of the folders where daemons write. It is taken before ``up`` changes anything.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from local.binaries import binary
from local.cgroups import NAME as GROUP
from local.cgroups import hierarchies
from local.errors import YardError
from local.host import run
from local.layout import Layout

_GROUPS = re.compile(r"switchyard|kubepods|docker|containerd|k8s\.io|buildkit")
_FOLDERS: tuple[tuple[str, int], ...] = (
    ("/etc", 2), ("/opt", 2), ("/run", 2), ("/usr/libexec", 2), ("/var/lib", 2), ("/var/log", 2),
    ("/var/run", 2), ("/tmp", 1),  # noqa: S108  looked at, not written
)  # fmt: skip
"""Folders where daemons write, and how deep to look."""
_NOT_OURS = re.compile(
    r"/(var/lib/(apt|dpkg|man-db|systemd)|var/log/(apt|journal)|run/(user|systemd|udev|lock)"
    r"|tmp/(?!switchyard|supervisor)[^/]*)(/|$)"
    r"|/etc/(ld\.so\.cache|alternatives|mtab)"
)
"""Where packages, sessions and people write while a yard is up."""
_VOLATILE = re.compile(
    r"fs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*|binfmt_misc/.*)"
    r"|kernel/(random/.*|ns_last_pid|pty/nr|perf_.*|sched_.*|hostname)"
    r"|net/netfilter/nf_conntrack_count|net/.*/(route/flush|stat_refresh|nf_log/.*)"
    r"|vm/(stat_refresh|compact_memory|drop_caches)|debug/.*|sunrpc/.*"
)
"""Counters and triggers among the kernel's settings; reading or comparing them says nothing."""


class Snapshot(BaseModel):
    """A machine at one moment.

    Attributes:
        boot: the kernel's id of this boot; nothing but files survives into another.
        taken: when.
        facts: what exists, by kind.
        sysctls: kernel settings by their path below /proc/sys.
    """

    boot: str
    taken: datetime
    facts: dict[str, list[str]]
    sysctls: dict[str, str]

    def tables(self) -> frozenset[str]:
        """The packet filter tables of this snapshot, as in "ip nat"."""
        found = (re.match(r"table (\S+ \S+) ", line) for line in self.facts["rules"])
        return frozenset(match[1] for match in found if match)


def boot_id() -> str:
    """The kernel's id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def snapshot(layout: Layout) -> Snapshot:
    """Look at the machine; takes a fraction of a second and changes nothing."""
    facts = {
        "processes": _processes(layout),
        "mounts": _mounts(),
        "interfaces": _lines(
            "ip", "-o", "link", drop=r"state \S+ |<.*?> |qdisc \S+ |qlen \d+|.*?: "
        ),
        "addresses": _lines("ip", "-o", "address", drop=r"valid_lft.*"),
        "routes": _lines("ip", "route", "show", "table", "all", drop=r"expires \S+ "),
        "network namespaces": _namespaces(),
        "rules": _lines(binary("nft"), "list", "ruleset", drop=r"packets \d+ bytes \d+"),
        "legacy tables": _names("/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"),
        "ipsets": _optional("ipset", "list", "-n"),
        "control groups": _control_groups(),
        "files": sorted(_files(layout)),
    }
    return Snapshot(boot=boot_id(), taken=datetime.now(UTC), facts=facts, sysctls=_sysctls())


def difference(before: Snapshot, after: Snapshot) -> list[str]:
    """What was added, removed or changed between two snapshots, one line each; empty if nothing.

    Across a reboot only files are compared.
    """
    same_boot = before.boot == after.boot
    found: list[str] = []
    for kind in before.facts if same_boot else ("files",):
        old, new = set(before.facts[kind]), set(after.facts.get(kind, []))
        found += [f"left behind among the {kind}: {item}" for item in sorted(new - old)]
        if kind not in {"processes", "network namespaces"}:  # others' may end whenever they like
            found += [f"gone from the {kind}: {item}" for item in sorted(old - new)]
    for name in sorted(before.sysctls.keys() | after.sysctls.keys()) if same_boot else ():
        old, new = before.sysctls.get(name), after.sysctls.get(name)
        if old != new:
            found.append(f"kernel setting {name}: was {old!r}, is {new!r}")
    return found


def _processes(layout: Layout) -> list[str]:
    """Processes of a yard: by what they inherited from the supervisor or by their control group.

    Not by name: another etcd or containerd on this machine is none of our business.
    """
    heirloom = f"SUPERVISOR_SERVER_URL=unix://{layout.supervisor_socket}".encode()
    config = f"{layout.state}/supervisord.conf".encode()
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if not command:  # the kernel's own, or dead and waiting for its parent to notice
                continue
            inherited = heirloom in (entry / "environ").read_bytes().split(b"\0")
            grouped = f"/{GROUP}/" in (entry / "cgroup").read_text()
            if inherited or grouped or config in command.split(b"\0"):
                text = command.replace(b"\0", b" ").decode(errors="replace").strip()
                found.append(f"{entry.name} {text[:160]}")
    return sorted(found)


def _mounts() -> list[str]:
    found: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, tail = line.partition(" - ")
        found.append(f"{fields.split()[4]} {' '.join(tail.split()[:2])}")
    return sorted(found)


def _namespaces() -> list[str]:
    found: set[str] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found.add(str((entry / "ns" / "net").readlink()))
    return sorted(found)


def _control_groups() -> list[str]:
    found: list[str] = []
    for mount in hierarchies():
        for folder, names, _ in os.walk(mount):
            found += [
                path
                for name in names
                if _GROUPS.search((path := f"{folder}/{name}").removeprefix(str(mount)))
            ]
    return sorted(found)


def _sysctls() -> dict[str, str]:
    root = Path("/proc/sys")
    found: dict[str, str] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            key = str(path.relative_to(root))
            if not _VOLATILE.fullmatch(key):
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    found[key] = path.read_text().strip()
    return found


def _files(layout: Layout) -> Iterator[str]:
    for root, depth in _FOLDERS:
        yield from _below(Path(root), depth)
    for path in (layout.cache, layout.state, layout.run):
        if path != layout.cache and path.exists():
            yield str(path)


def _below(folder: Path, depth: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if _NOT_OURS.search(entry.path):
                continue
            yield entry.path
            if depth > 1 and entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path), depth - 1)


def _lines(*command: str, drop: str) -> list[str]:
    return sorted(re.sub(drop, "", line).strip() for line in run(*command).splitlines())


def _optional(*command: str) -> list[str]:
    """Lines of a command that not every machine has; what it shows cannot be there without it."""
    try:
        return sorted(run(*command).splitlines())
    except YardError:
        return []


def _names(*paths: str) -> list[str]:
    found: list[str] = []
    for path in paths:
        with contextlib.suppress(OSError):
            found += [f"{path} {name}" for name in Path(path).read_text().split()]
    return sorted(found)
