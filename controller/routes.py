"""HTTPRoutes as the switch wants them: pure rendering and comparing.

Every field that the API server would default is spelled out, so that equality is plain equality.

Both backendRefs are always there, blue first, and carry no filters: Envoy Gateway then keeps both
colours as localities of one Envoy cluster, and a change of weights is a single endpoint update.
With filters each colour would be a cluster of its own, made and unmade at every flip, with 503s in
between. The colour header is therefore one rule-level filter whose value Envoy computes from the
namespace that Envoy Gateway writes into the locality's metadata.
"""

from collections.abc import Mapping
from typing import Any

from controller.api import GROUP, KIND, VERSION, Colours, Content, GatewayRef, Service, Spec
from controller.observed import Identity
from controller.phases import Colour
from controller.ramp_api import Sticky

COLOUR_HEADER = "x-switchyard-colour"
"""Response header: the colour that answered, told by the gateway."""
PREVIEW_HEADER = "x-switchyard-preview"
"""Request header: asks for a colour, whatever serves."""
SWITCH_LABEL = f"{GROUP}/switch"
"""Label: the switch that owns a route."""
ROLE_LABEL = f"{GROUP}/route"
"""Label: live or preview."""
LIVE, PREVIEW = "live", "preview"

Route = dict[str, Any]


def preview_name(service: str) -> str:
    """The name of a service's preview route."""
    return f"{service}-preview"


def _colour_filter(colours: Colours) -> Route:
    """Let the gateway say which colour answered."""
    told_by_metadata = (
        "xds.upstream_host_locality_metadata.filter_metadata"
        "['envoy-gateway']['resources'][0]['namespace']"
    )
    value = f"%CEL({told_by_metadata}=='{colours.blue.namespace}'?'blue':'green')%"
    return {
        "type": "ResponseHeaderModifier",
        "responseHeaderModifier": {"set": [{"name": COLOUR_HEADER, "value": value}]},
    }


def _backend(service: Service, namespace: str, weight: int) -> Route:
    return {
        "group": "",
        "kind": "Service",
        "name": service.name,
        "namespace": namespace,
        "port": service.port,
        "weight": weight,
    }


def _route(identity: Identity, gateway: GatewayRef, service: Service, role: str) -> Route:
    """Everything of a route but its rules."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": service.name if role == LIVE else preview_name(service.name),
            "namespace": identity.namespace,
            "labels": {
                "app.kubernetes.io/managed-by": "switchyard",
                SWITCH_LABEL: identity.name,
                ROLE_LABEL: role,
            },
            "ownerReferences": [
                {
                    "apiVersion": f"{GROUP}/{VERSION}",
                    "kind": KIND,
                    "name": identity.name,
                    "uid": identity.uid,
                    "controller": True,
                }
            ],
        },
        "spec": {
            "parentRefs": [
                {
                    "group": "gateway.networking.k8s.io",
                    "kind": "Gateway",
                    "name": gateway.name,
                    "namespace": gateway.namespace,
                }
            ],
            "hostnames": list(service.hostnames),
        },
    }


def live_route(
    identity: Identity, spec: Spec, service: Service, serving: Colour, percent: int = 100
) -> Route:
    """Production's route: both colours, and of the weight what is due to each.

    Args:
        identity: whose route it is.
        spec: where the colours are.
        service: what is routed.
        serving: the colour of which `percent` is said; the other one has the rest.
        percent: 0 to 100.
    """
    route = _route(identity, spec.gateway, service, LIVE)
    route["spec"]["rules"] = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": service.path}}],
            "filters": [_colour_filter(spec.colours)],
            "backendRefs": [
                _backend(
                    service,
                    spec.colours.namespace(c),
                    percent if c is serving else 100 - percent,
                )
                for c in Colour
            ],
            **_stickiness(spec.strategy.sticky_by),
        }
    ]
    return route


def _stickiness(sticky: Sticky | None) -> Route:
    """Let the gateway pin whoever it has answered to the pod that answered, by a cookie of its own.

    A pin outlives changes of weight, so that a user keeps their colour for as long as it has any;
    at weight 0 a colour has no endpoint to be pinned to, and everybody moves. Not a hash of a key:
    Envoy Gateway hashes over the endpoints of both colours without regard to their weights.
    """
    if sticky is None or sticky.cookie is None:
        return {}
    return {
        "sessionPersistence": {
            "sessionName": sticky.cookie,
            "type": "Cookie",
            "cookieConfig": {"lifetimeType": "Session"},
        }
    }


def preview_route(identity: Identity, spec: Spec, service: Service) -> Route:
    """The route by which a colour is reached for tests, whatever serves."""
    route = _route(identity, spec.gateway, service, PREVIEW)
    route["spec"]["rules"] = [
        {
            "matches": [
                {
                    "path": {"type": "PathPrefix", "value": service.path},
                    "headers": [{"type": "Exact", "name": PREVIEW_HEADER, "value": c.value}],
                }
            ],
            "filters": [_colour_filter(spec.colours)],
            "backendRefs": [_backend(service, spec.colours.namespace(c), 100)],
        }
        for c in Colour
    ]
    return route


def live_routes(
    identity: Identity, spec: Spec, content: Content, percent: int = 100
) -> dict[str, Route]:
    """All production routes for what is to serve, by name, in the order they are written."""
    return {
        service.name: live_route(identity, spec, service, content.colour, percent)
        for service in sorted(content.services, key=lambda service: service.name)
    }


def preview_routes(identity: Identity, spec: Spec) -> dict[str, Route]:
    """All preview routes, by name, in the order they are written."""
    return {
        preview_name(service.name): preview_route(identity, spec, service)
        for service in sorted(spec.services, key=lambda service: service.name)
    }


def is_ours(identity: Identity, route: Mapping[str, Any]) -> bool:
    """Whether an existing route belongs to this switch (a switch of the same name included)."""
    return _labels(route).get(SWITCH_LABEL) == identity.name


def role_of(route: Mapping[str, Any]) -> str | None:
    """Whether a route is a live or a preview one."""
    return _labels(route).get(ROLE_LABEL)


def _labels(route: Mapping[str, Any]) -> dict[str, str]:
    return route["metadata"].get("labels") or {}


def share_of(route: Mapping[str, Any], namespace: str) -> float:
    """What part of a route's weight is on a namespace, 0 to 1."""
    backends: list[dict[str, Any]] = [
        backend
        for rule in route["spec"].get("rules") or ()
        for backend in rule.get("backendRefs") or ()
    ]
    total = sum(backend.get("weight", 1) for backend in backends)
    mine = sum(b.get("weight", 1) for b in backends if b.get("namespace") == namespace)
    return mine / total if total else 0.0


def fits(wanted: Route, found: Mapping[str, Any] | None) -> bool:
    """Whether an existing route is exactly as wanted; additional labels of others are let be."""
    if found is None or found.get("spec") != wanted["spec"]:
        return False
    owners: list[dict[str, Any]] = found["metadata"].get("ownerReferences") or []
    owner = wanted["metadata"]["ownerReferences"][0]
    is_owned = any(reference.get("uid") == owner["uid"] for reference in owners)
    return is_owned and _labels(wanted).items() <= _labels(found).items()
