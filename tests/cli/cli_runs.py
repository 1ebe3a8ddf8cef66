"""Running the command line in this process, as a user would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from cli.main import app

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class CommandLine:
    """`switchyard` against the fake cluster."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig

    def __call__(self, *args: str) -> Outcome:
        return run(*args, "--kubeconfig", str(self.kubeconfig))


def run(*args: str) -> Outcome:
    """`switchyard` as it is."""
    result = CliRunner().invoke(app, args)
    expected = result.exception is None or isinstance(result.exception, SystemExit)
    assert expected, f"a traceback reached the user: {result.exception!r}"
    return Outcome(result.exit_code, result.stdout, result.stderr)
