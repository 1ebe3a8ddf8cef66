"""Argo CD's upstream manifests, cut to what this platform uses and fit for its images.

Pure: a folder of the pinned module in, documents out. Left out, and why:
- the API server, dex and notifications: people and machines reach Argo CD through Kubernetes;
- the ApplicationSet controller: no stack fans out yet, and its CRD alone (1.4 MB) costs a preview
  0.5 s to read;
- metrics Services: Prometheus finds pods, not Services;
- roles that add nothing to the controller's being cluster-admin, accounts of pods that ask the API
  server for nothing, empty ConfigMaps, variables of parameters that nobody sets: every resource and
  every field costs time in every preview.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pulumi
import yaml

from components.baked_image import BakedImage
from components.definition import Document, slim

NAMESPACE = "argocd"

_DEFINITIONS = ("crds/application-crd.yaml", "crds/appproject-crd.yaml")
_OBJECTS = (
    "cluster-rbac/application-controller/argocd-application-controller-clusterrolebinding.yaml",
    "base/config/argocd-cm.yaml",
    "base/config/argocd-cmd-params-cm.yaml",
    "base/config/argocd-secret.yaml",
    "base/config/argocd-ssh-known-hosts-cm.yaml",
    "base/application-controller-roles/argocd-application-controller-sa.yaml",
    "base/redis/argocd-redis-service.yaml",
    "base/repo-server/argocd-repo-server-service.yaml",
)
_WORKLOADS = (
    "base/redis/argocd-redis-deployment.yaml",
    "base/repo-server/argocd-repo-server-deployment.yaml",
    "base/application-controller/argocd-application-controller-statefulset.yaml",
)

FILES = (*_DEFINITIONS, *_OBJECTS, *_WORKLOADS)
"""Everything that is read of the upstream folder `manifests`."""

_RESOURCES = {
    "argocd-application-controller": ("100m", "256Mi", "1Gi"),
    "argocd-repo-server": ("50m", "128Mi", "1Gi"),
    "redis": ("10m", "32Mi", "128Mi"),
    "copyutil": ("10m", "32Mi", "512Mi"),
}
"""Container to CPU request, memory request and memory limit: small, for one node of two cores."""

_COPY = (
    "cp -n /usr/local/bin/argocd /var/run/argocd/argocd"
    " && ln -sf argocd /var/run/argocd/argocd-cmp-server"
)
"""Upstream says `cp --update=none`, which coreutils older than 9.3 (Debian 12) lack; a repeated
run must not fail on its own link either."""

_DEFINITION_HEALTH_KEY = (
    "resource.customizations.health.apiextensions.k8s.io_CustomResourceDefinition"
)
_DEFINITION_HEALTH = """\
local hs = {status = "Healthy", message = "CRD is accepted"}
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  if condition.type == "NamesAccepted" and condition.status == "False"
    or condition.type == "NonStructuralSchema" and condition.status == "True" then
    hs = {status = "Degraded", message = condition.message}
  end
end
return hs
"""
"""Health of a CRD. Argo CD 3.3.0 calls one degraded until it is established, a moment after it was
applied, and never looks again when it is (argoproj/argo-cd#26126). The schema is still checked."""

_PARAMETERS = {
    # seconds after which a sync is given up, such as one whose hook cannot pull its image: Argo CD
    # starts no other while one runs, not even the one that would mend it
    "controller.sync.timeout.seconds": "240",
    # who waits for an Application is told which of its objects is ailing
    "controller.resource.health.persist": "true",
}
"""Parameters of the processes, read when they start."""

_CONTROLLER = "argocd-application-controller"
_OPTIONAL_VOLUMES = ("gpg-keys", "tls-certs")
"""ConfigMaps of these that are not there mount as empty folders; upstream's are empty as well."""

Secrets = Callable[[str], pulumi.Input[str]]
"""Purpose to secret."""


def definitions(manifests: Path) -> Iterator[Document]:
    """The custom resource definitions."""
    for path in _DEFINITIONS:
        yield slim(_read(manifests / path), written_by_controllers=("status", "operation"))


def objects(manifests: Path, secret: Secrets) -> Iterator[Document]:
    """Everything but definitions and workloads.

    Args:
        manifests: the upstream folder.
        secret: purpose to a secret that is stable over updates.
    """
    for path in _OBJECTS:
        document = _placed(_read(manifests / path))
        match document["metadata"]["name"], document["kind"]:
            case "argocd-cm", _:
                document["data"][_DEFINITION_HEALTH_KEY] = _DEFINITION_HEALTH
            case "argocd-cmd-params-cm", _:
                document["data"] = _PARAMETERS
            case "argocd-secret", _:
                # would sign sessions of an API server; none runs, yet nothing runs without it
                document["stringData"] = {"server.secretkey": secret("argocd")}
            case _, "ClusterRoleBinding":
                # upstream's own role says the same: everything on everything
                document["metadata"]["name"] = f"{NAMESPACE}-application-controller-is-admin"
                document["roleRef"]["name"] = "cluster-admin"
            case _:
                pass
        yield document
    yield {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "argocd-redis", "namespace": NAMESPACE},
        "stringData": {"auth": secret("redis")},
    }


def workloads(manifests: Path, argocd: BakedImage, redis: BakedImage) -> Iterator[Document]:
    """Deployments and the StatefulSet, with images by digest."""
    for path in _WORKLOADS:
        document = _placed(_read(manifests / path))
        template = document["spec"]["template"]
        template["metadata"]["annotations"] = {"switchyard.dev/parameters": _fingerprint()}
        pod = template["spec"]
        if document["metadata"]["name"] != _CONTROLLER:
            # they ask the API server for nothing
            pod.pop("serviceAccountName", None)
            pod["automountServiceAccountToken"] = False
        if document["metadata"]["name"] == "argocd-redis":
            # made a password and the Secret for it; `objects` declares that
            del pod["initContainers"]
        for volume in pod.get("volumes", ()):
            if volume["name"] in _OPTIONAL_VOLUMES:
                volume["configMap"]["optional"] = True
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            _fit(container, redis if container["name"] == "redis" else argocd)
        yield document


def _fingerprint() -> str:
    """A changed parameter is a changed pod."""
    return hashlib.sha256(json.dumps(_PARAMETERS, sort_keys=True).encode()).hexdigest()[:16]


def _fit(container: Document, image: BakedImage) -> None:
    container["image"] = image.reference
    container["imagePullPolicy"] = "IfNotPresent"
    cpu, request, limit = _RESOURCES[container["name"]]
    container["resources"] = {
        "requests": {"cpu": cpu, "memory": request},
        "limits": {"memory": limit},
    }
    container["env"] = [one for one in container.get("env", ()) if not _unset(one)]
    match container["name"]:
        case "copyutil":
            container["args"] = [_COPY]
        case "argocd-repo-server":
            # commits are pinned by hash; there is nothing for a signature check to add, nor gpg
            container["env"].append({"name": "ARGOCD_GPG_ENABLED", "value": "false"})
        case _:
            pass


def _unset(variable: Document) -> bool:
    """Whether an environment variable comes from a parameter that nobody sets."""
    source = variable.get("valueFrom", {}).get("configMapKeyRef", {})
    return bool(source.get("optional")) and source["key"] not in _PARAMETERS


def _read(path: Path) -> Document:
    with path.open("rb") as stream:
        return yaml.load(stream, Loader=yaml.CSafeLoader)


def _placed(document: Document) -> Document:
    if not document["kind"].startswith("Cluster"):
        document["metadata"]["namespace"] = NAMESPACE
    return document
