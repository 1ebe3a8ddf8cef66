"""Applications: what they pin, and by what the engine knows that they have arrived."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recorded import OTHER_SHA, SHA, Run

from components import argo_cd_manifests
from components.application import Source, application, goal
from components.baked_image import BakedImage

pytestmark = pytest.mark.pure

SOURCE = Source(repository="git://r", path="shop", revision=SHA, values={"colour": "blue"})


def made(source: Source) -> dict[str, Any]:
    return dict(application("shop-blue", source, project="shop", namespace="shop-blue", labels={}))


def waits(document: dict[str, Any]) -> list[str]:
    return json.loads(document["metadata"]["annotations"]["pulumi.com/waitFor"])


def test_an_application_is_waited_for_until_its_own_source_was_compared_and_healthy() -> None:
    document = made(SOURCE)
    assert waits(document) == [
        f"jsonpath={{.status.sync.comparedTo.source.name}}={document['spec']['source']['name']}",
        f"jsonpath={{.status.sync.revision}}={SHA}",
        "jsonpath={.status.sync.status}=Synced",
        "jsonpath={.status.operationState.phase}=Succeeded",
        "jsonpath={.status.health.status}=Healthy",
    ]


@pytest.mark.parametrize(
    "other",
    [
        replace(SOURCE, values={"colour": "green"}),
        replace(SOURCE, revision=OTHER_SHA),
        replace(SOURCE, path="bakery"),
        replace(SOURCE, repository="git://other"),
    ],
)
def test_no_status_of_another_source_satisfies_the_wait(other: Source) -> None:
    assert goal(SOURCE, "shop-blue") != goal(other, "shop-blue")
    assert goal(SOURCE, "shop-blue") != goal(SOURCE, "shop-green")
    assert waits(made(SOURCE))[0] != waits(made(other))[0]


def test_deleting_an_application_deletes_what_it_brought(run: Run) -> None:
    for one in run().of_kind("Application"):
        finalizers = one.inputs["metadata"]["finalizers"]
        assert finalizers == ["resources-finalizer.argocd.argoproj.io"], one.name


def test_applications_are_found_by_twin_and_colour(run: Run) -> None:
    labels = run().one("shop-green-application").inputs["metadata"]["labels"]
    assert labels == {"switchyard.dev/twin": "shop", "switchyard.dev/colour": "green"}


def test_a_twins_project_lets_it_write_to_its_colours_alone(run: Run) -> None:
    spec = run().one("shop-project").inputs["spec"]
    assert [one["namespace"] for one in spec["destinations"]] == ["shop-blue", "shop-green"]
    assert spec["clusterResourceWhitelist"] == [], "an application brings nothing cluster-wide"
    assert spec["sourceRepos"] == ["git://10.213.0.1/environments.git"]


def test_the_gateway_gets_the_address_and_the_image_that_the_stack_names(run: Run) -> None:
    graph = run()
    kubernetes = graph.one("edge-proxy").inputs["spec"]["provider"]["kubernetes"]
    assert kubernetes["envoyService"]["patch"]["value"]["spec"] == {"clusterIP": "10.215.0.80"}
    assert "@sha256:" in kubernetes["envoyDeployment"]["container"]["image"]
    assert kubernetes["envoyDeployment"]["replicas"] == 2
    values = graph.one("envoy-gateway-application").inputs["spec"]["source"]["helm"]["valuesObject"]
    image = values["gateway-helm"]["deployment"]["envoyGateway"]["image"]
    assert f"{image['repository']}:{image['tag']}".count("@sha256:") == 1


class TestArgoCdManifests:
    def test_schemas_keep_what_people_write_without_the_prose(self, tmp_path: Path) -> None:
        described = {
            "spec": {
                "description": "prose",
                "properties": {
                    "description": {"type": "string", "description": "a property of that name"}
                },
            },
            "status": {"type": "object", "properties": {"sync": {"type": "string"}}},
        }
        versions = [{"schema": {"openAPIV3Schema": {"properties": described}}}]
        for path in argo_cd_manifests.FILES[:2]:
            target = tmp_path / path
            target.parent.mkdir(exist_ok=True)
            target.write_text(json.dumps({"spec": {"versions": versions}}))
        slim = next(argo_cd_manifests.definitions(tmp_path))
        assert slim["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"] == {
            "spec": {"properties": {"description": {"type": "string"}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        }

    def test_every_container_is_named_by_digest_and_bounded(self, upstream: Path) -> None:
        argocd = BakedImage("r/argocd@sha256:" + "a" * 64)
        redis = BakedImage("r/redis@sha256:" + "b" * 64)
        manifests = upstream / "manifests"
        for document in argo_cd_manifests.workloads(manifests, argocd, redis):
            for container in document["spec"]["template"]["spec"]["containers"]:
                expected = redis if container["name"] == "redis" else argocd
                assert container["image"] == expected.reference
                assert set(container["resources"]["limits"]) == {"memory"}
