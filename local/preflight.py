"""Whether this machine can carry a yard: each finding with its consequence and its fix."""

import os
import platform
import resource
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from local import cgroups, packet_filter, ports
from local.addresses import LISTENERS, NETWORKS, NODE_BRIDGE, POD_BRIDGE
from local.binaries import binary, found
from local.errors import YardError
from local.host import attempt, run
from local.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable

_GIB = 1024**3
_DISK_GIB = 10
_MEMORY_GIB = 4
_OPEN_FILES = 4096
_COMMANDS = ("ip", "mount", "umount")
_PACKAGES = "iproute2 mount"


class Finding(BaseModel):
    """One thing that a yard needs.

    Attributes:
        name: what was looked at.
        ok: whether it will do.
        found: what there is.
        consequence: what would happen without it; empty when it will do.
        fix: what to do about it; empty when it will do.
    """

    name: str
    ok: bool
    found: str
    consequence: str = ""
    fix: str = ""


def preflight(layout: Layout) -> list[Finding]:
    """Look at the machine and change nothing; a yard that is up already has its ports and names."""
    checks: tuple[Callable[[Layout], Finding], ...] = (
        _system,
        _root,
        _control_groups,
        _overlay,
        _commands,
        _packet_filter,
        _bridge_filter,
        _addresses,
        _ports,
        _forwarding,
        _disk,
        _memory,
        _files,
    )
    return [check(layout) for check in checks]


def refuse(findings: list[Finding]) -> None:
    """Raise when something is missing.

    Raises:
        YardError: names every finding that will not do.
    """
    bad = [finding for finding in findings if not finding.ok]
    if bad:
        lines = (f"  {item.name}: {item.found}. {item.consequence} {item.fix}" for item in bad)
        raise YardError("\n".join(["This machine cannot carry a yard yet:", *lines]))


def _system(_layout: Layout) -> Finding:
    return Finding(
        name="system",
        ok=platform.system() == "Linux" and platform.machine() == "x86_64",
        found=f"{platform.system()} {platform.release()} on {platform.machine()}",
        consequence="The pinned tools are Linux programs for x86_64.",
        fix="Use such a machine, or name a cluster by kubeconfig in the stack file.",
    )


def _root(_layout: Layout) -> Finding:
    return Finding(
        name="root",
        ok=os.geteuid() == 0,
        found=f"user id {os.geteuid()}",
        consequence="Only root may make network interfaces, mounts and control groups.",
        fix="Run it with sudo.",
    )


def _control_groups(_layout: Layout) -> Finding:
    mounts = cgroups.hierarchies()
    if cgroups.unified():
        have = set(Path("/sys/fs/cgroup/cgroup.controllers").read_text().split())
        version = 2
    else:
        have = {name for mount in mounts for name in mount.name.split(",")}
        version = 1
    missing = {"cpu", "cpuset", "memory", "pids"} - have
    return Finding(
        name="control groups",
        ok=not missing,
        found=f"version {version}, controllers {', '.join(sorted(have)) or 'none'}",
        consequence=f"kubelet cannot limit pods without {', '.join(sorted(missing))}.",
        fix="Mount them below /sys/fs/cgroup (package cgroupfs-mount, or systemd does it).",
    )


def _overlay(_layout: Layout) -> Finding:
    ok = "\toverlay\n" in Path("/proc/filesystems").read_text()
    return Finding(
        name="overlay file system",
        ok=ok or attempt("modprobe", "overlay"),
        found="the kernel has it" if ok else "the kernel does not offer it",
        consequence="Containers have no root file system.",
        fix="Load it with `modprobe overlay`.",
    )


def _commands(_layout: Layout) -> Finding:
    missing = [name for name in _COMMANDS if shutil.which(name) is None]
    return Finding(
        name="commands",
        ok=not missing,
        found=f"missing: {', '.join(missing)}" if missing else ", ".join(_COMMANDS),
        consequence="The node's network and file systems cannot be set up.",
        fix=f"Install them with `apt-get install {_PACKAGES}`.",
    )


