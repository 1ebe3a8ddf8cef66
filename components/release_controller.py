"""The release controller, which moves traffic, and the resource by which it is told its goals.

What it may do and what it understands is written in the controller's own room: `rbac.yaml` and
`crd.yaml` are read as data, so that the two rooms share a contract and no code.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import yaml

from components.baked_image import BakedImage
from components.definition import slim
from components.manifest import Document, Manifest
from components.namespace import ANY, in_namespaces, isolated, restricted

NAMESPACE = "switchyard"
NAME = "release-controller"
METRICS_PORT = 9090
HEALTH_PORT = 8080


@dataclass(frozen=True, kw_only=True)
class ReleaseControllerArgs:
    """What the controller is made of.

    Attributes:
        image: the controller's image.
        contract: folder with `crd.yaml` and `rbac.yaml`.
        trusted_keys: name to public key of who may sign an override of a spent error budget. Here
            and not in the switch: who may edit that could otherwise name himself.
        replicas: pods; a leader works, the others take over when it is gone.
    """

    image: BakedImage
    contract: Path
    trusted_keys: Mapping[str, str]
    replicas: int = 1


class ReleaseController(pulumi.ComponentResource):
    """The controller of all TrafficSwitches; ready when it answers.

    Attributes:
        ready: what to depend on.
    """

    def __init__(
        self, name: str, args: ReleaseControllerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:ReleaseController", name, None, opts)
        definition = Manifest(
            f"{name}-trafficswitches",
            slim(next(_documents(args.contract / "crd.yaml"))),
            pulumi.ResourceOptions(parent=self),
        )
        namespace = isolated(
            self,
            name,
            restricted(NAMESPACE),
            ingress=[in_namespaces({"kubernetes.io/metadata.name": "observability"}, METRICS_PORT)],
            # the API server and the gateway's pods have addresses of their own everywhere
            egress=[ANY],
        )
        permissions = [
            Manifest(
                f"{name}-{document['kind']}",
                document,
                pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
            )
            for document in _documents(args.contract / "rbac.yaml")
        ]
        deployment = Manifest(
            f"{name}-deployment",
            _deployment(args),
            pulumi.ResourceOptions(parent=self, depends_on=[definition, *permissions]),
        )
        self.ready = [deployment]
        self.register_outputs({"image": args.image.reference})


def _documents(path: Path) -> Iterator[Document]:
    with path.open("rb") as stream:
        yield from yaml.load_all(stream, Loader=yaml.CSafeLoader)


def _deployment(args: ReleaseControllerArgs) -> Document:
    labels = {"app.kubernetes.io/name": NAME}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": args.replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "serviceAccountName": NAME,
                    "enableServiceLinks": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [_container(args)],
                    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}}],
                },
            },
        },
    }


def _container(args: ReleaseControllerArgs) -> dict[str, Any]:
    alive = {"path": "/livez", "port": HEALTH_PORT}
    return {
        "name": NAME,
        "image": args.image.reference,
        "ports": [
            {"name": "health", "containerPort": HEALTH_PORT},
            {"name": "metrics", "containerPort": METRICS_PORT},
        ],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {
                "name": "POD_NAMESPACE",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
            },
            {
                "name": "SWITCHYARD_TRUSTED_KEYS",
                "value": json.dumps(dict(args.trusted_keys), sort_keys=True),
            },
        ],
        "readinessProbe": {"httpGet": alive, "periodSeconds": 2},
        "livenessProbe": {"httpGet": alive, "periodSeconds": 10, "failureThreshold": 3},
        "resources": {
            # idle it needs nothing; in a flip and an abort it must not wait behind the workloads
            "requests": {"cpu": "250m", "memory": "64Mi"},
            "limits": {"memory": "192Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of this pod alone
        ],
    }
