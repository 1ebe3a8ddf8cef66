"""A Docker engine for bakes: lent on demand, apart from the cluster's container runtime.

It has a containerd of its own, since one that is started again under a running engine loses its
networks, and since a bake must not disturb pods. It makes no bridge and no packet filter rule:
build containers use the host's network or none.
"""

import fcntl
import http.client
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from local import cgroups
from local.addresses import REGISTRY
from local.binaries import BAKES, binary, ensure, search_path
from local.layout import Layout
from local.lease import exclusive, lease
from local.program import Program
from local.rendering import text_file, toml_text
from local.supervision import Supervisor
from local.waiting import wait_for

ENGINE = "dockerd"
RUNTIME = "docker-containerd"
_START_SECONDS = 60


def programs(layout: Layout) -> tuple[Program, Program]:
    """The engine's containerd and the engine; writes their configuration."""
    run = layout.run / "docker"
    socket_path = layout.run / "docker-containerd.sock"
    containerd = text_file(
        layout.config / "docker-containerd.toml",
        toml_text(
            {
                "version": 2,
                "root": str(layout.docker / "containerd"),
                "state": str(run / "containerd"),
                "disabled_plugins": ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"],
                "grpc": {"address": str(socket_path)},
            }
        ),
    )
    engine = text_file(
        layout.config / "dockerd.json",
        json.dumps(
            {
                "data-root": str(layout.docker / "data"),
                "exec-root": str(run),
                "pidfile": str(layout.run / "dockerd.pid"),
                "hosts": [f"unix://{layout.docker_socket}"],
                "containerd": str(socket_path),
                "bridge": "none",
                "iptables": False,
                "ip6tables": False,
                "ip-forward": False,
                "ip-masq": False,
                "cgroup-parent": f"/{cgroups.NAME}/bakes",
                "exec-opts": ["native.cgroupdriver=cgroupfs"],
                "storage-driver": "overlay2",
                "insecure-registries": [REGISTRY],
                # The engine writes a key there at its first start, and its default is below /etc.
                "deprecated-key-path": str(layout.docker / "key.json"),
            },
            indent=2,
        ),
    )
    path = {"PATH": search_path()}
    runtime_command = (binary("containerd"), "--config", str(containerd))
    engine_command = (binary("dockerd"), "--config-file", str(engine))
    return (
        Program(name=RUNTIME, command=runtime_command, environment=path, files=(containerd,)),
        Program(name=ENGINE, command=engine_command, environment=path, files=(engine,)),
    )


@contextmanager
def running() -> Generator[str]:
    """Lend the engine; it is started for the first borrower and ended after the last.

    Yields:
        The value for DOCKER_HOST.

    Raises:
        YardError: the engine does not answer within a minute.
    """
    ensure(BAKES)
    layout = Layout()
    layout.docker.mkdir(parents=True, exist_ok=True)
    with lease(layout):
        supervisor = Supervisor(layout)
        borrowed = os.open(layout.docker, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(borrowed, fcntl.LOCK_SH)
            for program in programs(layout):
                supervisor.apply(program)
            _wait(layout)
            yield f"unix://{layout.docker_socket}"
        finally:
            # Locks are asked for, never waited for: whoever still borrows ends the engine later.
            if exclusive(borrowed) and supervisor.alive():
                supervisor.remove(ENGINE)
                supervisor.remove(RUNTIME)
            os.close(borrowed)


def _wait(layout: Layout) -> None:
    wait_for(
        "the Docker engine answers",
        lambda: _answers(layout.docker_socket),
        timeout=_START_SECONDS,
        log=layout.log(ENGINE),
    )


def _answers(path: Path) -> str | None:
    """None if the engine answers a ping on its socket, else why not."""
    connection = http.client.HTTPConnection("docker", timeout=5)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(5)
        connection.sock.connect(str(path))
        connection.request("GET", "/_ping")
        status = connection.getresponse().status
    except OSError as error:
        return f"{path} does not answer ({error})"
    finally:
        connection.close()
    return None if status == http.client.OK else f"{path} answers {status}"
