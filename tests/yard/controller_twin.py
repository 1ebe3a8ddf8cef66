"""A tiny twin of its own for the controller's tests: two services, nothing shared with the shop.

The in-cluster controller is told to rest meanwhile; the tests run the controller as a local process
with the rights of its ServiceAccount and nothing else.
"""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

import tools

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
TWIN = "tiny"
SERVICES = ("alpha", "beta")
RELEASES = ("storefront-v1", "storefront-v2")
REVISION = "d" * 40
GATEWAY = "http://127.0.0.1:8080"

Object = dict[str, Any]
T = TypeVar("T")


def kubeconfig() -> Path:
    return tools.cache_dir() / "yard" / "kubeconfig"


def kubectl(*arguments: str, stdin: str | None = None, config: Path | None = None) -> str:
    command = [str(tools.path("kubectl")), "--kubeconfig", str(config or kubeconfig()), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def apply(*documents: Object) -> None:
    kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "-f",
        "-",
        stdin=yaml.safe_dump_all(documents),
    )


def wait_until(look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """Wait for a truth; the error says what did not come."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:g} s")
        time.sleep(0.1)
    return seen


def reference(name: str) -> str:
    lock = yaml.safe_load((ROOT / "images.local.lock.yaml").read_text())
    return lock["images"][name]["reference"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Tiny:
    """The twin: colours `tiny-blue` and `tiny-green`, the switch in namespace `tiny`."""

    content: dict[str, str] = field(
        default_factory=lambda: dict(zip(("blue", "green"), RELEASES, strict=True))
    )
    count: int = 0

    @property
    def namespaces(self) -> list[str]:
        return [TWIN, f"{TWIN}-blue", f"{TWIN}-green"]

    def create(self) -> None:
        apply(*(namespace(name) for name in self.namespaces))
        for colour in ("blue", "green"):
            self.deploy(colour, self.content[colour])
            apply(grant(colour))

    def deploy(self, colour: str, image: str, *, replicas: int = 2, wait: bool = True) -> None:
        self.content[colour] = image
        where = f"{TWIN}-{colour}"
        for service in SERVICES:
            apply(*workload(service, colour, reference(image), replicas))
        if wait and replicas:
            for service in SERVICES:
                kubectl("-n", where, "rollout", "status", f"deployment/{service}", "--timeout=120s")

    def destroy(self) -> None:
        kubectl(
            "delete",
            "namespace",
            *self.namespaces,
            "--ignore-not-found",
            "--wait=true",
            "--timeout=120s",
        )

    # the switch

    def goal(self, live: str, *, image: str | None = None, **more: object) -> Object:
        """A new goal with a release id of its own."""
        self.count += 1
        digest = reference(image or self.content[live]).rpartition("@")[2]
        spec = {
            "live": live,
            "gateway": {"name": "edge", "namespace": "edge"},
            "colours": {colour: {"namespace": f"{TWIN}-{colour}"} for colour in ("blue", "green")},
            "services": [
                {
                    "name": s,
                    "hostnames": [f"{s}.{TWIN}.localhost"],
                    "path": "/",
                    "port": 8080,
                    "probe": "/",
                }
                for s in SERVICES
            ],
            "candidate": {"revision": REVISION, "digests": dict.fromkeys(SERVICES, digest)},
            "strategy": {
                "kind": "blueGreen",
                "rollbackWindow": "1h",
                "healthTimeout": "1m",
                **more,
            },
        }
        text = json.dumps([spec, self.count, time.time_ns()], sort_keys=True)
        return {"release": hashlib.sha256(text.encode()).hexdigest()[:16], **spec}

    def ask(self, spec: Object) -> str:
        apply(
            {
                "apiVersion": "switchyard.dev/v1alpha1",
                "kind": "TrafficSwitch",
                "metadata": {"name": TWIN, "namespace": TWIN},
                "spec": spec,
            }
        )
        return spec["release"]

    def status(self) -> Object:
        raw = kubectl("-n", TWIN, "get", "trafficswitch", TWIN, "-o", "json", "--ignore-not-found")
        return (json.loads(raw) if raw else {}).get("status") or {}

    def wait_settled(self, release: str, seconds: float = 90) -> Object:
        def settled() -> Object | None:
            status = self.status()
            return status if status.get("settled") == release else None

        return wait_until(settled, f"the end of release {release}", seconds)

    def abort(self, release: str) -> None:
        annotation = f"switchyard.dev/abort={release}"
        kubectl("-n", TWIN, "annotate", "trafficswitch", TWIN, annotation, "--overwrite")

    def weights(self) -> dict[str, list[int]]:
        raw = json.loads(
            kubectl(
                "-n", TWIN, "get", "httproutes", "-l", "switchyard.dev/route=live", "-o", "json"
            )
        )
        return {
            r["metadata"]["name"]: [b["weight"] for b in r["spec"]["rules"][0]["backendRefs"]]
            for r in raw["items"]
        }


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def grant(colour: str) -> Object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": "switch", "namespace": f"{TWIN}-{colour}"},
        "spec": {
            "from": [
                {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": TWIN}
            ],
            "to": [{"group": "", "kind": "Service"}],
        },
    }


def workload(service: str, colour: str, image: str, replicas: int) -> list[Object]:
    where = f"{TWIN}-{colour}"
    labels = {
        "app.kubernetes.io/name": service,
        "switchyard.dev/twin": TWIN,
        "switchyard.dev/colour": colour,
    }
    meta = {"name": service, "namespace": where, "labels": labels}
    probe = {"httpGet": {"path": "/livez", "port": 8080}, "periodSeconds": 1}
    container = {
        "name": service,
        "image": image,
        "env": [{"name": "COLOUR", "value": colour}],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": probe,  # /livez: the shop's peers are not part of this twin
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 10},
    }
    selector = {"app.kubernetes.io/name": service}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": selector},
                "template": template,
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {
                "selector": selector,
                "ports": [{"name": "http", "port": 8080, "targetPort": 8080}],
            },
        },
    ]


# the controller as a local process


@contextlib.contextmanager
def in_cluster_controller_at_rest() -> Generator[None]:
    """Two controllers would share one lease; the in-cluster one gives it up while it rests."""
    found = kubectl(
        "-n",
        "switchyard",
        "get",
        "deployment",
        "release-controller",
        "-o",
        "json",
        "--ignore-not-found",
    )
    replicas = json.loads(found)["spec"]["replicas"] if found else 0
    if replicas:
        kubectl("-n", "switchyard", "scale", "deployment/release-controller", "--replicas=0")
        kubectl(
            "-n", "switchyard", "wait", "pod", "--for=delete", "--timeout=60s",
            "-l", "app.kubernetes.io/name=release-controller",
        )  # fmt: skip
    try:
        yield
    finally:
        if replicas:
            kubectl(
                "-n",
                "switchyard",
                "scale",
                "deployment/release-controller",
                f"--replicas={replicas}",
            )
            kubectl(
                "-n",
                "switchyard",
                "rollout",
                "status",
                "deployment/release-controller",
                "--timeout=120s",
            )


def service_account_config(folder: Path) -> Path:
    """A kubeconfig with the rights of rbac.yaml and no more."""
    config = yaml.safe_load(kubeconfig().read_text())
    token = kubectl(
        "-n", "switchyard", "create", "token", "release-controller", "--duration=2h"
    ).strip()
    config["users"] = [{"name": "controller", "user": {"token": token}}]
    for context in config["contexts"]:
        context["context"]["user"] = "controller"
    path = folder / "controller.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path


class Controller:
    """A process of the controller, which may be told to die after its nth write."""

    def __init__(self, config: Path, log: Path, *, die_after: int = 0, name: str = "test") -> None:
        self.log = log
        self.metrics_port, self.liveness_port = free_port(), free_port()
        environment = {
            **os.environ,
            "KUBECONFIG": str(config),
            "POD_NAME": name,
            "METRICS_PORT": str(self.metrics_port),
            "LIVENESS_PORT": str(self.liveness_port),
            "DIE_AFTER": str(die_after),
            "PYTHONPATH": str(ROOT),
        }
        with log.open("a") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "controller_mortal.py")],
                env=environment,
                stdout=out,
                stderr=out,
            )

    @property
    def is_dead(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        if not self.is_dead:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)

    def resident_kib(self) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])


class Load:
    """An open loop of requests through the gateway from a process of its own."""

    def __init__(self, report: Path, rate: int = 100) -> None:
        self._report = report
        hosts = [f"{s}.{TWIN}.localhost" for s in SERVICES]
        command = [
            sys.executable,
            str(HERE / "controller_load.py"),
            GATEWAY,
            str(rate),
            str(report),
            *hosts,
        ]
        self._process = subprocess.Popen(command)

    def stop(self) -> Object:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        return json.loads(self._report.read_text())
