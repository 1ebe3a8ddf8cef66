"""Shows 6 and 7 on the real cluster, in small counts: `python -m bench.ramps` has ten of each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from controller_twin import wait_until

from bench import ramps
from cli import loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.views import SwitchView

pytestmark = pytest.mark.yard

OBJECTIVE = 0.01
"""The shop's: 99 in 100 requests are answered without an error of the server."""


@pytest.fixture
def stage(standing: None) -> Iterator[ramps.Stage]:  # noqa: ARG001 - the cluster it stands on
    with ramps.stage() as one:
        yield one


@pytest.fixture
def prometheus() -> Iterator[None]:
    """Prometheus is back at the end, whatever happens."""
    yield
    scale_prometheus(1)


def scale_prometheus(replicas: int) -> None:
    # Argo CD heals what drifts from Git, so it rests meanwhile; it comes back last
    if not replicas:
        scale("argocd", "statefulset/argocd-application-controller", 0)
    scale("observability", "deployment/prometheus", replicas)
    if replicas:
        scale("argocd", "statefulset/argocd-application-controller", 1)


def scale(namespace: str, workload: str, replicas: int) -> None:
    """Scale a workload, and wait until its pods are there, or gone."""
    name = workload.partition("/")[2]
    ramps.kubectl("-n", namespace, "scale", workload, f"--replicas={replicas}")
    if replicas:
        ramps.kubectl("-n", namespace, "rollout", "status", workload, "--timeout=120s")
    else:
        ramps.kubectl("-n", namespace, "wait", "pod", "--for=delete", "--timeout=60s",
                      "-l", f"app.kubernetes.io/name={name}")  # fmt: skip


def until(stage: ramps.Stage, what: str, seconds: float = 90, **wanted: object) -> SwitchView:
    """Wait until the switch says so."""

    def seen() -> SwitchView | None:
        view = stage.switch()
        facts = {
            "phase": view.phase,
            "weight": view.weight,
            "seen": bool(view.ramp and view.ramp.seen_at),
        }
        return view if wanted.items() <= facts.items() else None

    return wait_until(seen, what, seconds)


def test_a_good_candidate_climbs_to_all_of_the_traffic_and_costs_no_request(
    stage: ramps.Stage,
) -> None:
    stage.prepare(ramps.images_of("v2"))
    run = ramps.measured(stage, "good", again=False)
    assert run.right, run.reason
    assert run.highest == max(ramps.STRATEGY["steps"]), "it must have gone step by step"
    assert run.exposed > 500, "a promotion that nothing was judged on proves nothing"
    assert (run.failed, run.wrong) == (0, 0)


@pytest.mark.parametrize("candidate", ["errors", "latency"])
def test_a_broken_candidate_is_stopped_by_the_controller_alone(
    stage: ramps.Stage, candidate: str
) -> None:
    stage.prepare(ramps.images_of(candidate))
    run = ramps.measured(stage, candidate, again=False)
    assert run.right, run.reason
    assert run.reason.startswith("the judge stopped green"), "not merely remembered as bad"
    assert run.highest >= min(ramps.STRATEGY["steps"]), "users must have met it"
    assert run.failed / run.requests <= OBJECTIVE, "users must have hardly noticed"
    view = stage.switch()
    assert (view.serving, view.weight) == ("blue", 0)


@pytest.mark.usefixtures("prometheus")
def test_without_prometheus_a_ramp_holds_and_goes_on_when_it_is_back(stage: ramps.Stage) -> None:
    stage.prepare(ramps.images_of("v2"))
    with loads.running(loads.Plan(rate=100, requests=200_000)) as load:
        load.wait_for_answers()
        release = stage.start()
        until(stage, "the first step", phase="Ramping", weight=10, seen=True)
        scale_prometheus(0)
        time.sleep(45)  # longer than the step would have taken
        held = stage.switch()
        assert (held.phase, held.weight) == ("Ramping", 10), "no data is not a pass"
        assert held.ramp is not None
        assert "no data" in held.ramp.reason
        scale_prometheus(1)
        ended = wait_until(
            lambda: view if (view := stage.switch()).settled == release else None, "the end", 240
        )
        load.stop()
        figures = load.report()
    assert ended.serving == "green", ended.reason
    assert (figures["failed"], figures["wrong"]) == (0, 0), figures["errors"]
