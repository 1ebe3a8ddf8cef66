"""The supervisor: starts the programs, restarts them when they die, tells how they are.

A thin client of supervisord's own XML-RPC interface over its Unix socket.
"""

import contextlib
import http.client
import re
import resource
import shutil
import socket
import subprocess
import sys
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from local import cgroups
from local.errors import YardError
from local.layout import Layout
from local.program import Program
from local.waiting import ending, wait_for

_OPEN_FILES = 20_000
"""Soft limit of open files that is asked for; machines without CAP_SYS_RESOURCE cap it there."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the supervisor knows of a program; times in seconds."""

    name: str
    state: str
    pid: int
    uptime: float
    restarts: int
    detail: str


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:  # noqa: ARG002  the base's signature
        return _Connection(self._path)


class Supervisor:
    """The yard's supervisord: brought to life, asked, and ended.

    Args:
        layout: where its configuration, logs and socket are.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def alive(self) -> bool:
        """Whether it answers."""
        try:
            self._call("supervisor.getState")
        except (OSError, http.client.HTTPException):
            return False
        return True

    def start(self) -> None:
        """Bring supervisord to life in the yard's control group; harmless when it lives.

        What a supervisord that was killed left running is ended first: nobody would restart it.

        Raises:
            YardError: it does not answer within 15 s.
        """
        if self.alive():
            return
        cgroups.create()
        cgroups.kill(f"{cgroups.NAME}/daemons", grace=5, spare=_shims())
        layout = self._layout
        shutil.rmtree(layout.programs, ignore_errors=True)
        for folder in (layout.programs, layout.logs, layout.run):
            folder.mkdir(parents=True, exist_ok=True)
        layout.run.chmod(0o711)
        layout.supervisor_socket.unlink(missing_ok=True)
        config = layout.state / "supervisord.conf"
        config.write_text(self._config())
        log = layout.logs / "supervisord.out"
        with log.open("wb") as out:
            subprocess.run(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
                check=False,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        wait_for(
            "supervisord answers",
            lambda: None if self.alive() else "no answer",
            timeout=15,
            log=log,
        )
        cgroups.adopt(self.pid())

    def pid(self) -> int:
        """The supervisor's process id."""
        return cast("int", self._call("supervisor.getPID"))

    def apply(self, program: Program) -> None:
        """Run a program as described; one that already runs with that description is left alone."""
        file = self._layout.programs / f"{program.name}.conf"
        section = program.section(self._layout.log(program.name))
        known = program.name in self.names()
        if known and file.exists() and file.read_text() == section:
            self.revive(program.name)
            return
        if known:
            self.remove(program.name)
        file.write_text(section)
        self._call("supervisor.reloadConfig")
        self._call("supervisor.addProcessGroup", program.name)

    def revive(self, name: str) -> None:
        """Start a known program again if it was stopped or given up."""
        if self.report(name).state in {"STOPPED", "EXITED", "FATAL"}:
            self._call("supervisor.startProcess", name, False)  # noqa: FBT003  XML-RPC has no names

    def restart(self, name: str) -> None:
        """Stop a program and start it again."""
        self.stop(name)
        self._call("supervisor.startProcess", name, False)  # noqa: FBT003  XML-RPC has no names

    def stop(self, name: str) -> None:
        """Stop a program and wait for its end; harmless when it is not running."""
        if name in self.names():
            with contextlib.suppress(xmlrpc.client.Fault):  # NOT_RUNNING
                self._call("supervisor.stopProcess", name)

    def remove(self, name: str) -> None:
        """Stop a program and forget it."""
        if name not in self.names():
            return
        self.stop(name)
        self._call("supervisor.removeProcessGroup", name)
        (self._layout.programs / f"{name}.conf").unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Programs that are known, running or not."""
        return [report.name for report in self.reports()]

    def report(self, name: str) -> Report:
        """What is known of one program.

        Raises:
            YardError: there is no such program.
        """
        for report in self.reports():
            if report.name == name:
                return report
        raise YardError(f"there is no program {name!r} in the yard. Run `switchyard yard up`.")

    def reports(self) -> list[Report]:
        """What is known of every program, in the order of their names."""
        raw = cast("list[dict[str, Any]]", self._call("supervisor.getAllProcessInfo"))
        restarts = self._restarts()
        return [
            Report(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                uptime=float(info["now"] - info["start"]) if info["pid"] else 0.0,
                restarts=restarts.get(info["name"], 0),
                detail=info["description"],
            )
            for info in sorted(raw, key=lambda info: info["name"])
        ]

    def failure(self, name: str) -> str | None:
        """Why a program is given up, with its log's end; None while it is not."""
        report = self.report(name)
        if report.state != "FATAL":
            return None
        return f"{name} is given up ({report.detail}).{ending(self._layout.log(name))}"

    def shut_down(self) -> None:
        """Stop every program, then the supervisor itself; harmless when it is not running."""
        if not self.alive():
            return
        pid = self.pid()
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._call("supervisor.shutdown")

        def gone() -> str | None:
            return f"process {pid} is alive" if Path(f"/proc/{pid}").exists() else None

        wait_for(
            "supervisord has ended", gone, timeout=60, log=self._layout.logs / "supervisord.log"
        )

    def _call(self, method: str, *arguments: object) -> object:
        """One call on a connection of its own: supervisord closes idle ones without a word."""
        proxy = xmlrpc.client.ServerProxy(
            "http://supervisor/RPC2", transport=_Transport(self._layout.supervisor_socket)
        )
        with proxy:
            function = proxy
            for part in method.split("."):
                function = getattr(function, part)
            return cast("Any", function)(*arguments)

    def _restarts(self) -> dict[str, int]:
        """Deaths per program; supervisord restarts after each and keeps no count of its own."""
        counts: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):
            for line in (self._layout.logs / "supervisord.log").read_text().splitlines():
                if found := re.search(r"INFO exited: (\S+) \(|WARN exited: (\S+) \(", line):
                    name = found[1] or found[2]
                    counts[name] = counts.get(name, 0) + 1
        return counts

    def _config(self) -> str:
        layout = self._layout
        return "\n".join(
            (
                "[supervisord]",
                f"logfile={layout.logs}/supervisord.log",
                "logfile_maxbytes=0",
                f"pidfile={layout.run}/supervisord.pid",
                f"childlogdir={layout.logs}",
                "identifier=switchyard",
                f"minfds={open_files()}",
                "[unix_http_server]",
                f"file={layout.supervisor_socket}",
                "chmod=0600",
                "[rpcinterface:supervisor]",
                "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
                "[include]",
                f"files={layout.programs}/*.conf",
                "",
            )
        )


def open_files() -> int:
    """How many files a program of the yard may open."""
    return min(_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def _shims() -> frozenset[int]:
    """Shims hold the pods; they outlive containerd and are found again by the next one."""
    shims: set[int] = set()
    for pid in cgroups.members(f"{cgroups.NAME}/daemons"):
        with contextlib.suppress(OSError):
            if "containerd-shim" in str(Path(f"/proc/{pid}/exe").readlink()):
                shims.add(pid)
    return frozenset(shims)
