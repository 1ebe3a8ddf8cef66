"""One Argo CD Application, and what it means that it has arrived.

Pure: documents in, documents out.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.manifest import Document


@dataclass(frozen=True, kw_only=True)
class Source:
    """A chart at one commit, with its values.

    Attributes:
        repository: URL of the Git repository.
        path: the chart's folder in it.
        revision: full commit SHA.
        values: the chart's values.
    """

    repository: str
    path: str
    revision: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


def goal(source: Source, namespace: str) -> str:
    """Identity of what an Application is to become: 16 hex digits over all that decides it."""
    whole = [source.repository, source.path, source.revision, source.values, namespace]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def application(
    name: str, source: Source, *, project: str, namespace: str, labels: Mapping[str, str]
) -> Document:
    """An Application that keeps a namespace at a source, and that the engine waits for.

    No stale status can satisfy the wait: the source carries its own identity as its `name`, Argo CD
    says in `status.sync.comparedTo` which source it compared the cluster with, and sync status and
    health come from that same comparison. (Revision and phase alone would be met at once by a
    change of values.)
    """
    identity = goal(source, namespace)
    arrived = [
        f"jsonpath={{.status.sync.comparedTo.source.name}}={identity}",
        f"jsonpath={{.status.sync.revision}}={source.revision}",
        "jsonpath={.status.sync.status}=Synced",
        "jsonpath={.status.operationState.phase}=Succeeded",
        "jsonpath={.status.health.status}=Healthy",
    ]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "labels": dict(labels),
            "annotations": {"pulumi.com/waitFor": json.dumps(arrived)},
            # deleting the Application deletes what it brought, and waits for it
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        },
        "spec": {
            "project": project,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "source": {
                "name": identity,
                "repoURL": source.repository,
                "path": source.path,
                "targetRevision": source.revision,
                "helm": {"valuesObject": dict(source.values)},
            },
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                # CRDs are larger than the annotation that client-side apply keeps
                "syncOptions": ["ServerSideApply=true"],
                "retry": {
                    "limit": 10,
                    "backoff": {"duration": "2s", "factor": 2, "maxDuration": "30s"},
                },
            },
        },
    }


def project(name: str, *, repository: str, namespaces: list[str], cluster_wide: bool) -> Document:
    """An AppProject: which repository may bring what, and where to.

    Args:
        name: its name.
        repository: the one repository its Applications may come from.
        namespaces: the namespaces they may write to.
        cluster_wide: whether they may bring cluster-wide objects such as CRDs.
    """
    everything = [{"group": "*", "kind": "*"}]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "sourceRepos": [repository],
            "destinations": [
                {"server": "https://kubernetes.default.svc", "namespace": namespace}
                for namespace in namespaces
            ],
            "clusterResourceWhitelist": everything if cluster_wide else [],
            "namespaceResourceWhitelist": everything,
        },
    }
