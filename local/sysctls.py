"""Kernel settings that the yard and its kubelet change, and their way back."""

import contextlib
from pathlib import Path

from local.trace import Snapshot, boot_id

_ROOT = Path("/proc/sys")
_NEEDED = {
    "net/ipv4/ip_forward": "1",
    # Without it a pod that reaches its neighbour by a service address gets the answer from a
    # stranger: packets between ports of one bridge would bypass kube-proxy's rules on the way back.
    "net/bridge/bridge-nf-call-iptables": "1",
}
_CHANGED = (
    *_NEEDED,
    "net/ipv4/conf/all/route_localnet",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/ipv6/conf/all/forwarding",
    # kubelet's
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    # kube-proxy's
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
)


def apply() -> None:
    """Set what pods' traffic needs; what is set already is not written."""
    for name, value in _NEEDED.items():
        path = _ROOT / name
        if path.exists() and path.read_text().strip() != value:
            path.write_text(value)


def restore(before: Snapshot) -> None:
    """Write the former values back, unless the machine was booted since and forgot by itself."""
    if before.boot != boot_id():
        return
    for name in _CHANGED:
        former = before.sysctls.get(name)
        with contextlib.suppress(OSError):
            if former is not None and (_ROOT / name).read_text().strip() != former:
                (_ROOT / name).write_text(former)
