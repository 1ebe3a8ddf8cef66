"""A namespace that admits only restricted pods, and into and out of which only named flows go."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.manifest import Document, Manifest

Rule = Mapping[str, Any]
"""One ingress or egress rule of a NetworkPolicy."""

ANY: Rule = {}
"""Every peer on every port."""
WITHIN: Rule = {"from": [{"podSelector": {}}]}
"""Ingress from every pod of the same namespace."""


def restricted(name: str, labels: Mapping[str, str] | None = None) -> Document:
    """A namespace whose pods must meet the `restricted` Pod Security standard."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                **(labels or {}),
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
        },
    }


def only(namespace: str, *, ingress: Sequence[Rule] = (), egress: Sequence[Rule] = ()) -> Document:
    """A policy for all pods of a namespace: what is not named is denied, in both directions."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [dict(rule) for rule in ingress],
            "egress": [dict(rule) for rule in egress],
        },
    }


def in_namespaces(labels: Mapping[str, str], *ports: int) -> Rule:
    """An ingress rule: from all pods of the namespaces with those labels, to those TCP ports."""
    return {"from": [{"namespaceSelector": {"matchLabels": dict(labels)}}], **to_ports(*ports)}


def to_ports(*ports: int) -> Rule:
    """A rule for those TCP ports, whoever the peer."""
    return {"ports": [{"protocol": "TCP", "port": port} for port in ports]}


def isolated(
    parent: pulumi.Resource,
    name: str,
    namespace: Document,
    *,
    ingress: Sequence[Rule] = (),
    egress: Sequence[Rule] = (),
) -> Manifest:
    """Declare a namespace and its policy under `parent`; returns the namespace."""
    declared = Manifest(f"{name}-namespace", namespace, pulumi.ResourceOptions(parent=parent))
    Manifest(
        f"{name}-policy",
        only(namespace["metadata"]["name"], ingress=ingress, egress=egress),
        pulumi.ResourceOptions(parent=parent, depends_on=[declared]),
    )
    return declared
