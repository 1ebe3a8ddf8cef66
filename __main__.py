"""The program, top-down: settings → foundation → platform → twins → outputs."""

from pathlib import Path

import pulumi

import settings
import tools
from components import gateway, observability, outputs, release
from components.addon import AddonSource
from components.argo_cd import ArgoCd, ArgoCdArgs
from components.baked_image import BakedImage
from components.foundation import Foundation, cluster
from components.gateway import Gateway, GatewayArgs
from components.observability import Observability, ObservabilityArgs
from components.release_controller import ReleaseController, ReleaseControllerArgs
from components.twin import Twin, TwinArgs

project = Path(__file__).parent
stack = settings.load()
lock = settings.lock(stack, project)
image = {name: BakedImage.of(name, lock) for name in settings.PLATFORM_IMAGES}

foundation = Foundation("foundation", cluster(stack.foundation))
on_cluster = pulumi.ResourceOptions(provider=foundation.provider)
source = AddonSource(repository=stack.git.addons, revision=stack.git.addons_revision,
                     cluster=foundation.cluster)  # fmt: skip

argo_cd = ArgoCd("argo-cd", ArgoCdArgs(
    manifests=tools.share("argo-cd") / "manifests", argocd=image["argocd"], redis=image["redis"],
    secret=lambda use: pulumi.Output.secret(stack.derived_secret(use)), addons=stack.git.addons,
    addon_namespaces=(gateway.CONTROL_NAMESPACE, observability.NAMESPACE),
), on_cluster)  # fmt: skip
after_argo_cd = pulumi.ResourceOptions(provider=foundation.provider, depends_on=argo_cd.ready)
edge = Gateway("edge", GatewayArgs(
    source=source, envoy_gateway=image["envoy-gateway"], proxies=stack.edge.proxies,
    envoy=image["envoy"], removal=image["controller"], service_address=stack.edge.service_address,
), after_argo_cd)  # fmt: skip
Observability("observability", ObservabilityArgs(
    source=source, prometheus=image["prometheus"], discovery=image["controller"],
    slo_rules=release.slo_rules(stack.twins),
), after_argo_cd)  # fmt: skip
controller = ReleaseController("release-controller", ReleaseControllerArgs(
    image=image["controller"], contract=project / "controller", trusted_keys=stack.trusted_keys,
), on_cluster)  # fmt: skip

twins = {
    name: Twin(name, TwinArgs(
        settings=twin, repository=stack.git.environments, lock=lock, cluster=foundation.cluster,
        database_password=pulumi.Output.secret(stack.database_password.get_secret_value()),
    ), pulumi.ResourceOptions(
        provider=foundation.provider,
        depends_on=[*argo_cd.ready, *edge.ready, *controller.ready],
    ))
    for name, twin in stack.twins.items()
}  # fmt: skip

for name, value in outputs.of(stack, twins).items():
    pulumi.export(name, value)
