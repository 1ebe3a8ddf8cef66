"""The yard leaves nothing behind, however it ends. Sorts last: it takes the running yard down.

The yard that the suite used is compared with the record that its own `up` made of the machine
before; later ones with snapshots taken here.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local import yard
from local.binaries import binary
from local.host import run
from local.layout import Layout
from local.trace import Snapshot, difference, snapshot
from local.waiting import wait_for

pytestmark = pytest.mark.yard


@pytest.fixture(scope="module")
def layout() -> Layout:
    return Layout()


@pytest.fixture(scope="module")
def clean(layout: Layout) -> Snapshot:
    """The machine without a yard; the one that the suite used is taken down and compared."""
    if not layout.wanted.exists():
        yard.up()
    assert yard.down() == [], "the yard of the whole suite left something"
    return snapshot(layout)


def test_the_suites_own_yard_goes_without_a_trace(clean: Snapshot, layout: Layout) -> None:
    assert not layout.state.exists()
    assert not layout.run.exists()
    assert not [group for group in clean.facts["control groups"] if "switchyard" in group]


def test_a_yard_that_was_up_with_pods_goes_without_a_trace(clean: Snapshot, layout: Layout) -> None:
    yard.up()
    _run_a_pod(layout)
    assert yard.down() == []
    assert difference(clean, snapshot(layout)) == []


def test_a_crashed_yard_goes_without_a_trace(clean: Snapshot, layout: Layout) -> None:
    yard.up()
    _run_a_pod(layout)
    for name in ("kubelet", "etcd", "containerd"):
        _kill(_pid_of(name))
    _kill(int((layout.run / "supervisord.pid").read_text()))
    assert yard.down() == []
    assert difference(clean, snapshot(layout)) == []


def test_taking_a_yard_down_twice_is_harmless(clean: Snapshot, layout: Layout) -> None:
    assert yard.down() == []
    assert yard.down() == []
    assert difference(clean, snapshot(layout)) == []


@pytest.mark.parametrize("milestone", ["before.json", "pki/complete", "logs/kube-apiserver.log"])
def test_an_interrupted_yard_goes_on_and_goes_without_a_trace(
    clean: Snapshot, layout: Layout, milestone: str
) -> None:
    _interrupt_up_at((layout.state / milestone).exists)
    assert not yard.status().up, "it was interrupted too late to prove anything"
    assert yard.down() == [], "half a yard left something"
    assert difference(clean, snapshot(layout)) == []
    _interrupt_up_at((layout.state / milestone).exists)
    yard.up()
    assert yard.status().up, "an interrupted `up` must be finished by the next"
    assert yard.down() == []
    assert difference(clean, snapshot(layout)) == []


def test_what_others_did_meanwhile_stays(clean: Snapshot, layout: Layout) -> None:
    yard.up()
    run("ip", "link", "add", "notours0", "type", "bridge")
    run(binary("nft"), "add", "table", "ip", "notours")
    try:
        left = yard.down()
        assert Path("/sys/class/net/notours0").exists()
        assert "table ip notours" in run(binary("nft"), "list", "tables")
        assert any("notours" in line for line in left), "the comparison must see what is new"
    finally:
        run("ip", "link", "delete", "notours0")
        run(binary("nft"), "delete", "table", "ip", "notours")
    assert difference(clean, snapshot(layout)) == []


def _run_a_pod(layout: Layout) -> None:
    """Have a pod with a network and a port of the host: most of what could be left hangs on it."""
    kubectl = (
        binary("kubectl"),
        f"--kubeconfig={layout.kubeconfig}",
        f"--cache-dir={layout.state}/kubectl",
    )
    pause = run(
        binary("ctr"), f"--address={layout.containerd_socket}", "-n", "k8s.io", "images", "ls", "-q"
    )
    image = next(name for name in pause.split() if name.startswith("switchyard.dev/pause@"))
    manifest = f"""
apiVersion: v1
kind: Pod
metadata: {{name: trace, namespace: default}}
spec:
  automountServiceAccountToken: false
  containers:
    - name: pause
      image: {image}
      imagePullPolicy: Never
      ports: [{{containerPort: 9, hostPort: 18009}}]
      volumeMounts: [{{name: memory, mountPath: /memory}}]
  volumes: [{{name: memory, emptyDir: {{medium: Memory}}}}]
"""
    # The account appears moments after the namespace, and no pod is admitted without it.
    wait_for(
        "the default account exists",
        lambda: None if run(*kubectl, "get", "sa", "default", "--ignore-not-found") else "no",
        timeout=30,
    )
    run(*kubectl, "apply", "-f", "-", stdin=manifest)
    run(*kubectl, "wait", "pod/trace", "--for=condition=Ready", "--timeout=60s", timeout=90)


def _interrupt_up_at(moment: Callable[[], bool]) -> None:
    """Start `up` in a process of its own and press Ctrl-C at a moment."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for("the moment has come", lambda: None if moment() else "not yet", timeout=60, interval=0)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130


def _pid_of(name: str) -> int:
    return next(item.pid for item in yard.status().processes if item.name == name and item.pid)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