def _packet_filter(layout: Layout) -> Finding:
    if found("nft") is None:
        return Finding(name="packet filter", ok=True, found="not looked at: `up` obtains nft first")
    try:
        tables = packet_filter.tables()
    except YardError as error:
        return Finding(
            name="packet filter",
            ok=False,
            found=str(error),
            consequence="Services have no addresses.",
            fix="Run as root on a kernel with nf_tables (`modprobe nf_tables`).",
        )
    other = "ip kube-proxy" in tables and not layout.record.exists()
    return Finding(
        name="packet filter",
        ok=not other,
        found="another kube-proxy's rules" if other else f"nf_tables, {len(tables)} tables",
        consequence="Two kube-proxies would rewrite each other's rules.",
        fix="Stop the other Kubernetes node on this machine, or name its kubeconfig in the stack.",
    )


def _bridge_filter(_layout: Layout) -> Finding:
    ok = Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists()
    return Finding(
        name="bridge filter",
        ok=ok,
        found="br_netfilter is there" if ok else "br_netfilter is not loaded",
        consequence="Pods could not reach a neighbour by its service address.",
        fix="Load it with `modprobe br_netfilter`.",
    )


def _addresses(_layout: Layout) -> Finding:
    bridges = (NODE_BRIDGE, POD_BRIDGE)
    routes = [
        line
        for line in run("ip", "-4", "route", "show", "table", "all").splitlines()
        if any(_overlaps(line, network) for network in NETWORKS)
        and not any(bridge in line for bridge in bridges)
    ]
    return Finding(
        name="addresses",
        ok=not routes,
        found=f"taken: {'; '.join(routes)}" if routes else f"{', '.join(NETWORKS)} are free",
        consequence="The yard's addresses would lead elsewhere.",
        fix="Leave that network (a VPN?) while the yard is up.",
    )


def _overlaps(route: str, network: str) -> bool:
    """Whether a route is for part of a yard's network; a default route is not."""
    words = [word for word in route.split() if word[0].isdigit()]
    return bool(words) and words[0].startswith(network.rpartition(".")[0] + ".")


def _ports(_layout: Layout) -> Finding:
    taken = [
        f"{address}:{port} (for {program}) by {owner}"
        for program, address, port in LISTENERS
        if (owner := ports.owner(address, port)) and not owner.ours
    ]
    return Finding(
        name="ports",
        ok=not taken,
        found=f"taken: {', '.join(taken)}" if taken else f"{len(LISTENERS)} ports are free",
        consequence="The yard's programs could not listen.",
        fix="Stop those processes.",
    )


def _forwarding(_layout: Layout) -> Finding:
    try:
        rules = run(binary("nft"), "list", "chains")
    except YardError:  # reported by the packet filter's own finding
        rules = ""
    dropping = "hook forward" in rules and any(
        "hook forward" in line and "policy drop" in line for line in rules.splitlines()
    )
    return Finding(
        name="forwarding",
        ok=not dropping,
        found="a chain drops forwarded packets" if dropping else "no chain drops all of it",
        consequence="Pods could reach neither each other nor anything outside.",
        fix=f"Let the other firewall (often Docker's) accept {', '.join(NETWORKS)}.",
    )


def _disk(layout: Layout) -> Finding:
    folder = layout.cache
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    return Finding(
        name="disk",
        ok=free >= _DISK_GIB,
        found=f"{free:.0f} GiB free below {folder}",
        consequence="Images would not fit, and pods would fail half-way.",
        fix=f"Free {_DISK_GIB} GiB, or point SWITCHYARD_CACHE to a larger disk.",
    )


def _memory(_layout: Layout) -> Finding:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB
    return Finding(
        name="memory",
        ok=pages >= _MEMORY_GIB * 0.95,  # firmware keeps some of what was bought
        found=f"{pages:.1f} GiB",
        consequence="The kernel would end processes of the cluster.",
        fix=f"Use a machine with {_MEMORY_GIB} GiB or more.",
    )


def _files(_layout: Layout) -> Finding:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return Finding(
        name="open files",
        ok=hard >= _OPEN_FILES,
        found=f"at most {hard} a process",
        consequence="The API server and the gateway would refuse connections.",
        fix=f"Raise the hard limit to {_OPEN_FILES} or more (`ulimit -Hn`).",
    )
