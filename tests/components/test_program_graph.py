"""The graph that the whole program registers."""

import json
from typing import Any, cast

import pytest
from recorded import PASSWORD, Graph, Run, secret

pytestmark = pytest.mark.pure


def test_every_object_goes_through_the_one_explicit_provider(run: Run) -> None:
    graph = run()
    (provider,) = graph.of_kind("kubernetes")
    for resource in graph.resources.values():
        if resource.type.startswith("kubernetes:"):
            assert provider.urn in resource.provider, f"{resource.name} would reach another cluster"


def test_every_object_names_its_namespace_or_is_cluster_wide(run: Run) -> None:
    cluster_wide = {
        "Namespace",
        "CustomResourceDefinition",
        "ClusterRole",
        "ClusterRoleBinding",
        "GatewayClass",
        "PersistentVolume",
    }
    for resource in run().resources.values():
        if resource.type.startswith("kubernetes:") and resource.kind not in cluster_wide:
            assert resource.inputs["metadata"].get("namespace"), (
                f"{resource.name} would land in whatever namespace the kubeconfig names"
            )


def test_every_namespace_admits_restricted_pods_alone(run: Run) -> None:
    for namespace in run().of_kind("Namespace"):
        labels = namespace.inputs["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted", namespace.name


def test_every_namespace_denies_what_it_does_not_name(run: Run) -> None:
    graph = run()
    guarded = {
        policy.inputs["metadata"]["namespace"]: policy.inputs["spec"]
        for policy in graph.of_kind("NetworkPolicy")
        if policy.inputs["metadata"]["name"] == "default"
    }
    for namespace in graph.of_kind("Namespace"):
        spec = guarded[namespace.inputs["metadata"]["name"]]
        assert spec["podSelector"] == {}
        assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_a_colour_lets_nothing_in_or_out_by_itself(run: Run) -> None:
    graph = run()
    for colour in ("blue", "green"):
        spec = graph.one(f"shop-{colour}-policy").inputs["spec"]
        assert spec["ingress"] == [], "the chart names the flows; the environment grants none"
        assert spec["egress"] == []


def test_a_colour_has_a_quota_and_defaults(run: Run) -> None:
    graph = run()
    assert len(graph.of_kind("ResourceQuota")) == 2
    assert len(graph.of_kind("LimitRange")) == 2
    assert graph.one("shop-blue-quota").inputs["spec"]["hard"]["services.nodeports"] == "0"


def test_the_database_password_is_secret_wherever_it_goes(run: Run) -> None:
    graph = run()
    holders = [one for one in graph.of_kind("Secret") if "stringData" in one.inputs]
    assert {one.name for one in holders} == {
        "argo-cd-secret",
        "argo-cd-redis",
        "shop-database-secret",
        "shop-blue-database",
        "shop-green-database",
    }
    for holder in holders:
        assert "stringData" in holder.secret_outputs
        if holder.name.startswith("argo-cd"):
            (derived,) = holder.inputs["stringData"].values()
            assert secret(derived) != PASSWORD, "a derived secret does not give the other away"
            continue
        assert secret(holder.inputs["stringData"]["password"]) == PASSWORD


def test_the_database_password_is_nowhere_else(run: Run) -> None:
    graph = run()
    for resource in graph.resources.values():
        if resource.kind != "Secret":
            assert PASSWORD not in json.dumps(resource.inputs), (
                f"{resource.name} tells the password"
            )
    assert PASSWORD not in json.dumps(graph.outputs), "outputs are printed and stored"


def test_images_are_named_by_digest_wherever_a_pod_is_declared(run: Run) -> None:
    def images(node: object) -> list[str]:
        if isinstance(node, dict):
            fields = cast("dict[str, object]", node)
            own = [fields["image"]] if isinstance(fields.get("image"), str) else []
            inner = [found for value in fields.values() for found in images(value)]
            return [*map(str, own), *inner]
        if isinstance(node, list):
            return [found for item in cast("list[object]", node) for found in images(item)]
        return []

    found = [image for resource in run().resources.values() for image in images(resource.inputs)]
    assert len(found) >= 6
    assert all("@sha256:" in image for image in found), found


def test_the_stack_has_few_outputs_named_for_their_reader(run: Run) -> None:
    stack = run().exports
    assert set(stack) == {"urls", "serving", "phase", "digests", "rollback"}
    assert stack["serving"] == {"shop": "blue"}
    assert stack["urls"]["shop"]["storefront"] == "http://shop.localhost:8080/"
    assert stack["rollback"]["shop"] == "switchyard abort --stack test --twin shop"
    assert set(stack["digests"]["shop"]["green"]) == {"storefront", "orders", "recommender"}


def test_a_preview_with_nothing_there_yet_does_not_crash_on_unknowns(run: Run) -> None:
    graph = run(preview=True, status={})
    assert graph.one("shop-switch-resource").inputs["spec"]["live"] == "blue"


def test_a_second_twin_shares_the_platform_and_nothing_else(
    run: Run, config: dict[str, Any]
) -> None:
    other = json.loads(json.dumps(config["twins"]["shop"]))
    other["services"] = [
        {"name": "storefront", "hostnames": ["wine.localhost"]},
        {"name": "orders", "hostnames": ["wine-orders.localhost"]},
    ]
    alone = run()
    config["twins"]["wine"] = other
    both = run()
    assert set(alone.resources) < set(both.resources)
    added = [both.resources[urn] for urn in set(both.resources) - set(alone.resources)]
    assert all(resource.name.startswith("wine") for resource in added)


def describe(graph: Graph, colour: str) -> dict[str, Any]:
    """Everything under one colour, with the colour's own name taken out."""
    other = "green" if colour == "blue" else "blue"
    found: dict[str, Any] = {}
    for resource in graph.resources.values():
        if f"shop-{colour}" in resource.name:
            text = json.dumps([resource.type, resource.inputs])
            assert f"shop-{other}" not in text, f"{resource.name} reaches into the other colour"
            name = resource.name.replace(colour, "COLOUR")
            found[name] = json.loads(text.replace(colour, "COLOUR"))
    return found


def differences(left: object, right: object, where: str = "") -> set[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        left, right = cast("dict[str, object]", left), cast("dict[str, object]", right)
        assert set(left) == set(right), f"{where}: {set(left) ^ set(right)}"
        return {
            path for key in left for path in differences(left[key], right[key], f"{where}.{key}")
        }
    if isinstance(left, list) and isinstance(right, list):
        left, right = cast("list[object]", left), cast("list[object]", right)
        assert len(left) == len(right), where
        return {
            path
            for index, pair in enumerate(zip(left, right, strict=True))
            for path in differences(*pair, f"{where}.{index}")
        }
    return set() if left == right else {where}


def test_the_twins_differ_in_colour_revision_and_digests_alone(run: Run) -> None:
    graph = run()
    found = differences(describe(graph, "blue"), describe(graph, "green"))
    source = ".shop-COLOUR-application.1.spec.source"
    assert found == {
        ".shop-COLOUR-application.1.metadata.annotations.pulumi.com/waitFor",
        f"{source}.name",
        f"{source}.targetRevision",
        f"{source}.helm.valuesObject.revision",
        f"{source}.helm.valuesObject.images.storefront",
        f"{source}.helm.valuesObject.images.orders",
        f"{source}.helm.valuesObject.images.recommender",
    }


def test_twins_of_equal_content_differ_in_colour_alone(run: Run, config: dict[str, Any]) -> None:
    config["twins"]["shop"]["green"] = config["twins"]["shop"]["blue"]
    graph = run()
    found = differences(describe(graph, "blue"), describe(graph, "green"))
    # the identity of a source covers its colour
    assert found == {
        ".shop-COLOUR-application.1.metadata.annotations.pulumi.com/waitFor",
        ".shop-COLOUR-application.1.spec.source.name",
    }


def test_releasing_changes_the_switch_and_nothing_else(run: Run, config: dict[str, Any]) -> None:
    before = run()
    config["twins"]["shop"]["live"] = "green"
    after = run()
    changed = {
        urn
        for urn in {*before.resources, *after.resources}
        if before.resources.get(urn) != after.resources.get(urn)
    }
    assert {urn.rpartition("::")[2] for urn in changed} == {"shop-switch-resource"}
    (switch,) = changed
    assert differences(before.resources[switch].inputs, after.resources[switch].inputs) == {
        ".metadata.annotations.pulumi.com/waitFor",
        ".spec.release",
        ".spec.live",
        ".spec.candidate.revision",
        ".spec.candidate.digests.storefront",
        ".spec.candidate.digests.orders",
        ".spec.candidate.digests.recommender",
    }


def test_the_colours_come_before_the_switch_and_the_platform_before_the_colours(run: Run) -> None:
    graph = run()
    order = [resource.name for resource in graph.resources.values()]

    def before(first: str, second: str) -> None:
        assert order.index(first) < order.index(second), f"{first} must be there before {second}"

    for colour in ("blue", "green"):
        before(f"shop-{colour}-application", "shop-switch-resource")
        before("shop-database-server", f"shop-{colour}-application")
        before("edge-gateway", f"shop-{colour}-grant")
        before("argo-cd-platform", f"shop-{colour}-application")
    before("release-controller-deployment", "shop-switch-resource")
    before("envoy-gateway-application", "edge-gateway")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        # the controller takes its finalizer away; the routes go with the switch
        ("shop-switch-resource", "release-controller-deployment"),
        ("shop-switch-resource", "release-controller-trafficswitches"),
        ("shop-switch-resource", "shop-blue-application"),
        ("shop-switch-resource", "shop-green-application"),
        ("shop-switch-resource", "shop-namespace"),
        ("shop-switch-resource", "edge-gateway"),
        # Argo CD deletes what an Application brought, so it has to outlive it
        ("shop-blue-application", "argo-cd-application-controller"),
        ("shop-blue-application", "argo-cd-repo-server"),
        ("shop-blue-application", "shop-project"),
        ("shop-blue-application", "shop-blue-namespace"),
        ("shop-blue-application", "shop-database-server"),
        ("envoy-gateway-application", "argo-cd-application-controller"),
        ("envoy-gateway-application", "argo-cd-platform"),
        # the add-on takes its definitions along, and with them every object of their kinds
        ("edge-gateway", "envoy-gateway-application"),
        ("edge-class", "envoy-gateway-application"),
        ("shop-blue-grant", "envoy-gateway-application"),
        ("argo-cd-platform", "argo-cd-appprojects"),
        ("shop-project", "argo-cd-appprojects"),
        ("argo-cd-cm", "argo-cd-namespace"),
        ("shop-database-claim", "shop-database-volume"),
    ],
)
def test_destroying_takes_away_in_an_order_that_leaves_nothing(
    run: Run, first: str, then: str
) -> None:
    assert then in run().needs(first), f"{then} could go before {first}"
