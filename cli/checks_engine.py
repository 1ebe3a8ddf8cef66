"""Checks of the engine's state: locks that killed updates left, operations that never ended."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cli import engine as engines
from cli.findings import Area, Finding
from cli.rest import dig, objects

if TYPE_CHECKING:
    from cli.engine import Engine

ENGINE = Area("engine")
NO_STACK = "no stack named"


def engine(stack: str) -> list[Finding]:
    """The state of a stack's engine."""
    import tools

    chosen = engines.of_stack(stack)
    try:
        tools.path("pulumi")
    except tools.ToolMissing:
        return [ENGINE.unknown("state", "pulumi is not there, see tools")]
    return [*locks(chosen), _state(chosen)]


def locks(chosen: Engine) -> list[Finding]:
    """The locks on a stack: an update is running, or one was killed."""
    findings = [_lock(chosen, path) for path in chosen.locks()]
    return findings or [ENGINE.ok("locks", "none")]


def _lock(chosen: Engine, path: Path) -> Finding:
    """A lock is stale when the process that took it on this machine is gone."""
    cancel = f"`switchyard pulumi --stack {chosen.stack} -- cancel --yes`"
    try:
        holder = cast("dict[str, Any]", json.loads(path.read_text()))
        pid, host = int(holder["pid"]), str(holder["hostname"])
    except FileNotFoundError:
        return ENGINE.ok("lock", f"{path.name} went away while being looked at")
    except (ValueError, KeyError, TypeError, OSError) as error:
        return ENGINE.problem(
            "lock",
            f"{path} cannot be read ({type(error).__name__}: {error})",
            consequence="every update of the stack is refused",
            fix=cancel,
        )
    since = holder.get("timestamp", "an unknown time")
    who = f"process {pid} on {host}, since {since}"
    if host != socket.gethostname():
        return ENGINE.note("lock", f"held by {who}: an update runs there, or was killed there")
    if _runs(pid):
        return ENGINE.note("lock", f"held by {who}: an update is running")
    return ENGINE.problem(
        "lock",
        f"left by {who}, which is gone",
        consequence="every update of the stack is refused",
        fix=cancel,
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _state(chosen: Engine) -> Finding:
    backend = chosen.backend or ""
    if backend.startswith("file://") and not Path(backend.removeprefix("file://")).exists():
        return ENGINE.note("state", f"stack {chosen.stack!r} was never deployed")
    try:
        state: object = json.loads(chosen.read("stack", "export"))
    except engines.EngineError as error:
        if NO_STACK in str(error):
            return ENGINE.note("state", f"stack {chosen.stack!r} was never deployed")
        return ENGINE.unknown("state", f"it cannot be read: {error.value}: {error.consequence}")
    except ValueError as error:
        return ENGINE.unknown("state", f"the engine's answer is not JSON ({error})")
    return pending(state, chosen.stack)


def pending(state: object, stack: str) -> Finding:
    """The operations that never ended, in an exported state."""
    found = objects(state, "deployment", "pending_operations")
    if not found:
        count = len(objects(state, "deployment", "resources"))
        return ENGINE.ok("pending operations", f"none; {count} resources in the state")
    listed = ", ".join(
        f"{dig(item, 'type')} {str(dig(item, 'resource', 'urn')).rpartition('::')[2]}"
        for item in found
    )
    return ENGINE.problem(
        "pending operations",
        listed,
        consequence="an update was killed in the middle; the state may not know what exists",
        fix=f"`switchyard pulumi --stack {stack} -- refresh --yes --clear-pending-creates`,"
        " then `switchyard up`",
    )
