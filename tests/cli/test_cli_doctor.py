"""`switchyard doctor`: every check finds what it is for, and stays silent otherwise."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
import shop_story
from cli_runs import run

from cli import checks_cluster, checks_engine, checks_twin, cluster, doctor
from cli.engine import Engine
from cli.findings import Finding, Level
from cli.rest import Rest
from cli.views import ABORT, switch_view

if TYPE_CHECKING:
    from pathlib import Path

    from fake_kube import FakeApi

pytestmark = pytest.mark.pure


def condition(kind: str, status: str = "True") -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": status}]}}


@pytest.fixture
def rest(api: FakeApi, tmp_path: Path) -> Rest:
    """A cluster on which all is well."""
    api.documents |= {
        "/version": {"gitVersion": "v1.34.2"},
        checks_cluster.CRD: condition("Established"),
        checks_cluster.CONTROLLER: {"spec": {"replicas": 1}, "status": {"availableReplicas": 1}},
        checks_cluster.GATEWAY: condition("Programmed"),
    }
    return Rest(cluster.client("local", kubeconfig=api.kubeconfig(tmp_path / "kubeconfig")))


def problems(findings: list[Finding]) -> dict[str, Finding]:
    bad = {one.name: one for one in findings if one.level is Level.PROBLEM}
    for finding in bad.values():
        assert finding.consequence, f"{finding.name} does not say what follows from it"
        assert finding.fix, f"{finding.name} does not say what to do"
    return bad


def platform(rest: Rest) -> dict[str, Finding]:
    return problems(checks_cluster.cluster(rest, "http://here"))


def twin(rest: Rest, switch: dict[str, Any], live: str | None = "blue") -> dict[str, Finding]:
    return problems(checks_twin.twin(rest, switch_view(switch), live))


def test_a_well_cluster_has_no_problem(rest: Rest) -> None:
    assert platform(rest) == {}
    assert twin(rest, shop_story.on_blue()) == {}


@pytest.mark.parametrize(
    ("path", "document", "name"),
    [
        (checks_cluster.CRD, 404, "TrafficSwitch"),
        (checks_cluster.CRD, condition("Established", "False"), "TrafficSwitch"),
        (checks_cluster.CONTROLLER, 404, "controller"),
        (checks_cluster.CONTROLLER, {"spec": {"replicas": 1}, "status": {}}, "controller"),
        (checks_cluster.GATEWAY, 404, "gateway"),
        (checks_cluster.GATEWAY, condition("Programmed", "False"), "gateway"),
        (checks_cluster.APPLICATIONS, {"items": []}, "applications"),
    ],
)
def test_a_broken_platform_is_found(
    api: FakeApi, rest: Rest, path: str, document: dict[str, Any] | int, name: str
) -> None:
    api.documents[path] = document
    assert list(platform(rest)) == [name]


def test_an_application_out_of_sync_is_named_with_its_reason(api: FakeApi, rest: Rest) -> None:
    application = shop_story.application("green", sync="OutOfSync", health="Degraded")
    application["status"]["health"]["message"] = "pod storefront-1 cannot pull"
    api.documents[checks_cluster.APPLICATIONS] = {"items": [application]}
    found = platform(rest)["application shop-green"]
    assert "OutOfSync, Degraded: pod storefront-1 cannot pull" in found.found


def test_a_cluster_that_is_away_is_the_only_finding(api: FakeApi, rest: Rest) -> None:
    api.stop()
    assert list(platform(rest)) == ["API server"]


def test_a_route_that_is_not_as_the_switch_wants_is_found(api: FakeApi, rest: Rest) -> None:
    api.documents |= shop_story.documents(blue=50, green=50)
    found = twin(rest, shop_story.on_blue())
    assert set(found) == {"route storefront", "route orders"}
    assert "{'blue': 50, 'green': 50}" in found["route storefront"].found


def test_a_missing_route_is_found(api: FakeApi, rest: Rest) -> None:
    path = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes"
    api.documents[path] = {"items": [shop_story.route("orders", 100, 0)]}
    assert list(twin(rest, shop_story.on_blue())) == ["route storefront"]


def test_routes_are_no_drift_while_they_are_being_written(rest: Rest) -> None:
    assert twin(rest, shop_story.to_green("Confirming", 100), live="green") == {}


def test_a_goal_that_nobody_takes_up_is_found(rest: Rest) -> None:
    switch = shop_story.on_blue()
    switch["metadata"]["generation"] = 7
    assert list(twin(rest, switch)) == ["goal"]


def test_a_command_that_waits_is_found(rest: Rest) -> None:
    switch = shop_story.on_blue()
    switch["metadata"]["annotations"] = {ABORT: shop_story.RELEASE["blue"]}
    assert list(twin(rest, switch)) == ["command"]


def test_a_stack_file_that_was_not_applied_is_found(rest: Rest) -> None:
    found = twin(rest, shop_story.on_blue(), live="green")
    assert "switchyard plan shop" in found["stack file"].fix


def test_a_stack_file_that_still_names_the_refused_colour_is_found(rest: Rest) -> None:
    found = twin(rest, shop_story.rejected(), live="green")
    assert set(found) == {"release", "stack file"}
    assert "write `live: blue`" in found["stack file"].fix


def test_an_environment_short_of_pods_is_found(api: FakeApi, rest: Rest) -> None:
    api.documents["/apis/apps/v1/namespaces/shop-blue/deployments"] = {
        "items": [shop_story.deployment("orders", "sha256:" + "1" * 64, ready=1)]
    }
    found = twin(rest, shop_story.on_blue())["blue environment"]
    assert found.found == "not available: orders 1/2"
    assert found.consequence == "the serving colour is short of pods"


def lock(folder: Path, **holder: object) -> Engine:
    """An engine whose file backend holds one lock."""
    path = folder / ".pulumi/locks/organization/switchyard/local/one.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(holder) if holder else "{")
    return Engine("local", f"file://{folder}")


def test_a_lock_of_a_process_that_is_gone_is_stale(tmp_path: Path) -> None:
    beyond = 2**22 + 1  # no process has an id past the kernel's limit
    engine = lock(tmp_path, pid=beyond, hostname=socket.gethostname(), timestamp="then")
    (found,) = checks_engine.locks(engine)
    assert found.level is Level.PROBLEM
    assert found.fix == "`switchyard pulumi --stack local -- cancel --yes`"


def test_a_lock_of_a_running_process_is_only_worth_knowing(tmp_path: Path) -> None:
    engine = lock(tmp_path, pid=os.getpid(), hostname=socket.gethostname(), timestamp="now")
    (found,) = checks_engine.locks(engine)
    assert found.level is Level.NOTE


def test_a_lock_of_another_machine_is_never_called_stale(tmp_path: Path) -> None:
    engine = lock(tmp_path, pid=1, hostname="elsewhere", timestamp="then")
    (found,) = checks_engine.locks(engine)
    assert found.level is Level.NOTE, "its process cannot be looked for from here"


def test_a_lock_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    (found,) = checks_engine.locks(lock(tmp_path))
    assert found.level is Level.PROBLEM


def test_no_lock_is_well(tmp_path: Path) -> None:
    (found,) = checks_engine.locks(Engine("local", f"file://{tmp_path}"))
    assert found.level is Level.OK


def test_pending_operations_are_found_with_the_command_that_clears_them() -> None:
    urn = "urn:pulumi:local::switchyard::kubernetes:core/v1:Namespace::shop-blue"
    state = {"deployment": {"pending_operations": [{"type": "creating", "resource": {"urn": urn}}]}}
    found = checks_engine.pending(state, "local")
    assert found.level is Level.PROBLEM
    assert found.found == "creating shop-blue"
    assert "refresh --yes --clear-pending-creates" in found.fix


def test_a_state_without_pending_operations_is_well() -> None:
    found = checks_engine.pending({"deployment": {"resources": [{}, {}]}}, "local")
    assert (found.level, found.found) == (Level.OK, "none; 2 resources in the state")


def test_a_stack_that_does_not_exist_is_invalid_input() -> None:
    assert run("doctor", "--stack", "nowhere").code == 2


def test_a_diagnosis_shows_problems_and_counts_what_is_well() -> None:
    well = Finding(area="cluster", name="gateway", level=Level.OK, found="programmed")
    bad = Finding(
        area="cluster",
        name="controller",
        level=Level.PROBLEM,
        found="gone",
        consequence="c",
        fix="f",
    )
    diagnosis = doctor.Diagnosis(stack="local", healthy=False, findings=[well, bad])
    told = str(doctor.told(diagnosis, everything=False))
    assert "1 of 2 well" in told
    assert "programmed" not in told
    assert "1 to mend" in told
    assert "programmed" in str(doctor.told(diagnosis, everything=True))
