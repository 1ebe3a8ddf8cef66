"""The real cluster, brought up by the same code as `make up`, and a stack file of the test's own.

Bringing up is idempotent, so every module asks for it and no module depends on another's leftovers.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from steered import STACK, Yard

from cli import up
from cli.engine import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


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
