"""The shop's chart, rendered by Helm as Argo CD renders it."""

import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.pure

Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]
Template = Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]

SERVICES = ("storefront", "orders", "recommender")
REVISIONS = {"blue": "b" * 40, "green": "c" * 40}


def reference(service: str, colour: str) -> str:
    digit = {"blue": "1", "green": "2"}[colour]
    return f"10.213.0.1:5000/shop/{service}@sha256:{digit * 64}"


def values(colour: str, **changed: object) -> dict[str, Any]:
    images = {service: reference(service, colour) for service in SERVICES}
    return {"colour": colour, "revision": REVISIONS[colour], "images": images, **changed}


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    found = [m for m in manifests if m["kind"] == kind and m["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} {kind} are called {name}"
    return found[0]


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Give the pod templates by the name of what makes the pods."""
    makers = [m for m in manifests if m["kind"] in {"Deployment", "Job"}]
    return {m["metadata"]["name"]: m["spec"]["template"] for m in makers}


def differences(one: object, other: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Give every leaf in which two manifests differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():  # pyright: ignore[reportUnknownMemberType] - YAML is untyped
        for key in one:  # pyright: ignore[reportUnknownVariableType] - YAML is untyped
            yield from differences(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):  # pyright: ignore[reportUnknownArgumentType] - YAML is untyped
        for at, (left, right) in enumerate(zip(one, other, strict=True)):  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] - YAML is untyped
            yield from differences(left, right, f"{path}/{at}")
    elif one != other:
        yield path, one, other


def test_the_colours_differ_in_colour_revision_and_digests_alone(render: Render) -> None:
    blue, green = render(**values("blue")), render(**values("green"))
    found = list(differences(blue, green))
    allowed = {("blue", "green"), (REVISIONS["blue"], REVISIONS["green"])}
    allowed |= {(reference(service, "blue"), reference(service, "green")) for service in SERVICES}
    foreign = [each for each in found if each[1:] not in allowed]
    assert not foreign, "the twins are not identical"
    assert {each[1:] for each in found} == allowed, "colour, revision or a digest is not rendered"


def test_equal_values_render_equal_manifests(render: Render) -> None:
    assert render(**values("blue")) == render(**values("blue"))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"images": {"storefront": "shop/storefront:v1"}}, "/images/storefront"),
        ({"images": {"orders": "shop/orders:v1@sha256:" + "1" * 64}}, "/images/orders"),
        ({"images": {"recommender": "shop/recommender@sha256:12"}}, "/images/recommender"),
        ({"colour": "red"}, "/colour"),
        ({"colour": ""}, "/colour"),
        ({"revision": "main"}, "/revision"),
        ({"replicas": {"storefront": 1}}, "/replicas/storefront"),
        ({"colours": "blue"}, "colours"),
        ({"database": {"port": "5432"}}, "/database/port"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(
    template: Template, change: dict[str, Any], part: str
) -> None:
    meant = values("blue")
    for key, value in change.items():
        meant[key] = {**meant.get(key, {}), **value} if isinstance(value, dict) else value
    done = template(meant)
    assert done.returncode != 0, done.stdout
    assert part in done.stderr, done.stderr


def test_colour_and_images_have_no_default(template: Template) -> None:
    done = template({})
    assert done.returncode != 0
    for part in ("/colour", "/images/storefront"):
        assert part in done.stderr


def test_every_pod_passes_the_restricted_pod_security_standard(render: Render) -> None:
    for name, template in pods(render(**values("blue"))).items():
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & spec.keys(), name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name


def test_every_container_asks_for_little_and_is_never_throttled(render: Render) -> None:
    for name, template in pods(render(**values("blue"))).items():
        for container in template["spec"]["containers"]:
            assert container["resources"]["requests"] == {"cpu": "20m", "memory": "32Mi"}, name
            assert container["resources"]["limits"].keys() == {"memory"}, name


def test_the_collector_tries_harder_before_the_memory_limit(render: Render) -> None:
    for service in SERVICES:
        (container,) = pods(render(**values("blue")))[service]["spec"]["containers"]
        env = {e["name"]: e.get("value") for e in container["env"]}
        limit = container["resources"]["limits"]["memory"].removesuffix("Mi")
        assert int(env["GOMEMLIMIT"].removesuffix("MiB")) <= int(limit) * 0.8, service


def test_every_service_keeps_one_pod_through_every_disruption(render: Render) -> None:
    manifests = render(**values("blue"))
    for service in SERVICES:
        deployment = one(manifests, "Deployment", service)["spec"]
        assert deployment["replicas"] >= 2
        assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        budget = one(manifests, "PodDisruptionBudget", service)["spec"]
        assert budget["minAvailable"] == 1
        labels = deployment["template"]["metadata"]["labels"]
        for selector in (
            budget["selector"]["matchLabels"],
            deployment["selector"]["matchLabels"],
            one(manifests, "Service", service)["spec"]["selector"],
        ):
            assert selector.items() <= labels.items(), "a selector that finds no pod of its own"


def seconds(duration: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", duration).groups()  # pyright: ignore[reportOptionalMemberAccess] - the schema holds it to the pattern
    return int(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]


def test_leaving_takes_less_than_the_kubelet_grants(render: Render) -> None:
    for service in SERVICES:
        spec = pods(render(**values("blue")))[service]["spec"]
        env = {e["name"]: e.get("value") for e in spec["containers"][0]["env"]}
        leaving = seconds(env["LAME_DUCK"]) + seconds(env["DRAIN"])
        assert leaving < spec["terminationGracePeriodSeconds"], "requests would be killed"


def test_the_migration_runs_with_the_orders_image_before_the_pods_and_after_its_policy(
    render: Render,
) -> None:
    manifests = render(**values("green"))
    job = one(manifests, "Job", "orders-migrate")
    annotations = job["metadata"]["annotations"]
    assert annotations["argocd.argoproj.io/hook"] == "Sync"
    assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == reference("orders", "green")
    assert container["args"] == ["migrate"]

    def wave(manifest: Manifest) -> int:
        found = manifest["metadata"].get("annotations", {})
        return int(found.get("argocd.argoproj.io/sync-wave", "0"))

    assert wave(job) < min(wave(one(manifests, "Deployment", service)) for service in SERVICES)
    policies = [m for m in manifests if m["kind"] == "NetworkPolicy"]
    assert max(map(wave, policies)) < wave(job), "the Job could not reach the database"


def test_credentials_come_from_the_secret_and_the_address_from_the_values(render: Render) -> None:
    manifests = render(**values("blue", twin="cellar", database={"port": 6543, "user": "clerk"}))
    for name in ("orders", "orders-migrate"):
        env = {e["name"]: e for e in pods(manifests)[name]["spec"]["containers"][0]["env"]}
        assert env["PGHOST"]["value"] == "postgres.cellar.svc"
        assert env["PGPORT"]["value"] == "6543"
        assert env["PGUSER"]["value"] == "clerk"
        assert env["PGDATABASE"]["valueFrom"]["secretKeyRef"] == {
            "name": "database",
            "key": "database",
        }
        assert env["PGPASSWORD"] == {
            "name": "PGPASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}},
        }


def selected(selector: dict[str, Any]) -> list[str]:
    """Give the names a pod selector finds."""
    if "matchLabels" in selector:
        return [selector["matchLabels"]["app.kubernetes.io/name"]]
    (expression,) = selector["matchExpressions"]
    return expression["values"]


def peer(given: dict[str, Any]) -> str:
    """Give one end of a flow as a word."""
    if "namespaceSelector" not in given:
        return "+".join(selected(given["podSelector"]))
    namespace = given["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    labels = given.get("podSelector", {}).get("matchLabels", {})
    return f"{namespace}:{','.join(labels.values())}"


def flows(manifests: list[Manifest]) -> set[str]:
    """Give what the network policies allow, one line a flow."""
    found: set[str] = set()
    for policy in (m["spec"] for m in manifests if m["kind"] == "NetworkPolicy"):
        for pod in selected(policy["podSelector"]):
            for rule in policy.get("ingress", []):
                ports = ",".join(str(port["port"]) for port in rule["ports"])
                found |= {f"{peer(source)} -> {pod}:{ports}" for source in rule["from"]}
            for rule in policy.get("egress", []):
                ports = ",".join(str(port["port"]) for port in rule["ports"])
                targets = [peer(target) for target in rule["to"]] if "to" in rule else ["any"]
                found |= {f"{pod} => {target}:{ports}" for target in targets}
    return found


def test_the_network_policies_allow_the_shops_flows_and_no_other(render: Render) -> None:
    gateway = "envoy-gateway-system:envoy-gateway,proxy"
    assert flows(render(**values("blue"))) == {
        f"{gateway} -> storefront:8080",
        f"{gateway} -> orders:8080",
        "storefront -> orders:8080",
        "storefront -> recommender:8080",
        "storefront => orders+recommender:8080",
        "storefront => any:53,53",
        "orders => shop:postgres:5432",
        "orders => any:53,53",
        "orders-migrate => shop:postgres:5432",
        "orders-migrate => any:53,53",
        "observability: -> storefront:9090",
        "observability: -> orders:9090",
        "observability: -> recommender:9090",
    }
