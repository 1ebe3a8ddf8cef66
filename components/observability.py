"""Observability: Prometheus, which scrapes the data plane and the twins' pods, per colour."""

from dataclasses import dataclass

import pulumi

from components.addon import Addon, AddonArgs, AddonSource
from components.baked_image import BakedImage
from components.namespace import ANY, to_ports

NAMESPACE = "observability"
PORT = 9090


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """What observability is made of.

    Attributes:
        source: where add-ons come from and go to.
        prometheus: image of Prometheus.
        discovery: an image with Python, in which the chart's discovery runs.
        slo_rules: rule file of the service level objectives, as YAML.
    """

    source: AddonSource
    prometheus: BakedImage
    discovery: BakedImage
    slo_rules: str


class Observability(pulumi.ComponentResource):
    """Prometheus at `prometheus.observability:9090`; ready when it answers."""

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:Observability", name, None, opts)
        Addon(
            name,
            AddonArgs(
                source=args.source,
                chart="observability",
                namespace=NAMESPACE,
                values={
                    "image": args.prometheus.reference,
                    "discoveryImage": args.discovery.reference,
                    "sloRules": args.slo_rules,
                },
                ingress=[to_ports(PORT)],
                egress=[ANY],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"endpoint": f"http://prometheus.{NAMESPACE}:{PORT}"})
