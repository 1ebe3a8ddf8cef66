"""Every kind of bad input is refused with its value, its consequence and its fix."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import settings
from settings import Colour, Settings

pytestmark = pytest.mark.pure

Stack = dict[str, Any]
Refusal = Callable[[Stack], str]


def put(stack: Stack, path: str, value: object) -> Stack:
    target: Any = stack
    *parents, last = path.split(".")
    for key in parents:
        target = target[int(key)] if key.isdigit() else target.setdefault(key, {})
    target[last] = value
    return stack


def test_a_whole_stack_is_accepted(parse: Callable[[Stack], Settings], stack: Stack) -> None:
    accepted = parse(stack)
    twin = accepted.twins["shop"]
    assert twin.live is Colour.BLUE
    assert twin.environment(Colour.GREEN).images["orders"] == "orders-v2"
    assert settings.seconds(twin.strategy.health_timeout) == 300


def test_defaults_are_those_the_documentation_names(
    parse: Callable[[Stack], Settings], stack: Stack
) -> None:
    del stack["twins"]["shop"]["strategy"]
    del stack["edge"]["proxies"]
    accepted = parse(stack)
    assert accepted.twins["shop"].strategy.rollback_window == "1h"
    assert accepted.edge.proxies == 2, "losing one of two gateway pods must lose no request"


@pytest.mark.parametrize(
    ("path", "value", "consequence", "fix"),
    [
        ("twins.shop.live", "grren", "traffic would have no destination", "write 'green'"),
        ("twins.shop.live", "purple", "traffic would have no destination", "'blue' or 'green'"),
        ("twins.shop.live", 3, "traffic would have no destination", "'blue' or 'green'"),
        ("twins.shop.green.revision", "main", "another content after the review", "git rev-parse"),
        ("twins.shop.green.revision", "0123456", "another content after the review", "all 40"),
        ("git.addonsRevision", "v1.9.1", "another content after the review", "all 40"),
        ("twins.shop.blue.images.orders", "shop/orders:v1", "a tag can be moved", "@sha256:"),
        ("twins.shop.blue.images.orders", "orders:latest", "a tag can be moved", "@sha256:"),
        ("twins.shop.blue.images.orders", "r/orders@sha256:12", "a tag can be moved", "@sha256:"),
        ("twins.shop.blue.images.orders", "orders-v9", "no digest to deploy", "write 'orders-v"),
        ("twins.shop.blue.images.orders", "zebra", "no digest to deploy", "switchyard bake zebra"),
        ("twins.shop.services.0.hostnames", ["http://shop"], "refuse the route", "DNS name"),
        ("twins.shop.services.0.hostnames", ["Shop.example"], "refuse the route", "lower-case"),
        ("twins.shop.services.0.path", "cart", "no request would ever match", "'/cart'"),
        ("twins.shop.services.0.probe", "readyz", "no request would ever match", "'/readyz'"),
        ("twins.shop.strategy.rollbackWindow", "-1h", "no time before the release", "zero or more"),
        ("twins.shop.strategy.rollbackWindow", -1, "no time before the release", "zero or more"),
        ("twins.shop.strategy.rollbackWindow", "an hour", "how long to wait", '"5m"'),
        ("twins.shop.strategy.rollbackWindow", 60, "how long to wait", "digits with their units"),
        ("twins.shop.strategy.healthTimeout", "0s", "given up before its first probe", "positive"),
        ("twins.shop.strategy.steps", [5, 1], "stand still, go back", "larger than the one before"),
        ("twins.shop.strategy.steps", [0, 5], "no route can hold", "whole percents"),
        ("twins.shop.strategy.steps", [0.5], "no route can hold", "whole percents"),
        ("twins.shop.strategy.stickyBy", {"header": "u"}, "without regard", "{cookie"),
        ("twins.shop.strategy.stickyBy.cookie", "a b", "no browser", "letters, digits"),
        ("twins.shop.judge.falseAlarmRate", 1, "every release or none", "0.01"),
        ("twins.shop.judge.margin", 0, "no amount of traffic", "0.1"),
        ("twins.shop.judge.detectable", 1, "evidence that cannot come", "such as 5"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(  # noqa: PLR0913, PLR0917 - one row of the table
    stack: Stack, refusal: Refusal, path: str, value: object, consequence: str, fix: str
) -> None:
    text = refusal(put(stack, path, value))
    assert f"switchyard:{path}" in text, "the refusal must say where the value is written"
    assert str(value).strip("[]'") in text, "the refusal must name the value"
    assert consequence in text
    assert fix in text
    assert "has 1 problem; nothing was changed" in text


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("twins.shop.strategy.kind", "rolling", "'blueGreen'"),
        ("foundation.kind", "cloud", "'yard' or 'kubeconfig'"),
        ("edge.address", "127.0.0.1:8080", "pattern"),
        ("edge.serviceAddress", "somewhere", "pattern"),
        ("edge.proxies", 0, "greater than or equal to 1"),
        ("edge.proxies", "2", "integer"),
        ("twins.shop.services.0.port", 70000, "65535"),
        ("twins.shop.services", [], "at least 1"),
        ("twins.shop.services.0.hostnames", [], "at least 1"),
        ("twins", {}, "at least 1"),
        ("twins", ["shop"], "dictionary"),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused(
    stack: Stack, refusal: Refusal, path: str, value: object, says: str
) -> None:
    text = refusal(put(stack, path, value))
    assert f"switchyard:{path}" in text
    assert says in text


@pytest.mark.parametrize(
    ("indicator", "consequence"),
    [
        ({"name": "latency", "kind": "histogram"}, "there would never be data"),
        ({"name": "failed", "kind": "ratio", "query": {"bad": "a"}}, "there would never be data"),
        ({"name": "m", "kind": "gauge", "query": {"values": "sum(a)"}}, "raw samples"),
        ({"name": "m", "kind": "gauge", "objective": 0.1, "query": {"values": "a"}}, "would trip"),
        ({"name": "errors", "kind": "ratio", "margin": -1}, "could exclude it"),
    ],
)
def test_an_indicator_that_could_never_judge_is_refused(
    stack: Stack, refusal: Refusal, indicator: dict[str, object], consequence: str
) -> None:
    text = refusal(put(stack, "twins.shop.judge", {"indicators": [indicator]}))
    assert consequence in text
    assert "fix: " in text


def test_a_trusted_key_that_is_none_is_refused_without_being_repeated(
    stack: Stack, refusal: Refusal
) -> None:
    text = refusal(put(stack, "trustedKeys", {"ann": "ed25519:short"}))
    assert "no override could ever be verified" in text
    assert "short" not in text


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("egde", "edge"),
        ("edge.proxys", "proxies"),
        ("twins.shop.lvie", "live"),
        ("twins.shop.green.revison", "revision"),
        ("twins.shop.services.1.hostname", "hostnames"),
        ("twins.shop.strategy.rollbackwindow", "rollbackWindow"),
        ("twins.shop.strategy.step", "steps"),
        ("twins.shop.judge.falseAlarms", "falseAlarmRate"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    stack: Stack, refusal: Refusal, path: str, near: str
) -> None:
    text = refusal(put(stack, path, "anything"))
    assert f"switchyard:{path}: {path.rpartition('.')[2]!r} is an unknown key" in text
    assert f"fix: write {near!r}" in text


def test_an_unknown_key_like_no_other_is_refused_with_the_known_ones(
    stack: Stack, refusal: Refusal
) -> None:
    text = refusal(put(stack, "edge.zzz", 1))
    assert "known are: address, serviceAddress, proxies" in text


@pytest.mark.parametrize("key", ["foundation", "images", "edge", "git", "twins"])
def test_a_missing_section_is_refused(stack: Stack, refusal: Refusal, key: str) -> None:
    del stack[key]
    assert f"switchyard:{key}: is missing" in refusal(stack)


def test_a_missing_secret_is_refused_with_the_command_that_sets_it(
    stack: Stack, refusal: Refusal
) -> None:
    del stack["databasePassword"]
    text = refusal(stack)
    assert "the secret is missing" in text
    assert "pulumi config set --secret databasePassword" in text


def test_an_empty_secret_is_refused(stack: Stack, refusal: Refusal) -> None:
    assert "switchyard:databasePassword" in refusal(put(stack, "databasePassword", ""))


def test_a_refused_secret_is_never_shown(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "databasePassword", ["hunter2"]))
    assert "switchyard:databasePassword" in text
    assert "hunter2" not in text, "a refusal lands in build logs"


def test_equal_hostnames_within_a_twin_are_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "twins.shop.services.1.hostnames", ["shop.localhost"]))
    assert "'shop.localhost' is taken by switchyard:twins.shop.services.0 already" in text


def test_equal_hostnames_across_twins_are_refused(stack: Stack, refusal: Refusal) -> None:
    stack["twins"]["bakery"] = copy.deepcopy(stack["twins"]["shop"])
    text = refusal(stack)
    assert "'shop.localhost' is taken by switchyard:twins.shop.services.0 already" in text
    assert "'orders.localhost' is taken by switchyard:twins.shop.services.1 already" in text


def test_a_service_named_twice_is_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "twins.shop.services.1.name", "storefront"))
    assert "'storefront' is named 2 times" in text


def test_a_service_without_an_image_is_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "twins.shop.services.1.name", "billing"))
    assert "'billing' has no image in either colour" in text


def test_a_probe_outside_of_its_services_path_is_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "twins.shop.services.1.path", "/orders"))
    assert "switchyard:twins.shop.services.1.probe" in text
    assert "'/' lies outside of the service's path '/orders'" in text


def test_colours_with_different_services_are_refused(stack: Stack, refusal: Refusal) -> None:
    del stack["twins"]["shop"]["green"]["images"]["recommender"]
    text = refusal(stack)
    assert "switchyard:twins.shop.green.images: lacks 'recommender', which blue has" in text


@pytest.mark.parametrize("name", ["argocd", "edge", "kube-system"])
def test_a_twin_that_takes_the_platforms_namespace_is_refused(
    stack: Stack, refusal: Refusal, name: str
) -> None:
    stack["twins"] = {name: stack["twins"]["shop"]}
    assert f"its namespace '{name}' belongs to the platform already" in refusal(stack)


def test_twins_whose_namespaces_meet_are_refused(stack: Stack, refusal: Refusal) -> None:
    other = copy.deepcopy(stack["twins"]["shop"])
    other["services"] = [{"name": "storefront", "hostnames": ["other.localhost"]}]
    stack["twins"]["shop-blue"] = other
    assert "its namespace 'shop-blue' belongs to twin 'shop' already" in refusal(stack)


def test_a_kubeconfig_foundation_without_context_is_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "foundation", {"kind": "kubeconfig"}))
    assert "names no context" in text
    assert "kubectl config get-contexts" in text


def test_a_kubeconfig_that_is_not_there_is_refused(
    stack: Stack, refusal: Refusal, tmp_path: Path
) -> None:
    path = str(tmp_path / "missing")
    text = refusal(put(stack, "foundation", {"kind": "kubeconfig", "context": "a", "path": path}))
    assert "switchyard:foundation.path" in text
    assert path in text


def test_a_context_that_the_kubeconfig_lacks_is_refused_with_the_nearest(
    stack: Stack, refusal: Refusal, tmp_path: Path
) -> None:
    path = tmp_path / "config"
    path.write_text('contexts: [{name: "kind-dev"}, {name: "eks-prod"}]')
    written = {"kind": "kubeconfig", "context": "kind-def", "path": str(path)}
    text = refusal(put(stack, "foundation", written))
    assert "'kind-def' is not in" in text
    assert "write 'kind-dev'" in text


def test_a_yard_with_a_context_of_its_own_is_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "foundation", {"kind": "yard", "context": "kind-dev"}))
    assert "the yard brings its own" in text


def test_a_lock_that_is_not_there_is_refused(stack: Stack, refusal: Refusal) -> None:
    text = refusal(put(stack, "images.lock", "nowhere.yaml"))
    assert "nowhere.yaml does not exist" in text
    assert "switchyard bake" in text


def test_a_lock_that_lacks_a_platform_image_is_refused(
    stack: Stack, refusal: Refusal, project: Path
) -> None:
    lock = project / "images.test.lock.yaml"
    lock.write_text(lock.read_text().replace("envoy-gateway:", "envoy-getaway:"))
    text = refusal(stack)
    assert "'envoy-gateway' is not in the image lock" in text
    assert "switchyard bake envoy-gateway" in text


@pytest.mark.parametrize("name", ["Store_Front", "-shop", "1shop", "s" * 41])
def test_a_name_that_kubernetes_would_refuse_is_refused(
    stack: Stack, refusal: Refusal, name: str
) -> None:
    text = refusal(put(stack, "twins.shop.services.0.name", name))
    assert f"{name!r} is no name" in text
    assert "Kubernetes would refuse" in text


def test_all_problems_of_a_stack_are_told_at_once(stack: Stack, refusal: Refusal) -> None:
    put(stack, "twins.shop.live", "red")
    put(stack, "edge.proxys", 3)
    put(stack, "twins.shop.green.revision", "main")
    put(stack, "twins.shop.services.1.hostnames", ["shop.localhost"])
    put(stack, "images.lock", "nowhere.yaml")
    del stack["databasePassword"]
    text = refusal(stack)
    assert "Pulumi.test.yaml has 6 problems; nothing was changed." in text
    for part in ("'red'", "'proxys'", "'main'", "taken by", "nowhere.yaml", "secret is missing"):
        assert part in text, "a reader who mends one problem must not meet the next one later"
