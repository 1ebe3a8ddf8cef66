"""The node: containerd, kubelet, kube-proxy, and the pods' network."""

import json
import re
from pathlib import Path

from local import cgroups
from local.addresses import (
    CLUSTER_DOMAIN,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    NODE_ADDRESS,
    NODE_NAME,
    POD_BRIDGE,
    POD_NETWORK,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    REGISTRY,
)
from local.binaries import binary, cni_plugins, search_path
from local.errors import YardError
from local.host import run
from local.layout import Layout
from local.network import CNI_NETWORK
from local.pki import kubeconfig
from local.program import Program
from local.rendering import text_file, toml_text, yaml_file
from local.supervision import open_files

CONTAINERD = "containerd"
KUBELET = "kubelet"
PROXY = "kube-proxy"
_CRI = "io.containerd.grpc.v1.cri"


def containerd(layout: Layout, pause: str) -> Program:
    """The container runtime, with folders and sockets apart from any other on this machine.

    Args:
        layout: where its files go.
        pause: name of the pause image.
    """
    _mirror(layout)
    _pod_network(layout)
    cri = {
        "sandbox_image": pause,
        # Without CAP_SYS_RESOURCE a process cannot lower its own score, and no pod would start.
        "restrict_oom_score_adj": True,
        "netns_mounts_under_state_dir": True,
        "tolerate_missing_hugetlb_controller": True,
        "max_concurrent_downloads": 4,
        "stream_server_address": "127.0.0.1",
        "cni": {"bin_dir": str(cni_plugins()), "conf_dir": str(layout.config / "cni")},
        "registry": {"config_path": str(layout.config / "registries")},
        "containerd": {
            "snapshotter": "overlayfs",
            "default_runtime_name": "runc",
            "runtimes": {
                "runc": {
                    "runtime_type": "io.containerd.runc.v2",
                    "options": {
                        "BinaryName": binary("runc"),
                        "Root": str(layout.run / "runc"),
                        "SystemdCgroup": False,
                    },
                }
            },
        },
    }
    config = text_file(
        layout.config / "containerd.toml",
        toml_text(
            {
                "version": 2,
                "root": str(layout.state / "containerd"),
                "state": str(layout.run / "containerd"),
                # The opt plugin makes a folder below /opt.
                "disabled_plugins": ["io.containerd.internal.v1.opt"],
                "grpc": {"address": str(layout.containerd_socket)},
                "debug": {"level": "warn"},
                "plugins": {_CRI: cri},
            }
        ),
    )
    return Program(
        name=CONTAINERD,
        command=(binary("containerd"), "--config", str(config)),
        environment={"PATH": search_path()},
        files=(config,),
    )


def runtime_answers(layout: Layout) -> str | None:
    """None if containerd's CRI plugin is loaded, else what is missing."""
    try:
        plugins = _ctr(layout, "plugins", "ls", "id==cri")
    except YardError as error:
        return str(error)
    return (
        None if re.search(r"cri\s.*\sok", plugins) else f"its CRI plugin is not loaded: {plugins}"
    )


def has_image(layout: Layout, reference: str) -> bool:
    """Whether containerd has an image for the cluster under this name."""
    listed = _ctr(layout, "images", "ls", "-q", f"name=={reference}")
    return reference in listed.split()


def import_image(layout: Layout, archive: Path) -> None:
    """Load an image archive for the cluster."""
    _ctr(layout, "images", "import", str(archive))


