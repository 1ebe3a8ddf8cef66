"""The executables of the yard, as the pinned toolchain has them."""

from collections.abc import Sequence
from pathlib import Path

import tools
from local.errors import YardError

YARD = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubeadm",
    "kubectl",
    "coredns",
    "etcd",
    "containerd",
    "runc",
    "cni-plugins",
    "docker-registry",
    "envoy",
    "git",
    "ip",
    "nft",
    "iptables",
    "conntrack",
)
"""Tools that a yard runs on."""
BAKES = ("dockerd", "containerd", "runc", "ip", "nft", "conntrack")
"""Tools that the Docker engine for bakes runs on."""
REGISTRY = ("docker-registry", "ip", "nft", "conntrack")
"""Tools that the registry alone runs on."""


def ensure(names: Sequence[str]) -> None:
    """Obtain what is not there yet, with the toolchain's own progress.

    Raises:
        YardError: a tool cannot be had; says what was tried.
    """
    missing = [name for name in names if found(name) is None]
    if not missing:
        return
    try:
        tools.ensure(missing)
    except tools.ToolMissing as error:
        raise YardError(str(error)) from error


def found(name: str) -> Path | None:
    """Path of a pinned tool, or None when it has not been obtained."""
    try:
        return tools.path(name)
    except tools.ToolMissing:
        return None


def binary(name: str) -> str:
    """Path of a pinned tool, as a command's first word.

    Raises:
        YardError: it has not been obtained.
    """
    path = found(name)
    if path is None:
        raise YardError(
            f"{name} has not been obtained, and the yard needs it."
            f" Run `switchyard tools ensure {name}`."
        )
    return str(path)


def cni_plugins() -> Path:
    """Folder of the CNI plugins."""
    return Path(binary("cni-plugins")).parent


def search_path() -> str:
    """PATH for programs that start others: the toolchain first, then the system's folders.

    Not the caller's PATH: the next `up`, from another shell, would take it for another program.
    """
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return f"{tools.bin_dir()}:{system}"
