"""The gateway: Envoy Gateway as an add-on, and the one Gateway `edge` that all twins share.

Deliberately not here: routes. The release controller owns every HTTPRoute.
"""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.addon import Addon, AddonArgs, AddonSource
from components.baked_image import BakedImage
from components.manifest import Document, Manifest
from components.namespace import ANY, WITHIN, in_namespaces, isolated, restricted, to_ports

CONTROL_NAMESPACE = "envoy-gateway-system"
"""Where Envoy Gateway and the Envoy pods run; the chart's own default."""
NAME = "edge"
"""Name of the GatewayClass, of the Gateway and of the Gateway's namespace."""
PROXY_PORT = 10080
"""Where Envoy listens for the listener's port 80: Envoy Gateway shifts privileged ports."""
STATS_PORT = 19001
_ADDON = "envoy-gateway"
_REMOVAL = f"{_ADDON}-removal"
"""Service account of the chart's hook that removes the definitions once the gateway is gone."""
_GROUPS = [
    "gateway.envoyproxy.io",
    "gateway.networking.k8s.io",
    "gateway.networking.x-k8s.io",
]
"""API groups whose definitions the chart brings."""


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """What the gateway is made of.

    Attributes:
        source: where add-ons come from and go to.
        envoy_gateway: image of the control plane; also of the proxies' shutdown manager.
        envoy: image of the proxies.
        removal: an image with Python, which removes the definitions when the gateway is destroyed.
        proxies: Envoy pods.
        service_address: fixed cluster IP of the proxies' Service; None for any.
    """

    source: AddonSource
    envoy_gateway: BakedImage
    envoy: BakedImage
    removal: BakedImage
    proxies: int
    service_address: str | None


