"""The command line: `python -m tools ensure|list|env`.

Exit codes: 0 all is well, 1 a tool could not be had, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING

import tools
from tools import catalog, keys
from tools.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from tools.recipe import Tool

_OK = 0
_MISSING = 1
_USAGE = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if asked.command == "ensure":
            return _ensure(asked.names, as_json=asked.json)
        if asked.command == "list":
            return _list(as_json=asked.json)
        return _env()
    except tools.UnknownTool as error:
        _complain(str(error))
        return _USAGE
    except KeyboardInterrupt:
        _complain("interrupted; what was finished stays, and Go's build cache keeps the rest")
        return _INTERRUPTED


def _ensure(names: Sequence[str], *, as_json: bool) -> int:
    """Obtain what was named, everything by default."""
    wanted = names or [*tools.groups]
    code = _OK
    try:
        tools.ensure(wanted)
    except tools.ToolMissing as error:
        _complain(str(error))
        code = _MISSING
    if as_json:
        _print(json.dumps([describe(tool) for tool in catalog.select(wanted)], indent=2))
    return code


def _list(*, as_json: bool) -> int:
    """Print every tool and whether it is there."""
    told = [describe(tool) for tool in catalog.TOOLS]
    if as_json:
        _print(json.dumps(told, indent=2))
        return _OK
    for one in told:
        _print(
            f"{one['group']:9} {one['name']:27} {one['version']:9} {one['state']:7} {one['source']}"
        )
    return _OK


def _env() -> int:
    """Print the lines that make a shell use the tools."""
    variables = {
        "SWITCHYARD_CACHE": str(tools.cache_dir()),
        # no search for plugins that pip packages name and nobody needs
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    for name, value in variables.items():
        _print(f"export {name}={shlex.quote(value)}")
    _print(f'export PATH={shlex.quote(str(tools.bin_dir()))}{os.pathsep}"$PATH"')
    return _OK


def describe(tool: Tool) -> Mapping[str, object]:
    """Return what is known of a tool, for `--json`."""
    entry = Cache().find(tool, keys.recipe(tool))
    told: dict[str, object] = {
        "name": tool.name,
        "group": str(tool.group),
        "version": entry.receipt.version if entry else tool.version,
        "state": "ready" if entry else "absent",
        "source": entry.receipt.source if entry else "",
        "seconds": entry.receipt.seconds if entry else None,
        "commands": {
            command: str(entry.command(command)) if entry else None for command in tool.executables
        },
    }
    if tool.share_name:
        told["share"] = str(entry.share) if entry else None
    return told


def _parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools",
        description="Finds, builds and keeps the pinned toolchain.",
        epilog="exit codes: 0 all is well, 1 a tool could not be had, 2 wrong usage, "
        "130 interrupted",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    ensure = commands.add_parser("ensure", help="obtain tools or groups; all by default")
    ensure.add_argument("names", nargs="*", metavar="GROUP|TOOL")
    ensure.add_argument("--json", action="store_true", help="print where each is, as JSON")
    listing = commands.add_parser("list", help="show every tool and whether it is there")
    listing.add_argument("--json", action="store_true", help="print it as JSON")
    commands.add_parser("env", help="print shell lines that put the tools on PATH")
    return parser


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Treat a request to end as Ctrl-C, so that nothing half-made is kept."""
    raise KeyboardInterrupt


def _print(text: str) -> None:
    """Write a line of the result to standard output."""
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    """Write to standard error."""
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
