"""The twin's PostgreSQL: it belongs to the twin and not to a colour, and outlives every release.

One instance without replication, for yards and demonstrations: a production twin brings a managed
database, and this component gives way to its address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.baked_image import BakedImage
from components.manifest import Document, Manifest

NAME = "postgres"
PORT = 5432
_DATA = "/var/lib/postgresql/data"
_SIZE = "2Gi"


@dataclass(frozen=True, kw_only=True)
class TwinDatabaseArgs:
    """What the database is made of.

    Attributes:
        twin: name of the twin; also its namespace.
        image: image of PostgreSQL.
        credentials: contents of its Secret: username, password, database.
        volumes: folder on the node for local volumes; None where a provisioner makes them.
        node: name of the node that has the folder.
        storage_class: storage class of the claim; None for the cluster's default.
    """

    twin: str
    image: BakedImage
    credentials: Mapping[str, pulumi.Input[str]]
    volumes: Path | None
    node: str | None
    storage_class: str | None


class TwinDatabase(pulumi.ComponentResource):
    """PostgreSQL at `postgres.<twin>:5432`; ready when it answers.

    Attributes:
        address: what the chart's value `database` says of it.
        ready: what to depend on.
    """

    def __init__(
        self, name: str, args: TwinDatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:TwinDatabase", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = Manifest(f"{name}-secret", _secret(args), child)
        volume = [Manifest(f"{name}-volume", _volume(args), child)] if args.volumes else []
        claim = Manifest(
            f"{name}-claim",
            _claim(args),
            pulumi.ResourceOptions(parent=self, depends_on=volume),
        )
        service = Manifest(
            f"{name}-service",
            _service(args.twin),
            # its await looks for ready pods, and those come only after it: nothing to wait for
            child,
        )
        server = Manifest(
            f"{name}-server",
            _server(args),
            pulumi.ResourceOptions(parent=self, depends_on=[secret, claim, service]),
        )
        self.ready = [server]
        self.address = {
            "host": f"{NAME}.{args.twin}.svc.cluster.local",
            "port": PORT,
            "name": args.credentials["database"],
            "user": args.credentials["username"],
            "secretName": "database",
        }
        self.register_outputs({"host": self.address["host"]})


def _metadata(twin: str, name: str = NAME) -> dict[str, Any]:
    return {"name": name, "namespace": twin, "labels": _labels(twin)}


def _labels(twin: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": NAME, "switchyard.dev/twin": twin}


def _secret(args: TwinDatabaseArgs) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(args.twin),
        "stringData": dict(args.credentials),
    }


def _volume(args: TwinDatabaseArgs) -> Document:
    """A folder of the node. Restricted pods may claim it, where a hostPath would be refused."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{args.twin}-{NAME}", "labels": _labels(args.twin)},
        "spec": {
            "capacity": {"storage": _SIZE},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "claimRef": {"name": NAME, "namespace": args.twin},
            "local": {"path": str(args.volumes)},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [
                                {
                                    "key": "kubernetes.io/hostname",
                                    "operator": "In",
                                    "values": [args.node],
                                }
                            ]
                        }
                    ]
                }
            },
        },
    }


def _claim(args: TwinDatabaseArgs) -> Document:
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": _SIZE}},
    }
    if args.volumes:
        spec |= {"storageClassName": "", "volumeName": f"{args.twin}-{NAME}"}
    elif args.storage_class:
        spec["storageClassName"] = args.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(args.twin),
        "spec": spec,
    }


def _service(twin: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**_metadata(twin), "annotations": {"pulumi.com/skipAwait": "true"}},
        "spec": {
            "selector": {"app.kubernetes.io/name": NAME},
            "ports": [{"name": "postgres", "port": PORT, "targetPort": PORT}],
        },
    }


def _server(args: TwinDatabaseArgs) -> Document:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _metadata(args.twin),
        "spec": {
            "replicas": 1,
            "serviceName": NAME,
            "selector": {"matchLabels": {"app.kubernetes.io/name": NAME}},
            "template": {
                "metadata": {"labels": _labels(args.twin)},
                "spec": _pod(args),
            },
        },
    }


def _pod(args: TwinDatabaseArgs) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "fsGroup": _GROUP,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(args)],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": NAME}},
            {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
        ],
    }


_GROUP = 999
"""Group of the image's user; the volume is made writable for it."""


def _container(args: TwinDatabaseArgs) -> dict[str, Any]:
    ready = ["pg_isready", "--host=127.0.0.1", "--quiet"]
    return {
        "name": NAME,
        "image": args.image.reference,
        "env": [
            {
                "name": variable,
                "valueFrom": {"secretKeyRef": {"name": NAME, "key": key}},
            }
            for variable, key in (
                ("POSTGRES_USER", "username"),
                ("POSTGRES_PASSWORD", "password"),
                ("POSTGRES_DB", "database"),
            )
        ]
        + [{"name": "PGDATA", "value": f"{_DATA}/pgdata"}],
        "ports": [{"name": "postgres", "containerPort": PORT}],
        "readinessProbe": {"exec": {"command": ready}, "periodSeconds": 2, "timeoutSeconds": 2},
        "livenessProbe": {
            "exec": {"command": ready},
            "initialDelaySeconds": 30,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"memory": "512Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            # one folder a twin, made by the kubelet under the node's folder for volumes
            {"name": "data", "mountPath": _DATA, "subPath": args.twin},
            {"name": "run", "mountPath": "/run/postgresql"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of this pod alone
        ],
    }