def kubelet(layout: Layout) -> Program:
    """The kubelet, registering the node ``yard``."""
    config = yaml_file(
        layout.config / "kubelet.yaml",
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODE_ADDRESS,
            "port": KUBELET_PORT,
            "healthzBindAddress": "127.0.0.1",
            "healthzPort": KUBELET_HEALTH_PORT,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
            "clusterDomain": CLUSTER_DOMAIN,
            "clusterDNS": [NODE_ADDRESS],
            # A group of our own makes cleaning up exact; the driver needs no systemd.
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{cgroups.NAME}",
            "failCgroupV1": False,
            "failSwapOn": False,
            # A root file system on a raw disk has no usage figures that could be shared out.
            "localStorageCapacityIsolation": False,
            "evictionHard": {"memory.available": "200Mi"},
            "imageGCHighThresholdPercent": 100,  # off: `down` removes images, nothing else should
            # No chains of kubelet's among the host's rules; kube-proxy does not need them.
            "makeIPTablesUtilChains": False,
            "maxOpenFiles": open_files(),
            "serializeImagePulls": False,
            "maxParallelImagePulls": 3,
            "registryPullQPS": 0,
            "eventRecordQPS": 50,
            "podLogsDir": str(layout.state / "pod-logs"),
            "volumePluginDir": str(layout.state / "kubelet" / "volume-plugins"),
            "containerLogMaxSize": "10Mi",
            "containerLogMaxFiles": 2,
            # Without systemd nobody tells kubelet of a shutdown; `down` ends pods itself.
            "shutdownGracePeriod": "0s",
            "enableProfilingHandler": False,
            "enableDebugFlagsHandler": False,
        },
    )
    return Program(
        name=KUBELET,
        command=(
            binary("kubelet"),
            f"--config={config}",
            f"--kubeconfig={kubeconfig(layout, 'kubelet')}",
            f"--root-dir={layout.state}/kubelet",
            f"--cert-dir={layout.state}/kubelet/pki",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={NODE_ADDRESS}",
            "--v=1",
        ),
        files=(config,),
    )


def proxy(layout: Layout) -> Program:
    """kube-proxy, in a packet filter table of its own that can be removed as a whole."""
    config = yaml_file(
        layout.config / "kube-proxy.yaml",
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "hostnameOverride": NODE_NAME,
            "clientConnection": {"kubeconfig": str(kubeconfig(layout, "kube-proxy"))},
            "clusterCIDR": POD_NETWORK,
            "detectLocalMode": "ClusterCIDR",
            "nodePortAddresses": ["primary"],
            "healthzBindAddress": f"127.0.0.1:{PROXY_HEALTH_PORT}",
            "metricsBindAddress": f"127.0.0.1:{PROXY_METRICS_PORT}",
            # A pod that leaves must be forgotten at once, not with the next second's batch.
            "nftables": {"minSyncPeriod": "100ms", "syncPeriod": "30s"},
            # Zeros leave the host's connection tracking as it is.
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
        },
    )
    return Program(
        name=PROXY,
        command=(binary("kube-proxy"), f"--config={config}", "--v=1"),
        environment={"PATH": search_path()},
        files=(config,),
    )


def _mirror(layout: Layout) -> None:
    """Let containerd speak plain http to the yard's registry."""
    text_file(
        layout.config / "registries" / REGISTRY / "hosts.toml",
        toml_text(
            {
                "server": f"http://{REGISTRY}",
                "host": {f"http://{REGISTRY}": {"capabilities": ["pull", "resolve"]}},
            }
        ),
    )


def _pod_network(layout: Layout) -> None:
    """The CNI configuration: one bridge, addresses kept in the yard's own folder."""
    addresses = {
        "type": "host-local",
        "dataDir": str(layout.run / "cni"),
        "ranges": [[{"subnet": POD_NETWORK}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": POD_BRIDGE,
        "isGateway": True,
        # A pod may reach itself by a service address.
        "hairpinMode": True,
        # Our own table does it: the plugin would leave rules among the host's.
        "ipMasq": False,
        "ipam": addresses,
    }
    plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
    content = {"cniVersion": "0.4.0", "name": CNI_NETWORK, "plugins": plugins}
    text_file(layout.config / "cni" / "10-switchyard.conflist", json.dumps(content, indent=2))


def _ctr(layout: Layout, *arguments: str) -> str:
    endpoint = ("--address", str(layout.containerd_socket), "--namespace", "k8s.io")
    return run(binary("ctr"), *endpoint, *arguments)
