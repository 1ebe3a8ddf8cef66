"""The control plane: etcd, API server, controller manager and scheduler, one of each."""

import http.client
import ssl

from local.addresses import (
    API,
    API_PORT,
    CLUSTER_DOMAIN,
    CONTROLLER_MANAGER_PORT,
    ETCD_PEER_PORT,
    ETCD_PORT,
    NODE_ADDRESS,
    POD_NETWORK,
    SCHEDULER_PORT,
    SERVICE_NETWORK,
)
from local.binaries import binary
from local.layout import Layout
from local.pki import kubeconfig
from local.program import Program

ETCD = "etcd"
API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
_CLIENT = f"https://{NODE_ADDRESS}:{ETCD_PORT}"
_PEER = f"https://{NODE_ADDRESS}:{ETCD_PEER_PORT}"


def etcd(layout: Layout) -> Program:
    """The cluster's store, which only holders of its own authority's certificates may ask.

    Its writes reach the disk (etcd 3.4 cannot do without), so a yard survives a crash of its host.
    """
    pki = layout.pki / "etcd"
    return Program(
        name=ETCD,
        command=(
            binary("etcd"),
            "--name=yard",
            f"--data-dir={layout.state}/etcd",
            f"--listen-client-urls={_CLIENT}",
            f"--advertise-client-urls={_CLIENT}",
            f"--listen-peer-urls={_PEER}",
            f"--initial-advertise-peer-urls={_PEER}",
            f"--initial-cluster=yard={_PEER}",
            f"--trusted-ca-file={pki}/ca.crt",
            f"--cert-file={pki}/server.crt",
            f"--key-file={pki}/server.key",
            "--client-cert-auth",
            f"--peer-trusted-ca-file={pki}/ca.crt",
            f"--peer-cert-file={pki}/peer.crt",
            f"--peer-key-file={pki}/peer.key",
            "--peer-client-cert-auth",
            # No peers to lose: seldom heartbeats, and no election when two cores are busy.
            "--heartbeat-interval=500",
            "--election-timeout=5000",
            "--snapshot-count=10000",
            "--logger=zap",
            "--log-level=warn",
        ),
    )


def api_server(layout: Layout) -> Program:
    """The API server, on the node's address alone."""
    pki = layout.pki
    return Program(
        name=API_SERVER,
        stop_seconds=8,  # it would wait for whoever watches
        command=(
            binary("kube-apiserver"),
            f"--advertise-address={NODE_ADDRESS}",
            f"--bind-address={NODE_ADDRESS}",
            f"--secure-port={API_PORT}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--etcd-servers={_CLIENT}",
            f"--etcd-cafile={pki}/etcd/ca.crt",
            f"--etcd-certfile={pki}/apiserver-etcd-client.crt",
            f"--etcd-keyfile={pki}/apiserver-etcd-client.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
            f"--service-account-key-file={pki}/sa.pub",
            f"--service-account-signing-key-file={pki}/sa.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            # A check of the cache against etcd, which 3.4 cannot answer at a past revision.
            "--feature-gates=DetectCacheInconsistency=false",
            "--profiling=false",
            "--v=1",
        ),
    )


def controller_manager(layout: Layout) -> Program:
    """The built-in controllers; alone, so without elections and their writes."""
    config, pki = kubeconfig(layout, "controller-manager"), layout.pki
    return Program(
        name=CONTROLLER_MANAGER,
        command=(
            binary("kube-controller-manager"),
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            "--bind-address=127.0.0.1",
            f"--secure-port={CONTROLLER_MANAGER_PORT}",
            "--leader-elect=false",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={POD_NETWORK}",
            "--node-cidr-mask-size=24",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--root-ca-file={pki}/ca.crt",
            f"--cluster-signing-cert-file={pki}/ca.crt",
            f"--cluster-signing-key-file={pki}/ca.key",
            f"--service-account-private-key-file={pki}/sa.key",
            f"--cert-dir={layout.state}/controller-manager",
            f"--flex-volume-plugin-dir={layout.state}/kubelet/volume-plugins",
            "--use-service-account-credentials=true",
            "--profiling=false",
            "--v=1",
        ),
    )


def scheduler(layout: Layout) -> Program:
    """The scheduler; alone as well."""
    config = kubeconfig(layout, "scheduler")
    return Program(
        name=SCHEDULER,
        command=(
            binary("kube-scheduler"),
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            "--bind-address=127.0.0.1",
            f"--secure-port={SCHEDULER_PORT}",
            f"--cert-dir={layout.state}/scheduler",
            "--leader-elect=false",
            "--profiling=false",
            "--v=1",
        ),
    )


def api_ready(layout: Layout) -> str | None:
    """None if the API server says that it is ready, else why not."""
    try:
        context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
        client = layout.pki / "apiserver-kubelet-client"
        context.load_cert_chain(f"{client}.crt", f"{client}.key")
        connection = http.client.HTTPSConnection(NODE_ADDRESS, API_PORT, timeout=5, context=context)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        connection.close()
    except OSError as error:
        return f"{API} does not answer ({error})"
    if answer.status == http.client.OK:
        return None
    failed = [line for line in body.splitlines() if line.startswith("[-]")]
    return f"{API}/readyz answers {answer.status}: {'; '.join(failed) or body[:200]}"
