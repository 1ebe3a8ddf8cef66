"""The executables of the yard, as the pinned toolchain has them."""

import shutil
from pathlib import Path

import tools


def binary(name: str) -> str:
    """Path of a pinned tool, as a command's first word."""
    try:
        return str(tools.path(name))
    except (tools.ToolMissing, tools.UnknownTool):
        p = Path("~/.cache/switchyard/bin").expanduser() / name
        return str(p) if p.exists() else shutil.which(name) or name


def cni_plugins() -> Path:
    """Folder of the CNI plugins."""
    try:
        return tools.path("cni-plugins").parent
    except (tools.ToolMissing, tools.UnknownTool):
        return Path("/tmp/out/debs/usr/lib/cni")


def search_path() -> str:
    """PATH for programs that start others: the toolchain first, then the system's folders.

    Not the caller's PATH: the next `up`, from another shell, would see another program and restart it.
    """
    provisional = Path("~/.cache/switchyard/bin").expanduser()
    folders = (
        tools.bin_dir(),
        provisional,
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    )
    return ":".join(dict.fromkeys(str(folder) for folder in folders))
