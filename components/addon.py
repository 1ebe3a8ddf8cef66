"""One add-on of the platform: a namespace and an Argo CD Application at a pinned chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.application import Source, application
from components.foundation import Cluster
from components.live_object import LiveObject
from components.manifest import Manifest
from components.namespace import Rule, isolated, restricted
from components.narration import ApplicationNarrator
from components.progress import stream

PROJECT = "platform"
"""The AppProject of all add-ons; ArgoCd declares it."""


@dataclass(frozen=True, kw_only=True)
class AddonSource:
    """Where all add-ons come from and go to.

    Attributes:
        repository: URL of the add-ons' repository.
        revision: full commit SHA of it.
        cluster: where progress can be watched.
    """

    repository: str
    revision: str
    cluster: Cluster


@dataclass(frozen=True, kw_only=True)
class AddonArgs:
    """What an add-on is made of.

    Attributes:
        source: where add-ons come from and go to.
        chart: the chart's folder in it.
        namespace: where it runs.
        values: the chart's values.
        ingress: what may come into the namespace.
        egress: what may leave it.
        timeout: how long installing it may take, as Pulumi writes durations.
    """

    source: AddonSource
    chart: str
    namespace: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ingress: Sequence[Rule] = ()
    egress: Sequence[Rule] = ()
    timeout: str = "10m"


class Addon(pulumi.ComponentResource):
    """A chart that Argo CD keeps installed; ready when Argo CD has seen it healthy.

    Attributes:
        ready: what to depend on.
    """

    def __init__(
        self, name: str, args: AddonArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:Addon", name, None, opts)
        namespace = isolated(
            self, name, restricted(args.namespace), ingress=args.ingress, egress=args.egress
        )
        source = Source(
            repository=args.source.repository,
            path=args.chart,
            revision=args.source.revision,
            values=args.values,
        )
        document = application(
            name,
            source,
            project=PROJECT,
            namespace=args.namespace,
            labels={"switchyard.dev/addon": name},
        )
        declared = Manifest(
            f"{name}-application",
            document,
            pulumi.ResourceOptions(
                parent=self,
                depends_on=[namespace],
                custom_timeouts=pulumi.CustomTimeouts(create=args.timeout, update=args.timeout),
            ),
        )
        self.ready = [declared]
        goal = document["spec"]["source"]["name"]
        watched = LiveObject.of(document, "applications")
        stream(args.source.cluster, watched, ApplicationNarrator(goal), self)
        self.register_outputs({"revision": args.source.revision})
