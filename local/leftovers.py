"""Files that the yard's daemons write outside of its folders, wherever they are told to live.

Another container runtime may have been started on this machine since; so what is shared is removed
entry by entry, by the ids of our containers, and folders only once they are empty.
"""

import contextlib
import shutil
from pathlib import Path

from local.layout import Layout
from local.network import CNI_NETWORK
from local.trace import Snapshot

_KUBELETS = ("/var/lib/kubelet", "/var/log/containers")
"""No second kubelet runs beside ours: its ports are taken."""
_SHARED = (
    "/run/containerd/fifo",
    "/run/containerd/s",
    "/run/containerd",
    "/var/lib/cni/results",
    "/var/lib/cni",
)
_SHIM_SOCKETS = Path("/run/containerd/s")
_CNI_RESULTS = Path("/var/lib/cni/results")


def remove(layout: Layout, before: Snapshot | None) -> None:
    """Remove them; folders that were there before the yard stay.

    Args:
        layout: must still hold the containers' folders, which name what is theirs.
        before: the record; without it nothing but what bears our containers' ids is removed.
    """
    for bundle in layout.run.glob("*/io.containerd.runtime.v2.task/*/*"):
        _remove_socket(bundle)
        for result in _CNI_RESULTS.glob(f"*-{bundle.name}-*"):
            result.unlink(missing_ok=True)
    for result in _CNI_RESULTS.glob(f"{CNI_NETWORK}-*"):
        result.unlink(missing_ok=True)
    if before is None:
        return
    known = set(before.facts["files"])
    for folder in _KUBELETS:
        if folder not in known:
            shutil.rmtree(folder, ignore_errors=True)
    for folder in _SHARED:
        if folder not in known:
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


def _remove_socket(bundle: Path) -> None:
    """Remove the socket of a pod's shim, in containerd's default folder whatever is set."""
    with contextlib.suppress(OSError):
        socket = Path((bundle / "address").read_text().strip().removeprefix("unix://"))
        if socket.parent == _SHIM_SOCKETS:
            socket.unlink(missing_ok=True)
