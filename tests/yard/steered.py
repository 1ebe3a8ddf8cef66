"""The yard's stack, steered by a stack file of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli import cluster, engine, rollout
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
