"""One Kubernetes object as a Pulumi resource, given as the document `kubectl` would take.

Deliberately not the typed classes of `pulumi_kubernetes`: importing three of its modules costs
0.7 s in every preview, more than the whole graph of this program. The provider, which checks
documents against the cluster's own schema, is the same.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

Document = Mapping[str, Any]
"""A Kubernetes object: apiVersion, kind, metadata and the rest, in Kubernetes' own spelling."""


class Manifest(pulumi.CustomResource):
    """One Kubernetes object, under the name that its document gives it.

    Args:
        name: name in the graph; unique for its kind.
        document: the object; a Secret's values stay secret in the state.
        opts: resource options.
        with_status: whether `status` is wanted; every output of every resource costs time.
    """

    status: pulumi.Output[Any]
    """The object's status when the resource was last written, and waited for."""

    def __init__(
        self,
        name: str,
        document: Document,
        opts: pulumi.ResourceOptions,
        *,
        with_status: bool = False,
    ) -> None:
        if document["kind"] == "Secret":
            secrets = pulumi.ResourceOptions(additional_secret_outputs=["data", "stringData"])
            opts = pulumi.ResourceOptions.merge(opts, secrets)
        outputs = {"status": None} if with_status else {}
        super().__init__(token(document), name, {**document, **outputs}, opts)


def token(document: Document) -> str:
    """The provider's type token for a document."""
    version: str = document["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{document['kind']}"
