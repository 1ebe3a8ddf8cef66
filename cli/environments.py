"""One colour's environment and the routes in front of it, as the cluster has them at present.

Reads what was asked of Kubernetes and what it reports; deliberately judges nothing: `doctor` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from cli.rest import Object, Rest, dig, objects
from cli.views import COLOURS, GROUP

if TYPE_CHECKING:
    from cli.views import SwitchView

APP_LABEL = "app.kubernetes.io/name"
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes"
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"


class Workload(BaseModel):
    """One Deployment or StatefulSet of a colour."""

    kind: str
    name: str
    ready: int
    desired: int
    digest: str | None

    @property
    def available(self) -> bool:
        """Whether every pod that was asked for is ready."""
        return self.ready >= self.desired


class Environment(BaseModel):
    """One colour: what it runs and whether it is ready."""

    colour: str
    namespace: str
    revision: str | None = None
    """The full commit SHA that Argo CD has synced."""
    target_revision: str | None = None
    """The full commit SHA that Argo CD was asked for."""
    sync: str | None = None
    health: str | None = None
    digests: dict[str, str] = Field(default_factory=dict[str, str])
    workloads: list[Workload] = Field(default_factory=list[Workload])

    @property
    def ready(self) -> bool | None:
        """Whether every workload is available; None when there is none at all."""
        if not self.workloads:
            return None
        return all(workload.available for workload in self.workloads)


class Route(BaseModel):
    """The live route of one service."""

    service: str
    present: bool
    weights: dict[str, int] = Field(default_factory=dict[str, int])


def environments(rest: Rest, view: SwitchView) -> list[Environment]:
    """Both colours of a twin, blue first."""
    applications = rest.items(APPLICATIONS, labels=f"{GROUP}/twin={view.name}")
    return [
        _environment(rest, colour, view.colours.get(colour, ""), applications)
        for colour in COLOURS
        if view.colours.get(colour)
    ]


def _environment(
    rest: Rest, colour: str, namespace: str, applications: list[Object]
) -> Environment:
    workloads: list[Workload] = []
    digests: dict[str, str] = {}
    for kind, plural in (("Deployment", "deployments"), ("StatefulSet", "statefulsets")):
        for item in rest.items(f"/apis/apps/v1/namespaces/{namespace}/{plural}"):
            workload = _workload(kind, item)
            workloads.append(workload)
            if workload.digest:
                label = dig(item, "metadata", "labels", APP_LABEL)
                digests[str(label or workload.name)] = workload.digest
    application = next(
        (
            item
            for item in applications
            if dig(item, "metadata", "labels", f"{GROUP}/colour") == colour
        ),
        None,
    )
    return Environment(
        colour=colour,
        namespace=namespace,
        revision=dig(application, "status", "sync", "revision"),
        target_revision=dig(application, "spec", "source", "targetRevision"),
        sync=dig(application, "status", "sync", "status"),
        health=dig(application, "status", "health", "status"),
        digests=digests,
        workloads=workloads,
    )


def _workload(kind: str, item: Object) -> Workload:
    desired = dig(item, "spec", "replicas")
    image = str(dig(item, "spec", "template", "spec", "containers", 0, "image") or "")
    observed = dig(item, "status", "observedGeneration") == dig(item, "metadata", "generation")
    return Workload(
        kind=kind,
        name=str(dig(item, "metadata", "name") or ""),
        # a status of an older generation speaks of other pods
        ready=int(dig(item, "status", "readyReplicas") or 0) if observed else 0,
        desired=1 if desired is None else int(desired),
        digest=image.partition("@")[2] or None,
    )


def routes(rest: Rest, view: SwitchView) -> list[Route]:
    """The live route of every service of the switch, in the spec's order."""
    found = {
        str(dig(item, "metadata", "name")): item
        for item in rest.items(ROUTES.format(namespace=view.namespace))
    }
    return [
        Route(
            service=service.name,
            present=service.name in found,
            weights=_weights(found.get(service.name), view),
        )
        for service in view.services
    ]


def _weights(route: Object | None, view: SwitchView) -> dict[str, int]:
    """Weight per colour, told apart by the backend's namespace."""
    colour_of = {namespace: colour for colour, namespace in view.colours.items()}
    weights: dict[str, int] = {}
    for rule in objects(route, "spec", "rules"):
        for backend in objects(rule, "backendRefs"):
            colour = colour_of.get(str(dig(backend, "namespace")))
            weight = dig(backend, "weight")
            if colour:
                # a weight left out means 1, says the Gateway API
                weights[colour] = 1 if weight is None else int(weight)
    return weights
