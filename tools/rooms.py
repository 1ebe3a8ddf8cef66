"""The Go rooms: one folder with one go.mod for each set of tools whose dependencies agree.

Rooms are as few as the modules allow, for tools in one room share compiled packages. The Kubernetes
provider and the CLI share pulumi v3.215.0, the newest the provider compiles against; it is also old
enough to have no automatic debug log. Envoy Gateway wants Kubernetes 0.36, the provider 0.33.
"""

from __future__ import annotations

from tools.recipe import GoRoom, ModuleFile, Trim

KUBERNETES_VERSION = "1.34.2"
HELM_VERSION = "3.19.2"
CRANE_VERSION = "0.22.1"
ARGO_CD_VERSION = "3.3.0"
PULUMI_VERSION = "3.215.0"
PULUMI_KUBERNETES_VERSION = "4.24.1"
ENVOY_GATEWAY_VERSION = "1.9.1"

_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_GATEWAY_VERSION = "github.com/envoyproxy/gateway/internal/cmd/version"
_PROVIDER_MAIN = "cmd/pulumi-resource-kubernetes"

KUBERNETES = GoRoom(
    name="kubernetes",
    stamps=(
        f"k8s.io/component-base/version.gitVersion=v{KUBERNETES_VERSION}",
        "k8s.io/component-base/version.gitMajor=1",
        "k8s.io/component-base/version.gitMinor=34",
        "k8s.io/component-base/version.gitTreeState=clean",
        f"k8s.io/client-go/pkg/version.gitVersion=v{KUBERNETES_VERSION}",
        f"helm.sh/helm/v3/internal/version.version=v{HELM_VERSION}",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
        f"github.com/google/go-containerregistry/cmd/crane/cmd.Version=v{CRANE_VERSION}",
        f"github.com/argoproj/argo-cd/v3/common.version={ARGO_CD_VERSION}",
    ),
)

PULUMI = GoRoom(
    name="pulumi",
    stamps=(
        f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",
        f"{_PROVIDER}/pkg/version.Version={PULUMI_KUBERNETES_VERSION}",
    ),
    embeds=tuple(
        ModuleFile(
            module=_PROVIDER,
            path=f"{_PROVIDER_MAIN}/{file}",
            to=f"pulumi-resource-kubernetes/{file}",
        )
        for file in ("schema.json", "terraform-mapping.json")
    ),
    # The provider's own component resources (Chart v4, ConfigFile v2, Directory v2) link all 60
    # packages of its Go SDK: half of the cold build and of the binary. Charts are Argo CD's here.
    trims=(
        Trim(
            module=_PROVIDER,
            path="pkg/provider/provider_construct.go",
            words=("providerhelmv4", "providerkustomizev2", "provideryamlv2"),
        ),
    ),
)

PULUMI_LANGUAGE_PYTHON = GoRoom(name="pulumi_language_python")

ENVOY_GATEWAY = GoRoom(
    name="envoy_gateway",
    stamps=(f"{_GATEWAY_VERSION}.envoyGatewayVersion=v{ENVOY_GATEWAY_VERSION}",),
)
