"""Questions to the cluster, asked through ``kubectl`` with the administrator's kubeconfig."""

import json
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from local.addresses import NODE_NAME
from local.binaries import binary
from local.errors import YardError
from local.host import run
from local.layout import Layout

_MANIFESTS = Path(__file__).parent / "manifests"


class NodeStatus(BaseModel):
    """The node as the cluster sees it.

    Attributes:
        name: the node's name.
        ready: whether pods can be placed on it.
        reason: why not, in the kubelet's words.
    """

    name: str = NODE_NAME
    ready: bool
    reason: str = ""


def grant(layout: Layout) -> None:
    """Give the programs of the yard their permissions in the cluster; again is harmless.

    Raises:
        YardError: the API server refuses it.
    """
    by = "--field-manager=switchyard-yard"
    _kubectl(layout, "apply", "--server-side", by, "-f", str(_MANIFESTS))


def node(layout: Layout) -> NodeStatus:
    """Ask whether the node is ready; that the API server does not answer is a reason, no error."""
    try:
        answer = _kubectl(layout, "get", "node", NODE_NAME, "--ignore-not-found", "-o", "json")
    except YardError as error:
        return NodeStatus(ready=False, reason=f"the API server was not to be asked: {error}")
    if not answer.strip():
        return NodeStatus(ready=False, reason="kubelet has not registered it")
    content = cast("dict[str, Any]", json.loads(answer))
    for condition in content.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            return NodeStatus(ready=condition["status"] == "True", reason=condition["message"])
    return NodeStatus(ready=False, reason="kubelet has not reported its condition")


def _kubectl(layout: Layout, *arguments: str) -> str:
    options = ("--kubeconfig", str(layout.kubeconfig), "--request-timeout=5s")
    cache = (
        "--cache-dir",
        str(layout.state / "kubectl"),
    )  # its own would be left in the home folder
    return run(binary("kubectl"), *options, *cache, *arguments, timeout=20)
