"""The routes as rendered, held to a golden copy; and what counts as drift."""

import copy

import pytest
from controller_simulator import make_spec

from controller.api import Spec
from controller.observed import Identity
from controller.phases import Colour
from controller.routes import fits, is_ours, live_route, live_routes, preview_route

pytestmark = pytest.mark.pure

SPEC = Spec.model_validate(make_spec("green", "v2"))
ME = Identity("shop", "shop", "u-1")
HEADER = {
    "type": "ResponseHeaderModifier",
    "responseHeaderModifier": {
        "set": [
            {
                "name": "x-switchyard-colour",
                "value": "%CEL(xds.upstream_host_locality_metadata.filter_metadata"
                "['envoy-gateway']['resources'][0]['namespace']=='shop-blue'?'blue':'green')%",
            }
        ]
    },
}


def backend(colour: str, weight: int) -> dict[str, object]:
    return {
        "group": "",
        "kind": "Service",
        "name": "storefront",
        "namespace": f"shop-{colour}",
        "port": 8080,
        "weight": weight,
    }


def test_a_live_route_holds_both_colours_in_fixed_order_and_all_weight_on_one() -> None:
    assert live_route(ME, SPEC, SPEC.services[0], Colour.GREEN) == {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": "storefront",
            "namespace": "shop",
            "labels": {
                "app.kubernetes.io/managed-by": "switchyard",
                "switchyard.dev/switch": "shop",
                "switchyard.dev/route": "live",
            },
            "ownerReferences": [
                {
                    "apiVersion": "switchyard.dev/v1alpha1",
                    "kind": "TrafficSwitch",
                    "name": "shop",
                    "uid": "u-1",
                    "controller": True,
                }
            ],
        },
        "spec": {
            "parentRefs": [
                {
                    "group": "gateway.networking.k8s.io",
                    "kind": "Gateway",
                    "name": "edge",
                    "namespace": "edge",
                }
            ],
            "hostnames": ["shop.localhost"],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "filters": [HEADER],
                    "backendRefs": [backend("blue", 0), backend("green", 100)],
                }
            ],
        },
    }


def test_a_preview_route_has_one_rule_a_colour() -> None:
    route = preview_route(ME, SPEC, SPEC.services[0])
    assert route["metadata"]["name"] == "storefront-preview"
    assert route["spec"]["rules"] == [
        {
            "matches": [
                {
                    "path": {"type": "PathPrefix", "value": "/"},
                    "headers": [{"type": "Exact", "name": "x-switchyard-preview", "value": colour}],
                }
            ],
            "filters": [HEADER],
            "backendRefs": [backend(colour, 100)],
        }
        for colour in ("blue", "green")
    ]


def test_backends_carry_no_filters_for_those_would_split_the_cluster() -> None:
    for colour in Colour:
        for route in live_routes(
            ME, SPEC, SPEC.goal.model_copy(update={"colour": colour})
        ).values():
            assert all("filters" not in b for b in route["spec"]["rules"][0]["backendRefs"])


def test_only_weights_differ_between_the_colours() -> None:
    blue = live_route(ME, SPEC, SPEC.services[0], Colour.BLUE)
    green = live_route(ME, SPEC, SPEC.services[0], Colour.GREEN)
    for route in (blue, green):
        for ref in route["spec"]["rules"][0]["backendRefs"]:
            del ref["weight"]
    assert blue == green


def test_labels_of_others_are_no_drift_but_everything_else_is() -> None:
    wanted = live_route(ME, SPEC, SPEC.services[0], Colour.BLUE)
    found = copy.deepcopy(wanted)
    found["metadata"]["labels"]["team"] = "wine"
    assert fits(wanted, found)
    for break_it in (
        lambda r: r["spec"]["rules"][0]["backendRefs"].reverse(),
        lambda r: r["spec"]["hostnames"].append("evil.localhost"),
        lambda r: r["spec"]["rules"][0].update(timeouts={"request": "1s"}),
        lambda r: r["metadata"]["labels"].pop("switchyard.dev/route"),
        lambda r: r["metadata"]["ownerReferences"].clear(),
    ):
        broken = copy.deepcopy(found)
        break_it(broken)
        assert not fits(wanted, broken)
    assert not fits(wanted, None)


def test_a_route_without_our_label_is_not_ours() -> None:
    wanted = live_route(ME, SPEC, SPEC.services[0], Colour.BLUE)
    assert is_ours(ME, wanted)
    assert not is_ours(ME, {"metadata": {}})
    assert not is_ours(Identity("other", "shop", "u-2"), wanted)


def test_a_cookie_pins_users_on_live_routes_alone() -> None:
    sticky = make_spec("green", "v2")
    sticky["strategy"] = {**sticky["strategy"], "stickyBy": {"cookie": "colour"}}
    spec = Spec.model_validate(sticky)
    (rule,) = live_route(ME, spec, spec.services[0], Colour.GREEN, 5)["spec"]["rules"]
    assert rule["sessionPersistence"] == {
        "sessionName": "colour",
        "type": "Cookie",
        "cookieConfig": {"lifetimeType": "Session"},
    }
    assert [backend["weight"] for backend in rule["backendRefs"]] == [95, 5]
    preview = preview_route(ME, spec, spec.services[0])["spec"]["rules"]
    assert not any("sessionPersistence" in rule for rule in preview), "a test asks for a colour"
