"""Certificates and kubeconfigs of the cluster, made by ``kubeadm``; kept until ``down``."""

import shutil
from pathlib import Path
from typing import Any, cast

import yaml

from local.addresses import (
    API_PORT,
    CLUSTER_DOMAIN,
    NODE_ADDRESS,
    NODE_NAME,
    POD_NETWORK,
    SERVICE_NETWORK,
)
from local.binaries import binary
from local.host import run
from local.layout import Layout
from local.rendering import text_file

COMPONENTS = ("controller-manager", "scheduler", "kubelet")
"""Kubeconfigs that kubeadm knows by name; in ``<pki>/<name>.conf``."""
USERS = ("system:kube-proxy", "system:coredns")
"""Further clients; their kubeconfig is called by what follows the colon."""
CONTEXT = "yard"
_VERSION = "v1.34.2"


def ensure(layout: Layout) -> None:
    """Make what is missing; what is there is kept, as kubeadm itself does."""
    done = layout.pki / "complete"
    if done.exists():
        return
    config = _config(layout)
    shutil.rmtree(layout.pki, ignore_errors=True)  # an interrupted half is not worth keeping
    layout.pki.mkdir(parents=True, mode=0o700)
    kubeadm = binary("kubeadm")
    run(kubeadm, "init", "phase", "certs", "all", "--config", str(config))
    for name in (*COMPONENTS, "super-admin"):
        folder = ("--kubeconfig-dir", str(layout.pki))
        run(kubeadm, "init", "phase", "kubeconfig", name, "--config", str(config), *folder)
    for user in USERS:
        content = run(kubeadm, "kubeconfig", "user", "--client-name", user, "--config", str(config))
        text_file(kubeconfig(layout, user.partition(":")[2]), content)
    text_file(layout.kubeconfig, _renamed((layout.pki / "super-admin.conf").read_text()))
    done.touch()


def kubeconfig(layout: Layout, client: str) -> Path:
    """The kubeconfig of a component of the cluster."""
    return layout.pki / f"{client}.conf"


def _config(layout: Layout) -> Path:
    """The configuration that kubeadm makes certificates by."""
    api = "kubeadm.k8s.io/v1beta4"
    documents = (
        {
            "apiVersion": api,
            "kind": "InitConfiguration",
            "localAPIEndpoint": {"advertiseAddress": NODE_ADDRESS, "bindPort": API_PORT},
            "nodeRegistration": {
                "name": NODE_NAME,
                "criSocket": f"unix://{layout.containerd_socket}",
            },
        },
        {
            "apiVersion": api,
            "kind": "ClusterConfiguration",
            "kubernetesVersion": _VERSION,
            "clusterName": CONTEXT,
            "certificatesDir": str(layout.pki),
            # Elliptic keys: made in milliseconds, and cheaper in every handshake than RSA.
            "encryptionAlgorithm": "ECDSA-P256",
            "controlPlaneEndpoint": f"{NODE_ADDRESS}:{API_PORT}",
            "networking": {
                "serviceSubnet": SERVICE_NETWORK,
                "podSubnet": POD_NETWORK,
                "dnsDomain": CLUSTER_DOMAIN,
            },
        },
    )
    return text_file(layout.config / "kubeadm.yaml", yaml.safe_dump_all(documents))


def _renamed(kubeconfig: str) -> str:
    """Give the administrator's kubeconfig the context that stacks name."""
    content = cast("dict[str, Any]", yaml.safe_load(kubeconfig))
    user = "yard-admin"
    content["users"][0]["name"] = user
    cluster = content["clusters"][0]["name"]
    content["contexts"] = [{"name": CONTEXT, "context": {"cluster": cluster, "user": user}}]
    content["current-context"] = CONTEXT
    return yaml.safe_dump(content)
