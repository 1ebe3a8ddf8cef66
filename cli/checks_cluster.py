"""Checks of the cluster: whether it answers, and whether the platform on it is well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cli.errors import Failure
from cli.findings import Area, Finding
from cli.rest import dig, objects

if TYPE_CHECKING:
    from cli.rest import Object, Rest

CLUSTER = Area("cluster")
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/trafficswitches.switchyard.dev"
CONTROLLER = "/apis/apps/v1/namespaces/switchyard/deployments/release-controller"
GATEWAY = "/apis/gateway.networking.k8s.io/v1/namespaces/edge/gateways/edge"
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
SLOW_SECONDS = 1.0
"""An API server next door answers within milliseconds, a distant one within a second."""


def cluster(rest: Rest, server: str) -> list[Finding]:
    """Everything about the cluster; the first finding says whether it answers at all."""
    begun = time.monotonic()
    try:
        version = rest.get("/version")
    except Failure as failure:
        return [
            CLUSTER.problem(
                "API server", failure.value, consequence=failure.consequence, fix=failure.fix
            )
        ]
    took = time.monotonic() - begun
    found = f"{server} answers, {dig(version, 'gitVersion') or 'version unknown'}"
    first = CLUSTER.ok("API server", found)
    if took > SLOW_SECONDS:
        first = CLUSTER.note("API server", f"{found}, after {took:.1f} s")
    return [first, _crd(rest), _controller(rest), _gateway(rest), *_applications(rest)]


def _crd(rest: Rest) -> Finding:
    found = rest.get(CRD)
    if found is None:
        return CLUSTER.problem(
            "TrafficSwitch",
            "the cluster does not know the kind",
            consequence="no switch can be made",
            fix="`switchyard up`",
        )
    if not _condition(found, "Established"):
        return CLUSTER.problem(
            "TrafficSwitch",
            "the kind is not established",
            consequence="no switch can be read or made",
            fix="`kubectl describe crd trafficswitches.switchyard.dev` tells why",
        )
    return CLUSTER.ok("TrafficSwitch", "the kind is established")


def _controller(rest: Rest) -> Finding:
    found = rest.get(CONTROLLER)
    if found is None:
        return CLUSTER.problem(
            "controller",
            "Deployment switchyard/release-controller does not exist",
            consequence="nobody moves traffic, and nobody obeys abort",
            fix="`switchyard up`",
        )
    wanted, ready = dig(found, "spec", "replicas"), dig(found, "status", "availableReplicas") or 0
    if not ready:
        return CLUSTER.problem(
            "controller",
            f"0 of {wanted} pods available",
            consequence="nobody moves traffic, and nobody obeys abort; what serves goes on serving",
            fix="`kubectl -n switchyard describe pods` and `kubectl -n switchyard logs "
            "deploy/release-controller` tell why",
        )
    return CLUSTER.ok("controller", f"{ready} of {wanted} pods available")


def _gateway(rest: Rest) -> Finding:
    found = rest.get(GATEWAY)
    if found is None:
        return CLUSTER.problem(
            "gateway",
            "Gateway edge/edge does not exist",
            consequence="no request reaches any twin",
            fix="`switchyard up`",
        )
    if not _condition(found, "Programmed"):
        return CLUSTER.problem(
            "gateway",
            "Gateway edge/edge is not programmed",
            consequence="the proxies may not run or may serve an old configuration",
            fix="`kubectl -n edge describe gateway edge` tells why",
        )
    return CLUSTER.ok("gateway", "Gateway edge/edge is programmed")


def _applications(rest: Rest) -> list[Finding]:
    found = rest.items(APPLICATIONS)
    if not found:
        return [
            CLUSTER.problem(
                "applications",
                "Argo CD has none",
                consequence="neither the platform nor the colours are reconciled",
                fix="`switchyard up`",
            )
        ]
    bad = [finding for item in found if (finding := _application(item))]
    return bad or [CLUSTER.ok("applications", f"all {len(found)} synced and healthy")]


def _application(item: Object) -> Finding | None:
    name = str(dig(item, "metadata", "name"))
    sync = dig(item, "status", "sync", "status") or "Unknown"
    health = dig(item, "status", "health", "status") or "Unknown"
    if (sync, health) == ("Synced", "Healthy"):
        return None
    said = (
        dig(item, "status", "health", "message")
        or dig(item, "status", "operationState", "message")
        or next((dig(one, "message") for one in objects(item, "status", "conditions")), None)
    )
    return CLUSTER.problem(
        f"application {name}",
        f"{sync}, {health}" + (f": {said}" if said else ""),
        consequence="the cluster is not what Git says, or not well",
        fix=f"`kubectl -n argocd describe application {name}` tells why; "
        "`switchyard up` reconciles",
    )


def _condition(document: Object, kind: str) -> bool:
    conditions = objects(document, "status", "conditions")
    return any(dig(one, "type") == kind and dig(one, "status") == "True" for one in conditions)
