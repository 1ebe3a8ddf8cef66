"""One twin: the same environment twice, what both share, and the switch between them."""

from dataclasses import dataclass

import pulumi

import settings
from components import application, release
from components.baked_image import BakedImage
from components.environment import Environment, EnvironmentArgs
from components.foundation import Cluster
from components.manifest import Manifest
from components.namespace import in_namespaces, isolated, restricted
from components.traffic_switch import TrafficSwitch, TrafficSwitchArgs
from components.twin_database import PORT, TwinDatabase, TwinDatabaseArgs
from images.lock import Lock


@dataclass(frozen=True, kw_only=True)
class TwinArgs:
    """What a twin is made of.

    Attributes:
        settings: what the stack says of it.
        repository: URL of the environments' repository.
        database_password: password of its database, secret.
        lock: the stack's image lock.
        cluster: the cluster it stands on.
    """

    settings: settings.Twin
    repository: str
    database_password: pulumi.Output[str]
    lock: Lock
    cluster: Cluster


class Twin(pulumi.ComponentResource):
    """Blue and green of one application; ready when both are healthy and the asked one serves.

    Attributes:
        serving: the colour that serves.
        phase: the phase of its release.
        digests: colour to service to image digest.
    """

    def __init__(
        self, name: str, args: TwinArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:Twin", name, None, opts)
        shared = self._create_shared(name, args)
        database = self._create_database(name, args, shared)
        colours = [
            self._create_environment(name, colour, args, database, shared)
            for colour in settings.Colour
        ]
        switch = TrafficSwitch(
            f"{name}-switch",
            TrafficSwitchArgs(
                twin=name, settings=args.settings, lock=args.lock, cluster=args.cluster
            ),
            pulumi.ResourceOptions(
                parent=self, depends_on=[one for colour in colours for one in colour.ready]
            ),
        )
        self.serving = switch.serving
        self.phase = switch.phase
        self.digests = {
            str(colour): release.digests(args.settings.environment(colour), args.lock)
            for colour in settings.Colour
        }
        self.register_outputs({"serving": self.serving, "digests": self.digests})

    def _create_shared(self, name: str, args: TwinArgs) -> list[Manifest]:
        """The twin's own namespace, and what its Applications may bring where."""
        twin = {"switchyard.dev/twin": name}
        namespace = isolated(
            self, name, restricted(name, twin), ingress=[in_namespaces(twin, PORT)]
        )
        document = application.project(
            name,
            repository=args.repository,
            namespaces=[release.namespace(name, colour) for colour in settings.Colour],
            cluster_wide=False,
        )
        return [
            namespace,
            Manifest(f"{name}-project", document, pulumi.ResourceOptions(parent=self)),
        ]

    def _create_database(self, name: str, args: TwinArgs, after: list[Manifest]) -> TwinDatabase:
        return TwinDatabase(
            f"{name}-database",
            TwinDatabaseArgs(
                twin=name,
                image=BakedImage.of("postgres", args.lock),
                credentials=_credentials(name, args),
                volumes=args.cluster.volumes,
                node=args.cluster.node,
                storage_class=args.cluster.storage_class,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _create_environment(
        self,
        name: str,
        colour: settings.Colour,
        args: TwinArgs,
        database: TwinDatabase,
        after: list[Manifest],
    ) -> Environment:
        chosen = args.settings.environment(colour)
        return Environment(
            f"{name}-{colour}",
            EnvironmentArgs(
                twin=name,
                colour=colour,
                repository=args.repository,
                revision=chosen.revision,
                images={
                    service: BakedImage.of(value, args.lock)
                    for service, value in chosen.images.items()
                },
                database=database.address,
                credentials=_credentials(name, args),
                timeout=settings.seconds(args.settings.strategy.health_timeout),
                cluster=args.cluster,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[*database.ready, *after]),
        )


def _credentials(name: str, args: TwinArgs) -> dict[str, pulumi.Input[str]]:
    return {"username": name, "password": args.database_password, "database": name}
