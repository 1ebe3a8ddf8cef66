"""What counts as a healthy candidate."""

from typing import Any

import pytest
from controller_simulator import DIGESTS, SERVICES, deployment

from controller.api import Service
from controller.sight import NotReady, Ready
from controller.workloads import SERVICE_LABEL, judge, judge_endpoints

pytestmark = pytest.mark.pure

WANTED = DIGESTS["v1"]


def healthy() -> list[dict[str, Any]]:
    return [
        {"kind": "Deployment", **deployment("shop-blue", "blue", app, digest)}
        for app, digest in WANTED.items()
    ]


def job(digest: str, *conditions: str) -> dict[str, Any]:
    return {
        "kind": "Job",
        "metadata": {"name": "migrate"},
        "spec": {"template": {"spec": {"containers": [{"image": f"x/orders@{digest}"}]}}},
        "status": {"conditions": [{"type": c, "status": "True"} for c in conditions]},
    }


def test_available_workloads_with_exactly_these_digests_are_ready() -> None:
    assert judge(healthy(), [job(WANTED["orders"], "Complete")], WANTED, "blue") == Ready()


def test_nothing_there_is_not_ready() -> None:
    verdict = judge([], [], WANTED, "blue")
    assert isinstance(verdict, NotReady)
    assert "no workload" in verdict.reason


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"status": {}}, "newer generation"),
    ({"status": {"observedGeneration": 1}}, "0 of 2 replicas updated"),
    ({"status": {"observedGeneration": 1, "updatedReplicas": 2}}, "0 of 2 replicas available"),
    (
        {
            "status": {
                "observedGeneration": 1,
                "updatedReplicas": 2,
                "availableReplicas": 2,
                "replicas": 3,
            }
        },
        "old ones among them",
    ),
]


@pytest.mark.parametrize(("change", "reason"), BROKEN)
def test_a_rollout_under_way_is_not_ready(change: dict[str, Any], reason: str) -> None:
    workloads = healthy()
    workloads[0] |= change
    verdict = judge(workloads, [], WANTED, "blue")
    assert isinstance(verdict, NotReady)
    assert reason in verdict.reason


def test_scaled_to_zero_is_not_ready() -> None:
    workloads = healthy()
    workloads[0]["spec"]["replicas"] = 0
    verdict = judge(workloads, [], WANTED, "blue")
    assert isinstance(verdict, NotReady)
    assert "scaled to 0" in verdict.reason


@pytest.mark.parametrize("image", ["x/storefront:v1", "x/storefront@sha256:" + "f" * 64, ""])
def test_a_tag_or_a_foreign_digest_is_not_ready(image: str) -> None:
    workloads = healthy()
    workloads[0]["spec"]["template"]["spec"]["initContainers"] = [{"image": image}]
    verdict = judge(workloads, [], WANTED, "blue")
    assert isinstance(verdict, NotReady)
    assert "not among the candidate's digests" in verdict.reason


def test_a_digest_that_nobody_runs_is_not_ready() -> None:
    verdict = judge(healthy()[:1], [], WANTED, "blue")
    assert isinstance(verdict, NotReady)
    assert "no workload labelled app.kubernetes.io/name=orders" in verdict.reason


def test_the_digests_of_two_services_swapped_are_not_ready() -> None:
    workloads = healthy()
    for workload, digest in zip(workloads, reversed(WANTED.values()), strict=True):
        workload["spec"]["template"]["spec"]["containers"][0]["image"] = f"x/y@{digest}"
    assert isinstance(judge(workloads, [], WANTED, "blue"), NotReady)


def test_a_job_under_way_or_failed_holds_but_an_old_failure_does_not() -> None:
    assert isinstance(judge(healthy(), [job(WANTED["orders"])], WANTED, "blue"), NotReady)
    assert isinstance(judge(healthy(), [job(WANTED["orders"], "Failed")], WANTED, "blue"), NotReady)
    old = DIGESTS["v3"]["orders"]
    assert judge(healthy(), [job(old, "Failed"), job(old, "Complete")], WANTED, "blue") == Ready()


def test_endpoints_must_be_ready_for_every_service() -> None:
    services = [Service.model_validate(s) for s in SERVICES]

    def piece(app: str, **conditions: bool) -> dict[str, Any]:
        return {
            "metadata": {"labels": {SERVICE_LABEL: app}},
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": conditions}],
        }

    good = [piece("storefront", ready=True), piece("orders")]
    assert judge_endpoints(good, services, "blue") == Ready()
    for bad in (
        [piece("storefront", ready=True)],
        [*good[:1], piece("orders", ready=False)],
        [*good[:1], piece("orders", ready=True, terminating=True)],
        [*good[:1], {"metadata": {"labels": {SERVICE_LABEL: "orders"}}, "endpoints": None}],
    ):
        verdict = judge_endpoints(bad, services, "blue")
        assert isinstance(verdict, NotReady)
        assert "orders" in verdict.reason
