"""The yard as a whole: up, status, down."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from local import (
    binaries,
    cluster,
    control_plane,
    dns,
    gateway,
    git_server,
    network,
    node,
    pause_image,
    pki,
    registry,
    sysctls,
)
from local.addresses import (
    API,
    GATEWAY,
    GATEWAY_PORT,
    GIT,
    GIT_PORT,
    NODE_ADDRESS,
    REGISTRY,
)
from local.cluster import NodeStatus
from local.errors import YardError
from local.layout import Layout
from local.lease import alone, is_lent
from local.pause_image import PauseImage
from local.pki import CONTEXT
from local.preflight import Finding, refuse
from local.preflight import preflight as _preflight
from local.program import Program
from local.progress import Progress, Steps, silent
from local.record import remember
from local.supervision import Report, Supervisor
from local.teardown import tear_down
from local.waiting import Condition, wait_for


@dataclass(frozen=True, kw_only=True)
class Yard:
    """A yard that is up.

    Attributes:
        kubeconfig: the administrator's kubeconfig.
        context: its context.
        api: URL of the API server.
        registry: host and port, plain http.
        git: URL below which repositories are.
        gateway: URL at which the gateway is reached.
    """

    kubeconfig: Path
    context: str = CONTEXT
    api: str = API
    registry: str = REGISTRY
    git: str = GIT
    gateway: str = GATEWAY


_PROGRAMS = (
    control_plane.ETCD,
    control_plane.API_SERVER,
    control_plane.CONTROLLER_MANAGER,
    control_plane.SCHEDULER,
    node.CONTAINERD,
    node.KUBELET,
    node.PROXY,
    dns.NAME,
    registry.NAME,
    git_server.NAME,
    gateway.NAME,
)


class ProcessStatus(BaseModel):
    """One supervised process; uptime in seconds, restarts since the supervisor began."""

    name: str
    state: str
    pid: int | None
    uptime: float
    restarts: int


class YardStatus(BaseModel):
    """What runs, whether pods can run on it, and where it is reached.

    Attributes:
        up: every process runs and the node is ready.
        wanted: `up` was asked for and `down` was not.
        node: the node as the cluster sees it.
        processes: by name; empty when the supervisor is not running.
        addresses: what is reached where.
    """

    up: bool
    wanted: bool
    node: NodeStatus
    processes: list[ProcessStatus]
    addresses: dict[str, str]


def preflight() -> list[Finding]:
    """What this machine has and lacks; changes nothing."""
    return _preflight(Layout())


def up(progress: Progress = silent) -> Yard:
    """Bring the yard up, or find that it is; interrupted at any point, the next call goes on.

    Args:
        progress: told of every step with its time.

    Raises:
        YardError: something is missing or does not start; names it, with its log's last lines.
    """
    layout = Layout()
    steps = Steps(progress)
    with alone(layout, progress):
        binaries.ensure(binaries.YARD)
        supervisor = Supervisor(layout)
        if not supervisor.alive():
            with steps.step("Machine fit for a yard"):
                refuse(_preflight(layout))
        remember(layout)
        layout.wanted.touch()
        # A local volume's folder must exist before its first mount, whoever declares it.
        layout.volumes.mkdir(mode=0o755, exist_ok=True)
        with steps.step("Network"):
            sysctls.apply()
            network.set_up()
        with steps.step("Certificates"):
            pki.ensure(layout)
        with steps.step("Pause image"):
            pause = pause_image.ensure(layout)
        with steps.step("Supervisor"):
            supervisor.start()
        _start(layout, supervisor, pause, steps)
    return Yard(kubeconfig=layout.kubeconfig)


def down(progress: Progress = silent) -> list[str]:
    """Take everything down but the caches; works after a crash, a reboot, half up, and twice.

    Returns:
        What is different from the machine before ``up``, one line each; empty as it should be.
    """
    layout = Layout()
    with alone(layout, progress):
        if is_lent(layout):
            progress("A bake is using part of the yard and is cut off")
        return tear_down(layout, progress)


def status() -> YardStatus:
    """Look at the yard; changes nothing and does not wait."""
    layout = Layout()
    supervisor = Supervisor(layout)
    reports = supervisor.reports() if supervisor.alive() else []
    nothing = NodeStatus(ready=False, reason="the yard is down")
    seen = cluster.node(layout) if reports else nothing
    running = bool(reports) and _unsteady(reports) is None
    return YardStatus(
        up=running and seen.ready,
        wanted=layout.wanted.exists(),
        node=seen,
        processes=[_shown(report) for report in reports],
        addresses={
            "api": API,
            "kubeconfig": str(layout.kubeconfig),
            "context": CONTEXT,
            "registry": f"http://{REGISTRY}",
            "git": f"{GIT}/",
            "gateway": GATEWAY,
        },
    )


def _start(layout: Layout, supervisor: Supervisor, pause: PauseImage, steps: Steps) -> None:
    """Start the programs, each when what it cannot do without is there, and wait for all."""
    runtime = node.containerd(layout, pause.reference)

    def ready(program: Program, condition: Condition, seconds: float) -> None:
        _await(layout, supervisor, program.name, condition, seconds)

    first = (
        control_plane.etcd(layout),
        control_plane.api_server(layout),
        runtime,
        registry.program(layout),
        git_server.program(layout),
        gateway.program(layout),
    )
    with steps.step("Control plane, runtime and servers started"):
        for program in first:
            supervisor.apply(program)
    with steps.step("Container runtime"):
        ready(runtime, lambda: node.runtime_answers(layout), 30)
        if not node.has_image(layout, pause.reference):
            node.import_image(layout, pause.archive)
    with steps.step("API server"):
        ready(control_plane.api_server(layout), lambda: control_plane.api_ready(layout), 60)
        cluster.grant(layout)
    servants = (
        control_plane.controller_manager(layout),
        control_plane.scheduler(layout),
        node.kubelet(layout),
        node.proxy(layout),
        dns.program(layout),
    )
    with steps.step("Controllers and kubelet started"):
        for program in servants:
            supervisor.apply(program)
    with steps.step("Registry, Git server, gateway"):
        ready(registry.program(layout), registry.answers, 30)
        ready(git_server.program(layout), lambda: _listens(NODE_ADDRESS, GIT_PORT), 30)
        ready(gateway.program(layout), lambda: _listens("127.0.0.1", GATEWAY_PORT), 30)
    with steps.step("Node ready"):
        ready(node.kubelet(layout), lambda: _node_missing(layout), 60)
    with steps.step("Cluster DNS"):
        ready(dns.program(layout), dns.answers, 60)
    with steps.step("All processes steady"):
        wait_for("every process runs", lambda: _unsteady(supervisor.reports()), timeout=30)


def _await(
    layout: Layout, supervisor: Supervisor, name: str, condition: Condition, seconds: float
) -> None:
    """Wait for a program's condition; fail at once when the supervisor has given it up."""

    def checked() -> str | None:
        if failure := supervisor.failure(name):
            raise YardError(failure)
        return condition()

    wait_for(f"{name} is ready", checked, timeout=seconds, log=layout.log(name))


def _listens(host: str, port: int) -> str | None:
    try:
        with socket.create_connection((host, port), timeout=2):
            return None
    except OSError as error:
        return f"nobody listens on {host}:{port} ({error})"


def _node_missing(layout: Layout) -> str | None:
    seen = cluster.node(layout)
    return None if seen.ready else seen.reason or "it does not say why"


def _unsteady(reports: Sequence[Report]) -> str | None:
    """Which programs of the yard do not run; a Docker engine lent to a bake is not one of them."""
    states = {report.name: report.state for report in reports}
    late = [
        f"{name} is {states.get(name, 'unknown')}"
        for name in _PROGRAMS
        if states.get(name) != "RUNNING"
    ]
    return ", ".join(late) or None


def _shown(report: Report) -> ProcessStatus:
    return ProcessStatus(
        name=report.name,
        state=report.state,
        pid=report.pid or None,
        uptime=report.uptime,
        restarts=report.restarts,
    )