class Gateway(pulumi.ComponentResource):
    """The gateway at which all public traffic arrives; ready when it is programmed.

    Attributes:
        ready: what to depend on.
    """

    def __init__(
        self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:Gateway", name, None, opts)
        controller = self._create_controller(args)
        namespace = isolated(self, name, restricted(NAME))
        proxy = Manifest(
            f"{name}-proxy",
            envoy_proxy(args),
            pulumi.ResourceOptions(parent=self, depends_on=controller.ready),
        )
        gateway_class = Manifest(
            f"{name}-class",
            _GATEWAY_CLASS,
            pulumi.ResourceOptions(parent=self, depends_on=[proxy]),
        )
        gateway = Manifest(
            f"{name}-gateway",
            _GATEWAY,
            pulumi.ResourceOptions(parent=self, depends_on=[gateway_class, namespace]),
        )
        self.ready = [gateway]
        self.register_outputs({"proxies": args.proxies})

    def _create_controller(self, args: GatewayArgs) -> Addon:
        permission = Manifest(
            f"{_REMOVAL}-role", _REMOVAL_ROLE, pulumi.ResourceOptions(parent=self)
        )
        granted = Manifest(
            f"{_REMOVAL}-binding",
            _REMOVAL_BINDING,
            pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        return Addon(
            _ADDON,
            AddonArgs(
                source=args.source,
                chart="gateway",
                namespace=CONTROL_NAMESPACE,
                values={
                    "removalImage": args.removal.reference,
                    "definitionGroups": _GROUPS,
                    "gateway-helm": chart_values(args.envoy_gateway),
                },
                ingress=[
                    to_ports(PROXY_PORT),
                    in_namespaces({"kubernetes.io/metadata.name": "observability"}, STATS_PORT),
                    WITHIN,
                ],
                egress=[ANY],
            ),
            # so that a destroy takes the permission away last
            pulumi.ResourceOptions(parent=self, depends_on=granted),
        )


def chart_values(image: BakedImage) -> dict[str, Any]:
    """Values of Envoy Gateway's chart."""
    return {
        "deployment": {
            # the chart joins repository and tag by a colon, which makes a reference by digest
            "envoyGateway": {
                "image": {
                    "repository": f"{image.repository}@sha256",
                    "tag": image.digest.removeprefix("sha256:"),
                },
                "imagePullPolicy": "IfNotPresent",
                "resources": {
                    # few cores are needed, but at once: a flip waits for its translation
                    "requests": {"cpu": "250m", "memory": "128Mi"},
                    "limits": {"memory": "512Mi"},
                },
            }
        },
        # would patch a certificate into a webhook, which Argo CD would undo for ever
        "topologyInjector": {"enabled": False},
        # guards against other installers of the same CRDs; Argo CD is the only one
        "crds": {"gatewayAPI": {"safeUpgradePolicy": {"enabled": False}}},
        "certgen": {
            "job": {
                "resources": {
                    "requests": {"cpu": "10m", "memory": "32Mi"},
                    "limits": {"memory": "256Mi"},
                },
                # a job that removes itself may be gone before Argo CD has seen it succeed
                "ttlSecondsAfterFinished": None,
            }
        },
    }


def envoy_proxy(args: GatewayArgs) -> Document:
    """How the Envoy pods run."""
    service: dict[str, Any] = {"type": "ClusterIP"}
    if args.service_address:
        fixed = {"spec": {"clusterIP": args.service_address}}
        service["patch"] = {"type": "StrategicMerge", "value": fixed}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyProxy",
        "metadata": {"name": NAME, "namespace": CONTROL_NAMESPACE},
        "spec": {
            # a pod that leaves keeps serving until every balancer has heard of it
            "shutdown": {"drainTimeout": "30s", "minDrainDuration": "10s"},
            # both colours are one Envoy cluster: only its endpoints tell them apart
            "telemetry": {
                "metrics": {"enablePerEndpointStats": True},
                # a line for every request would cost as much as serving it: failures alone
                "accessLog": {"settings": [_FAILURES_TO_STDOUT]},
            },
            "provider": {
                "type": "Kubernetes",
                "kubernetes": {
                    "envoyDeployment": _deployment(args),
                    "envoyService": service,
                    "envoyPDB": {"minAvailable": 1},
                },
            },
        },
    }


def _deployment(args: GatewayArgs) -> dict[str, Any]:
    return {
        "replicas": args.proxies,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        },
        "container": {
            "image": args.envoy.reference,
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"memory": "512Mi"},
            },
        },
    }


_REMOVAL_ROLE: Document = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": _REMOVAL},
    "rules": [
        {
            "apiGroups": ["apiextensions.k8s.io"],
            "resources": ["customresourcedefinitions"],
            "verbs": ["list", "delete"],
        },
        # to see whether anything of a kind is left
        {"apiGroups": _GROUPS, "resources": ["*"], "verbs": ["list"]},
    ],
}

_REMOVAL_BINDING: Document = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": _REMOVAL},
    "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": _REMOVAL,
    },
    "subjects": [{"kind": "ServiceAccount", "name": _REMOVAL, "namespace": CONTROL_NAMESPACE}],
}

_FAILURES_TO_STDOUT: Document = {
    "matches": ["response.code >= 500"],
    "sinks": [{"type": "File", "file": {"path": "/dev/stdout"}}],
}

_GATEWAY_CLASS: Document = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {
        "name": NAME,
        "annotations": {"pulumi.com/waitFor": "condition=Accepted"},
    },
    "spec": {
        "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
        "parametersRef": {
            "group": "gateway.envoyproxy.io",
            "kind": "EnvoyProxy",
            "name": NAME,
            "namespace": CONTROL_NAMESPACE,
        },
    },
}

_GATEWAY: Document = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "Gateway",
    "metadata": {
        "name": NAME,
        "namespace": NAME,
        "annotations": {"pulumi.com/waitFor": "condition=Programmed"},
    },
    "spec": {
        "gatewayClassName": NAME,
        "listeners": [
            {
                "name": "http",
                "port": 80,
                "protocol": "HTTP",
                "allowedRoutes": {"namespaces": {"from": "All"}},
            }
        ],
    },
}
