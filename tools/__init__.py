"""The pinned toolchain: finds each tool on this machine or obtains it, from registries alone.

    ensure(["deploy"])          obtain a group, a tool or a command, with live progress
    path("kubectl")             its executable
    share("argo-cd")            data that ships with it
    bin_dir()                   a folder with links to all of them, for the front of PATH

Nothing is installed on the machine but small Debian utilities; everything else is in `cache_dir()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools import catalog, keys
from tools.cache import Cache, Entry, cache_dir
from tools.errors import Missing, ToolMissing, UnknownTool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tools.recipe import Tool
    from tools.workshop import Reporter

__all__ = [
    "ToolMissing",
    "UnknownTool",
    "bin_dir",
    "cache_dir",
    "ensure",
    "groups",
    "path",
    "share",
]

groups: Mapping[str, tuple[str, ...]] = catalog.GROUPS
"""Group name (`deploy`, `yard`, `platform`) to the names of its tools."""


def ensure(names: Sequence[str], *, progress: Reporter | None = None) -> None:
    """Obtain tools, commands or groups, most urgent first; those in the cache cost nothing.

    Args:
        names: names of tools, of commands they bring, or of groups.
        progress: hears what happens; by default a table on a terminal, lines elsewhere.

    Raises:
        UnknownTool: a name means nothing here.
        ToolMissing: some could not be had; all others are there.
    """
    chosen = catalog.select(names)
    cache = Cache()
    absent = [tool for tool in chosen if _entry(tool, cache) is None]
    if not absent:
        return
    from tools.obtain import Obtainer  # noqa: PLC0415 - a warm call needs no sources

    if progress is None:
        from tools.progress import automatic  # noqa: PLC0415 - nor rich

        progress = automatic()
    Obtainer(absent, cache=cache, reporter=progress).run()


def path(name: str) -> Path:
    """Return the executable of a tool or of a command it brings.

    Raises:
        UnknownTool: no tool of the catalogue bears or brings that name.
        ToolMissing: it has not been obtained yet.
    """
    tool = catalog.find(name)
    command = name if name in tool.executables else tool.executables[0]
    return _obtained(tool).command(command)


def share(name: str) -> Path:
    """Return the folder with the data that ships with a tool.

    `argo-cd` has `manifests/`, `envoy-gateway` has `charts/gateway-helm` and
    `charts/gateway-crds-helm`, both at the version of the tool.

    Raises:
        UnknownTool: no tool of the catalogue bears that name, or it ships no data.
        ToolMissing: it has not been obtained yet.
    """
    tool = catalog.find(name)
    if tool.share_name is None:
        sharing = [one.share_name for one in catalog.TOOLS if one.share_name]
        raise UnknownTool(f"{name!r} ships no data; these do: {', '.join(sharing)}")
    return _obtained(tool).share


def bin_dir() -> Path:
    """Return the folder with links to every obtained command, to be put first on PATH."""
    return Cache().bin


def _obtained(tool: Tool) -> Entry:
    """Return a tool's entry, or say how to get it."""
    cache = Cache()
    entry = _entry(tool, cache)
    if entry is None:
        raise ToolMissing(
            [
                Missing(
                    tool=tool.name,
                    what=f"{tool.version} has not been obtained: it is not in {cache.root}/tools",
                    attempts=(),
                    fix=f"python -m tools ensure {tool.name}",
                )
            ]
        )
    return entry


def _entry(tool: Tool, cache: Cache) -> Entry | None:
    """Return a tool's entry with its links in place, or None."""
    entry = cache.find(tool, keys.recipe(tool))
    if entry is not None:
        cache.link(tool, entry)
    return entry
