# ruff: noqa: INP001 - handed to a pod, never imported
# lightkube leaves these open:
# pyright: reportUnknownMemberType=none, reportUnknownVariableType=none
"""Removes the definitions that an add-on brought, once the add-on itself is deleted.

Argo CD never deletes a CRD, because all resources of its kind go with it, whoever made them. This
does, within limits: the definition is of the add-on's API groups, Argo CD applied it, and nothing
of its kind is left.

Usage: `remove_definitions.py GROUP…`
"""

import logging
import sys
from typing import Any

from lightkube import Client
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition

ARGO_CD = "argocd-controller"
"""Field manager of what Argo CD applied. It puts no tracking annotation on a definition."""

Definition = Any
"""lightkube's model, all of whose fields are optional; the API server fills these."""

log = logging.getLogger("removal")


def applied_by_argo_cd(definition: Definition) -> bool:
    """Whether Argo CD applied a definition."""
    return any(entry.manager == ARGO_CD for entry in definition.metadata.managedFields or ())


def first_left(client: Any, definition: Definition) -> str | None:  # noqa: ANN401 - lightkube's
    """The name of one resource of that kind, if there is any."""
    spec = definition.spec
    version = next(version.name for version in spec.versions if version.storage)
    create = create_namespaced_resource if spec.scope == "Namespaced" else create_global_resource
    kind = create(spec.group, version, spec.names.kind, spec.names.plural)
    where = {"namespace": "*"} if spec.scope == "Namespaced" else {}
    for item in client.list(kind, chunk_size=1, **where):
        return "/".join(filter(None, (item.metadata.namespace, item.metadata.name)))
    return None


def main(groups: list[str]) -> None:
    """Remove what may go, and say what stays and why."""
    client: Any = Client()
    for definition in list(client.list(CustomResourceDefinition)):
        if definition.spec.group not in groups:
            continue
        name = definition.metadata.name
        if not applied_by_argo_cd(definition):
            log.warning("%s stays: somebody else than Argo CD brought it", name)
            continue
        left = first_left(client, definition)
        if left is not None:
            log.warning("%s stays: %s is still there, and would be deleted with it", name, left)
            continue
        client.delete(CustomResourceDefinition, name)
        log.info("%s is deleted", name)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    main(sys.argv[1:])
