"""Every address, port and name of the yard; the one place where they are written down."""

from typing import Final

NODE_NAME: Final = "yard"
NODE_BRIDGE: Final = "switchyard0"
"""Carries the node's address. A bridge, since kernels without modules often lack dummy devices."""
POD_BRIDGE: Final = "switchyard1"
"""Made by the CNI plugin with the first pod; pods hang off it."""

NODE_ADDRESS: Final = "10.213.0.1"
NODE_NETWORK: Final = "10.213.0.0/24"
POD_NETWORK: Final = "10.214.0.0/24"
SERVICE_NETWORK: Final = "10.215.0.0/24"
NETWORKS: Final = (NODE_NETWORK, POD_NETWORK, SERVICE_NETWORK)
GATEWAY_SERVICE: Final = "10.215.0.80"
"""ClusterIP of the gateway's Service, fixed by the stack's EnvoyProxy resource."""
CLUSTER_DOMAIN: Final = "cluster.local"

API_PORT: Final = 6443
ETCD_PORT: Final = 2379
ETCD_PEER_PORT: Final = 2380
DNS_PORT: Final = 53
REGISTRY_PORT: Final = 5000
GIT_PORT: Final = 9418
KUBELET_PORT: Final = 10250
KUBELET_HEALTH_PORT: Final = 10248
CONTROLLER_MANAGER_PORT: Final = 10257
SCHEDULER_PORT: Final = 10259
PROXY_HEALTH_PORT: Final = 10256
PROXY_METRICS_PORT: Final = 10249
DNS_HEALTH_PORT: Final = 10253
GATEWAY_PORT: Final = 8080

API: Final = f"https://{NODE_ADDRESS}:{API_PORT}"
REGISTRY: Final = f"{NODE_ADDRESS}:{REGISTRY_PORT}"
GIT: Final = f"git://{NODE_ADDRESS}"
GATEWAY: Final = f"http://127.0.0.1:{GATEWAY_PORT}"

LISTENERS: Final[tuple[tuple[str, str, int], ...]] = (
    ("kube-apiserver", NODE_ADDRESS, API_PORT),
    ("etcd", NODE_ADDRESS, ETCD_PORT),
    ("etcd", NODE_ADDRESS, ETCD_PEER_PORT),
    ("coredns", NODE_ADDRESS, DNS_PORT),
    ("coredns", "127.0.0.1", DNS_HEALTH_PORT),
    ("registry", NODE_ADDRESS, REGISTRY_PORT),
    ("git", NODE_ADDRESS, GIT_PORT),
    ("kubelet", NODE_ADDRESS, KUBELET_PORT),
    ("kubelet", "127.0.0.1", KUBELET_HEALTH_PORT),
    ("kube-controller-manager", "127.0.0.1", CONTROLLER_MANAGER_PORT),
    ("kube-scheduler", "127.0.0.1", SCHEDULER_PORT),
    ("kube-proxy", "127.0.0.1", PROXY_HEALTH_PORT),
    ("kube-proxy", "127.0.0.1", PROXY_METRICS_PORT),
    ("gateway", "127.0.0.1", GATEWAY_PORT),
)
"""(program, address, TCP port) of everything that listens; preflight checks that they are free."""
