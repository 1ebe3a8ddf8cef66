"""One colour of a twin: its limits, and an Argo CD Application at one commit and fixed digests.

Deliberately without anything that tells one colour from the other but the colour's own name, its
revision and its digests: a test compares the two graphs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

import settings
from components import release
from components.application import Source, application
from components.baked_image import BakedImage
from components.foundation import Cluster
from components.live_object import LiveObject
from components.manifest import Document, Manifest
from components.namespace import isolated, restricted
from components.narration import ApplicationNarrator
from components.progress import stream

QUOTA = {
    "pods": "40",
    "requests.cpu": "4",
    "requests.memory": "4Gi",
    "limits.memory": "8Gi",
    "persistentvolumeclaims": "0",
    "services.loadbalancers": "0",
    "services.nodeports": "0",
}
"""What one colour may take of the cluster: room for a surge of every workload, and no way around
the gateway or the twin's database."""

CONTAINER_DEFAULTS = {
    "defaultRequest": {"cpu": "20m", "memory": "32Mi"},
    "default": {"memory": "256Mi"},
}
"""What a container gets that asks for nothing; the quota refuses pods without requests."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentArgs:
    """What one colour is made of.

    Attributes:
        twin: name of the twin; also the chart's folder in the repository.
        colour: which of the two.
        repository: URL of the environments' repository.
        revision: full commit SHA of it.
        images: service to image.
        database: where the twin's database is, as the chart's value `database`.
        credentials: contents of the Secret with its user and password.
        timeout: how long it may take to become healthy, in seconds.
        cluster: where its progress can be watched.
    """

    twin: str
    colour: settings.Colour
    repository: str
    revision: str
    images: Mapping[str, BakedImage]
    database: Mapping[str, Any]
    credentials: Mapping[str, pulumi.Input[str]]
    timeout: float
    cluster: Cluster


class Environment(pulumi.ComponentResource):
    """One colour; ready when Argo CD has seen every workload of the commit healthy.

    Attributes:
        ready: what to depend on.
    """

    def __init__(
        self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:Environment", name, None, opts)
        namespace = release.namespace(args.twin, args.colour)
        labels = {"switchyard.dev/twin": args.twin, "switchyard.dev/colour": str(args.colour)}
        declared = isolated(self, name, restricted(namespace, labels))
        limits = [
            Manifest(
                f"{name}-{suffix}",
                document,
                pulumi.ResourceOptions(parent=self, depends_on=[declared]),
            )
            for suffix, document in (
                ("quota", _quota(namespace)),
                ("defaults", _defaults(namespace)),
                ("grant", _grant(namespace, args.twin)),
                ("database", _credentials(namespace, args.credentials)),
            )
        ]
        document = _application(args, namespace, labels)
        declared_application = Manifest(
            f"{name}-application",
            document,
            pulumi.ResourceOptions(
                parent=self,
                # not the policy: it is declared with the namespace and awaits nothing
                depends_on=[declared, *limits],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{args.timeout:.0f}s", update=f"{args.timeout:.0f}s"
                ),
            ),
        )
        self.ready = [declared_application]
        watched = LiveObject.of(document, "applications")
        goal = document["spec"]["source"]["name"]
        stream(args.cluster, watched, ApplicationNarrator(goal), self)
        self.register_outputs({"revision": args.revision})


def _application(args: EnvironmentArgs, namespace: str, labels: Mapping[str, str]) -> Document:
    values = {
        "twin": args.twin,
        "colour": str(args.colour),
        "revision": args.revision,
        "images": {service: image.reference for service, image in args.images.items()},
        "database": dict(args.database),
    }
    source = Source(
        repository=args.repository, path=args.twin, revision=args.revision, values=values
    )
    return application(namespace, source, project=args.twin, namespace=namespace, labels=labels)


def _quota(namespace: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "environment", "namespace": namespace},
        "spec": {"hard": QUOTA},
    }


def _defaults(namespace: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "environment", "namespace": namespace},
        "spec": {"limits": [{"type": "Container", **CONTAINER_DEFAULTS}]},
    }


def _grant(namespace: str, twin: str) -> Document:
    """Lets the twin's routes, which live in the twin's own namespace, lead to this colour."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": "switch", "namespace": namespace},
        "spec": {
            "from": [
                {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": twin}
            ],
            "to": [{"group": "", "kind": "Service"}],
        },
    }


def _credentials(namespace: str, contents: Mapping[str, pulumi.Input[str]]) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "database", "namespace": namespace},
        "stringData": dict(contents),
    }
