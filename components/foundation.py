"""The cluster that a stack stands on, and the one provider through which it is reached.

Deliberately not here: starting the yard. A program that is previewed must not start a cluster.
"""

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes import Provider

import settings
import tools
from components.engine_log import drop_debug_messages


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where a cluster is reached, and where its databases may keep their data.

    Attributes:
        kubeconfig: path of the kubeconfig.
        context: context in it.
        volumes: folder on the node for local volumes; None where a provisioner makes volumes.
        node: name of the node that has the folder.
        storage_class: storage class of claims; None for the cluster's default.
    """

    kubeconfig: Path
    context: str
    volumes: Path | None = None
    node: str | None = None
    storage_class: str | None = None


def cluster(chosen: settings.Foundation) -> Cluster:
    """The cluster that the settings choose."""
    if chosen.kind == "yard":
        yard = tools.cache_dir() / "yard"
        return Cluster(
            kubeconfig=yard / "kubeconfig", context="yard", volumes=yard / "volumes", node="yard"
        )
    return Cluster(
        kubeconfig=chosen.path or Path.home() / ".kube" / "config",
        context=chosen.context or "",
        storage_class=chosen.storage_class,
    )


class Foundation(pulumi.ComponentResource):
    """The one provider of a stack, bound to one context of one kubeconfig."""

    def __init__(
        self, name: str, args: Cluster, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:Foundation", name, None, opts)
        drop_debug_messages()  # from the first resource on: each costs a blocking call
        self.cluster = args
        self.provider = Provider(
            f"{name}-cluster",
            # the path, not the content: certificates are renewed without any change to the graph
            kubeconfig=str(args.kubeconfig),
            context=args.context,
            cluster_identifier=args.context,
            enable_server_side_apply=True,
            # names are fixed, so a change must not delete what pods mount
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"context": args.context})
