"""The real cluster, brought up by the same code as `make up`, and a stack file of the test's own.

Bringing up is idempotent, so every module asks for it and no module depends on another's leftovers.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cli import cluster, engine, rollout, up
from cli.engine import PROJECT
from cli.stack_file import StackFile
from cli.views import SwitchView, other

if TYPE_CHECKING:
    from pathlib import Path

    from lightkube import Client

STACK = "local"
TWIN = "shop"


@dataclass(frozen=True)
class Yard:
    """The yard's stack, steered by a copy of its stack file."""

    config_file: Path

    @property
    def engine(self) -> engine.Engine:
        return engine.of_stack(STACK, self.config_file)

    def client(self) -> Client:
        return cluster.client(STACK)

    def switch(self) -> SwitchView:
        return cluster.switch(self.client(), TWIN)

    def file(self) -> StackFile:
        return StackFile(STACK, self.config_file)

    def set_live(self, colour: str) -> None:
        """The one-line change of a release."""
        file = self.file()
        file.twin(TWIN)[1]["live"] = colour
        file.save()

    def goal(self) -> rollout.Goal:
        """A release to whichever colour is idle."""
        serving = self.switch().serving
        return rollout.Goal(STACK, TWIN, serving, other(serving or "green"), self.config_file)


@pytest.fixture(scope="module")
def standing() -> None:
    """The yard and its stack stand, as after `make up` without its release."""
    up.bring_up_yard(STACK)
    up.bring_up_stack(STACK)


@pytest.fixture
def yard(standing: None, tmp_path: Path) -> Yard:  # noqa: ARG001 - the cluster it stands on
    """The standing yard, its stack file a copy that names the colour that serves."""
    copy = tmp_path / f"Pulumi.{STACK}.yaml"
    shutil.copy(PROJECT / copy.name, copy)
    yard = Yard(copy)
    yard.set_live(yard.switch().serving or "blue")
    return yard
