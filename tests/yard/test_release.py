"""A release on the real cluster, as its users and its reviewers see it."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from lightkube.resources.core_v1 import Pod

from bench.footprint import resident_mib
from cli import loads, rollout

if TYPE_CHECKING:
    from collections.abc import Callable

    from steered import Yard

pytestmark = pytest.mark.yard

FLIPS = 6
REQUESTS = 30_000
"""`make up` shows the same with 20 flips and 100,000 requests, and how long each flip took."""
GATEWAY: dict[str, Any] = {"gateway.envoyproxy.io/owning-gateway-name": "edge"}


def steps_of(preview: str) -> list[tuple[str, str]]:
    """What a preview would do: (operation, type) of every step that changes something."""
    steps: list[dict[str, Any]] = json.loads(preview)["steps"]
    return [
        (step["op"], step["urn"].split("::")[2].rpartition("$")[2])
        for step in steps
        if step["op"] not in ("same", "read", "refresh")
    ]


def test_a_release_and_its_rollbacks_cost_no_request(yard: Yard) -> None:
    goal = yard.goal()
    done = rollout.carry_out(goal, loads.Plan(rate=500, requests=REQUESTS), FLIPS, as_json=False)
    assert done.requests == REQUESTS, "fewer requests prove less than the test claims"
    assert done.failed == 0, done.load and done.load.get("errors")
    assert done.wrong == 0, done.load and done.load.get("errors")
    assert done.serving == goal.to
    assert done.flip_ms.count > FLIPS, "every flip must have been measured"
    assert done.rollback_ms is not None, "an abort must have been measured where users are"


def test_the_preview_of_a_release_shows_the_switch_alone(yard: Yard) -> None:
    yard.set_live(yard.goal().to)
    steps = steps_of(yard.engine.read("preview", "--json"))
    assert [(op, kind.rpartition(":")[2]) for op, kind in steps] == [("update", "TrafficSwitch")], (
        "a reviewer must see the release and nothing else"
    )


def test_a_preview_after_up_is_empty(yard: Yard) -> None:
    assert steps_of(yard.engine.read("preview", "--json")) == []


def test_a_killed_update_is_picked_up_by_the_next_one(yard: Yard) -> None:
    goal = yard.goal()
    yard.set_live(goal.to)
    with loads.running(loads.Plan(rate=500, requests=200_000)) as load:
        load.wait_for_answers()
        update = yard.engine.start("up", "--yes", "--skip-preview", new_session=True)
        wait_for(lambda: yard.switch().live == goal.to, "the goal to reach the cluster")
        os.killpg(update.pid, signal.SIGKILL)
        update.wait()
        assert yard.engine.update(), "the next update must go on where the killed one stopped"
        load.stop()
        figures = load.report()
    assert yard.switch().serving == goal.to
    assert (figures["failed"], figures["wrong"]) == (0, 0), figures["errors"]
    assert steps_of(yard.engine.read("preview", "--json")) == []


def test_losing_a_gateway_pod_costs_no_request(yard: Yard) -> None:
    client = yard.client()
    pods = list(client.list(Pod, namespace="envoy-gateway-system", labels=GATEWAY))
    names = [pod.metadata.name for pod in pods if pod.metadata and pod.metadata.name]
    assert len(names) >= 2, "one gateway pod alone cannot be lost without harm"
    with loads.running(loads.Plan(rate=500, requests=200_000)) as load:
        load.wait_for_answers()
        client.delete(Pod, names[0], namespace="envoy-gateway-system")
        wait_for(lambda: replaced(yard, names), "a new gateway pod to be ready")
        done = rollout.carry_out(yard.goal(), None, 0, as_json=False)
        load.stop()
        figures = load.report()
    assert done.serving == done.to, "a release must go through with a fresh gateway pod"
    assert (figures["failed"], figures["wrong"]) == (0, 0), figures["errors"]


@pytest.mark.usefixtures("yard")
def test_the_controller_is_small() -> None:
    samples = resident_mib()
    assert samples, "no controller process was found on this machine"
    assert max(samples) < 100, f"{samples} MiB resident"


def replaced(yard: Yard, former: list[str]) -> bool:
    ready: list[str] = []
    for pod in yard.client().list(Pod, namespace="envoy-gateway-system", labels=GATEWAY):
        conditions = (pod.status.conditions if pod.status else None) or []
        if pod.metadata and any(c.type == "Ready" and c.status == "True" for c in conditions):
            ready.append(pod.metadata.name or "")
    return len(ready) >= len(former) and former[0] not in ready


def wait_for(condition: Callable[[], bool], what: str, timeout: float = 120) -> None:
    """Poll a condition of the cluster until it holds, or fail with its name."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.1)  # poll interval of the condition above
