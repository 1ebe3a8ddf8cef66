"""What the gateway's chart removes when it is deleted, and what it leaves alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lightkube.models.apiextensions_v1 import (
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
)
from lightkube.models.meta_v1 import ManagedFieldsEntry, ObjectMeta
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition

pytestmark = pytest.mark.pure

SCRIPT = Path("components/charts/gateway/files/remove_definitions.py")


def removal() -> Any:  # noqa: ANN401 - a module that pods run and nobody imports
    spec = importlib.util.spec_from_file_location("remove_definitions", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def definition(
    plural: str,
    manager: str = "argocd-controller",
    *,
    group: str = "example.org",
    scope: str = "Namespaced",
) -> CustomResourceDefinition:
    return CustomResourceDefinition(
        metadata=ObjectMeta(
            name=f"{plural}.{group}", managedFields=[ManagedFieldsEntry(manager=manager)]
        ),
        spec=CustomResourceDefinitionSpec(
            group=group,
            names=CustomResourceDefinitionNames(kind=plural.title(), plural=plural),
            scope=scope,
            versions=[CustomResourceDefinitionVersion(name="v1", served=True, storage=True)],
        ),
    )


class Cluster:
    """A cluster with definitions, and by plural the names of what is left of their kinds."""

    def __init__(self, definitions: list[Any], left: dict[str, str]) -> None:
        self.definitions, self.left = definitions, left
        self.deleted: list[str] = []

    def list(self, kind: Any, **_where: object) -> list[Any]:  # noqa: ANN401 - lightkube's
        if kind is CustomResourceDefinition:
            return self.definitions
        plural = kind._api_info.plural
        name = self.left.get(plural)
        metadata = SimpleNamespace(namespace="theirs", name=name)
        return [SimpleNamespace(metadata=metadata)] if name else []

    def delete(self, _kind: object, name: str) -> None:
        self.deleted.append(name)


def test_only_what_the_add_on_brought_and_nobody_uses_is_removed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster(
        [
            definition("ours"),
            definition("wide", scope="Cluster"),
            definition("used"),
            definition("theirs", manager="helm"),
            definition("strange", group="example.com"),
        ],
        left={"used": "a-route"},
    )
    module = removal()
    monkeypatch.setattr(module, "Client", lambda: cluster)
    module.main(["example.org"])
    assert cluster.deleted == ["ours.example.org", "wide.example.org"]
    assert "used.example.org stays: theirs/a-route is still there" in caplog.text
    assert "theirs.example.org stays: somebody else" in caplog.text
