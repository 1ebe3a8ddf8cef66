"""The API server itself refuses switches that make no sense, before anything changes."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from controller_twin import TWIN, Tiny, apply, kubectl, namespace

pytestmark = pytest.mark.yard

Break = Callable[[dict[str, Any]], object]

BAD: list[tuple[str, Break, str]] = [
    ("unknown colour", lambda s: s.update(live="red"), 'supported values: "blue", "green"'),
    ("a tag", lambda s: s["candidate"]["digests"].update(alpha="v1"), "sha256"),
    ("a short revision", lambda s: s["candidate"].update(revision="abc"), "revision"),
    ("no digests", lambda s: s["candidate"].update(digests={}), "at least 1"),
    (
        "equal hostnames",
        lambda s: s["services"][1].update(hostnames=s["services"][0]["hostnames"]),
        "give each service hostnames of its own",
    ),
    ("equal services", lambda s: s["services"][1].update(name="alpha"), "duplicate entries"),
    (
        "one namespace",
        lambda s: s["colours"].update(green=s["colours"]["blue"]),
        "give each its own",
    ),
    (
        "a probe elsewhere",
        lambda s: s["services"][0].update(path="/x"),
        "choose a probe below path",
    ),
    ("a service without digest", lambda s: s["candidate"]["digests"].pop("beta"), "name its image"),
    ("another strategy", lambda s: s["strategy"].update(kind="yolo"), "blueGreen"),
    ("a duration of sorts", lambda s: s["strategy"].update(healthTimeout="soon"), "healthTimeout"),
    ("no services", lambda s: s.update(services=[]), "at least 1"),
    ("a missing release", lambda s: s.pop("release"), "release"),
    ("a hostname of sorts", lambda s: s["services"][0].update(hostnames=["No Host"]), "hostnames"),
    ("a port of sorts", lambda s: s["services"][0].update(port=0), "port"),
]


@pytest.fixture(scope="module")
def where(standing: None) -> Iterator[str]:  # noqa: ARG001 - the CRD comes with the stack
    name = f"{TWIN}-refused"
    apply(namespace(name))
    yield name
    kubectl("delete", "namespace", name, "--wait=true", "--timeout=60s")


def switch(where: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "switchyard.dev/v1alpha1",
        "kind": "TrafficSwitch",
        "metadata": {"name": "bad", "namespace": where},
        "spec": spec,
    }


@pytest.mark.parametrize(("name", "break_it", "told"), BAD, ids=[name for name, _, _ in BAD])
def test_a_bad_switch_is_refused_with_the_way_out(
    where: str, name: str, break_it: Break, told: str
) -> None:
    spec = copy.deepcopy(Tiny().goal("green"))
    break_it(spec)
    with pytest.raises(RuntimeError, match=r"nvalid|equired|nsupported|uplicate") as refused:
        apply(switch(where, spec))
    assert told in str(refused.value), name


def test_the_colours_namespaces_never_change(where: str) -> None:
    spec = Tiny().goal("green")
    good = switch(where, spec)
    good["metadata"]["name"] = "good"
    # nobody may take this one up: it names a gateway that does not exist
    good["spec"]["gateway"] = {"name": "nowhere", "namespace": "nowhere"}
    apply(good)
    spec["colours"]["green"]["namespace"] = "elsewhere"
    with pytest.raises(RuntimeError, match="make another TrafficSwitch"):
        apply(good)
    kubectl("-n", where, "delete", "trafficswitch", "good")
