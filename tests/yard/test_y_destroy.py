"""`pulumi destroy` empties the cluster. Named to run late: it costs a whole `pulumi up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Namespace, PersistentVolume
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding

from cli import up

if TYPE_CHECKING:
    from lightkube import Client
    from steered import Yard

pytestmark = pytest.mark.yard

KUBERNETES_OWN = {"default", "kube-system", "kube-public", "kube-node-lease"}

THE_YARDS_OWN = {"switchyard:kubelet-api"}


def leftovers(client: Client) -> dict[str, set[str]]:
    """What a cluster holds beyond what Kubernetes and the yard put there."""

    def names(kind: Any) -> set[str]:  # noqa: ANN401 - one of lightkube's resource classes
        return {item.metadata.name for item in client.list(kind)}

    roles = {n for n in names(ClusterRole) | names(ClusterRoleBinding) if not kubernetes_role(n)}
    return {
        "namespaces": names(Namespace) - KUBERNETES_OWN,
        "custom resource definitions": names(CustomResourceDefinition),
        "cluster roles": roles - THE_YARDS_OWN,
        "volumes": names(PersistentVolume),
    }


def kubernetes_role(name: str) -> bool:
    own = ("system:", "kubeadm:")
    return name.startswith(own) or name in {"admin", "edit", "view", "cluster-admin"}


def test_destroy_empties_the_cluster_and_up_fills_it_again(yard: Yard) -> None:
    assert yard.engine.run("destroy", "--yes", "--skip-preview") == 0
    left = {kind: names for kind, names in leftovers(yard.client()).items() if names}
    assert not left, f"destroyed, and still there: {left}"
    up.bring_up_stack("local")
    assert yard.switch().serving == yard.switch().live
