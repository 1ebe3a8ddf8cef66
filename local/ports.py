"""Who listens on a TCP port of this machine."""

import contextlib
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from local import cgroups

_LISTEN = "0A"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A process that listens."""

    pid: int | None
    command: str
    ours: bool

    def __str__(self) -> str:
        """Show it for people."""
        return self.command if self.pid is None else f"{self.command} (process {self.pid})"


def owner(address: str, port: int) -> Owner | None:
    """The process that would keep another from listening there, or None."""
    inodes = _listening(address, port)
    if not inodes:
        return None
    pid = _holder(inodes)
    if pid is None:
        return Owner(pid=None, command="an unknown process", ours=False)
    command = "a process that just ended"
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{pid}/comm").read_text().strip()
    return Owner(pid=pid, command=command, ours=pid in cgroups.members())


def _listening(address: str, port: int) -> set[str]:
    """Inodes of the sockets that listen on the port, on that address or on all."""
    wanted = {_hexadecimal(address), _hexadecimal("0.0.0.0")}  # noqa: S104  looked for, not bound
    found: set[str] = set()
    for table, anywhere in (("tcp", ""), ("tcp6", "0" * 32)):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                local_address, local_port = fields[1].split(":")
                matches = local_address in wanted or local_address == anywhere
                if fields[3] == _LISTEN and int(local_port, 16) == port and matches:
                    found.add(fields[9])
    return found


def _hexadecimal(address: str) -> str:
    """An IPv4 address as /proc/net/tcp writes it: bytes of a host-order word."""
    return socket.inet_aton(address)[::-1].hex().upper()


def _holder(inodes: set[str]) -> int | None:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            for descriptor in (entry / "fd").iterdir():
                with contextlib.suppress(OSError):
                    link = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
                    if link and link[1] in inodes:
                        return int(entry.name)
    return None
