"""Argo CD: the one reconciler of workloads and add-ons.

Deliberately without a user interface: `kubectl get applications -n argocd` says what it does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components import addon, application, argo_cd_manifests
from components.baked_image import BakedImage
from components.manifest import Manifest
from components.namespace import ANY, WITHIN, isolated, restricted


@dataclass(frozen=True, kw_only=True)
class ArgoCdArgs:
    """What Argo CD is made of.

    Attributes:
        manifests: the folder `manifests` of the pinned module.
        argocd: image of Argo CD.
        redis: image of its cache.
        secret: purpose to a secret that is stable over updates.
        addons: URL of the add-ons' repository.
        addon_namespaces: where add-ons may write to.
    """

    manifests: Path
    argocd: BakedImage
    redis: BakedImage
    secret: Callable[[str], pulumi.Output[str]]
    addons: str
    addon_namespaces: tuple[str, ...]


class ArgoCd(pulumi.ComponentResource):
    """Argo CD, ready to take Applications.

    Attributes:
        ready: what to depend on. A dependency on the component itself would be one on each of its
            children, in each of the dependant's registrations.
    """

    def __init__(
        self, name: str, args: ArgoCdArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("switchyard:index:ArgoCd", name, None, opts)
        definitions = self._create_definitions(name, args)
        namespace = isolated(
            self,
            name,
            restricted(argo_cd_manifests.NAMESPACE),
            ingress=[WITHIN],
            egress=[ANY],
        )
        objects = self._create_objects(name, args, [*definitions, namespace])
        self.ready = [
            *self._create_workloads(name, args, objects),
            self._create_project(name, args, [*definitions, namespace]),
        ]
        self.register_outputs({"image": args.argocd.reference})

    def _create_definitions(self, name: str, args: ArgoCdArgs) -> list[Manifest]:
        return [
            Manifest(
                f"{name}-{document['spec']['names']['plural']}",
                document,
                pulumi.ResourceOptions(parent=self),
            )
            for document in argo_cd_manifests.definitions(args.manifests)
        ]

    def _create_objects(self, name: str, args: ArgoCdArgs, after: list[Manifest]) -> list[Manifest]:
        return [
            Manifest(
                f"{name}-{document['metadata']['name'].removeprefix('argocd-')}",
                document,
                pulumi.ResourceOptions(parent=self, depends_on=after),
            )
            for document in argo_cd_manifests.objects(args.manifests, args.secret)
        ]

    def _create_workloads(
        self, name: str, args: ArgoCdArgs, after: list[Manifest]
    ) -> list[Manifest]:
        return [
            Manifest(
                f"{name}-{document['metadata']['name'].removeprefix('argocd-')}",
                document,
                pulumi.ResourceOptions(parent=self, depends_on=after),
            )
            for document in argo_cd_manifests.workloads(args.manifests, args.argocd, args.redis)
        ]

    def _create_project(self, name: str, args: ArgoCdArgs, after: list[Manifest]) -> Manifest:
        document = application.project(
            addon.PROJECT,
            repository=args.addons,
            namespaces=list(args.addon_namespaces),
            cluster_wide=True,
        )
        return Manifest(
            f"{name}-{addon.PROJECT}",
            document,
            pulumi.ResourceOptions(parent=self, depends_on=after),
        )
