"""The pinned Pulumi engine, run with one stack's environment.

Deliberately a subprocess and not the Automation API: what `switchyard` does is then exactly what
a user sees when typing the printed command.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import tools

PROJECT = Path(__file__).resolve().parent.parent
YARD_PASSPHRASE = "yard"  # noqa: S105 - public by design: it guards a throw-away database on loopback
"""Passphrase of the `local` stack's secrets; documented in the README."""


@dataclass(frozen=True)
class Engine:
    """One stack's engine.

    Attributes:
        stack: name of the stack, as in `Pulumi.<stack>.yaml`.
        backend: URL of the state backend; None leaves the choice to the user's own login.
        config_file: another stack file than `Pulumi.<stack>.yaml`.
    """

    stack: str
    backend: str | None = None
    config_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """The process environment in which every command of this stack runs."""
        virtual_env = PROJECT / ".venv"
        env = dict(os.environ)
        env["PATH"] = os.pathsep.join(
            [str(virtual_env / "bin"), str(tools.bin_dir()), env.get("PATH", "")]
        )
        env["VIRTUAL_ENV"] = str(virtual_env)
        # 2.4 s of every command otherwise: the search for plugins that pip packages name
        env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        env["PULUMI_SKIP_UPDATE_CHECK"] = "true"
        if self.backend:
            env["PULUMI_BACKEND_URL"] = self.backend
            env["PULUMI_HOME"] = str(tools.cache_dir() / "pulumi-home")
            env.setdefault("PULUMI_CONFIG_PASSPHRASE", YARD_PASSPHRASE)
        return env

    def command(self, *args: str) -> list[str]:
        """The argument list of `pulumi ARGS` for this stack."""
        command = [str(tools.path("pulumi")), *args, "--stack", self.stack, "--non-interactive"]
        if self.config_file:
            command += ["--config-file", str(self.config_file)]
        return command

    def start(self, *args: str, **popen: Any) -> subprocess.Popen[str]:
        """Start `pulumi ARGS` in a process group of its own, so that it can be interrupted."""
        return subprocess.Popen(
            self.command(*args), cwd=PROJECT, env=self.environment(), text=True, **popen
        )

    def run(self, *args: str, extra_env: Mapping[str, str] | None = None) -> int:
        """Run `pulumi ARGS` in the user's terminal and return its exit code."""
        env = self.environment() | dict(extra_env or {})
        return subprocess.run(self.command(*args), cwd=PROJECT, env=env, check=False).returncode

    def read(self, *args: str) -> str:
        """Run `pulumi ARGS` and return its standard output.

        Raises:
            EngineError: the command failed; holds what it printed.
        """
        done = subprocess.run(
            self.command(*args),
            cwd=PROJECT,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise EngineError(args, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return cast("dict[str, Any]", json.loads(self.read("stack", "output", "--json")))

    def select_or_create(self) -> None:
        """Make the stack exist in its backend; harmless when it does."""
        if self.backend and self.backend.startswith("file://"):
            Path(self.backend.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        self._no_stack_flag("stack", "select", "--create", self.stack)

    def cancel(self) -> None:
        """Remove the lock that a killed update left behind."""
        self._no_stack_flag("cancel", "--yes", self.stack)

    def locks(self) -> list[Path]:
        """Lock files of this stack in a file backend: an update is running, or one was killed."""
        if not self.backend or not self.backend.startswith("file://"):
            return []
        root = Path(self.backend.removeprefix("file://")) / ".pulumi" / "locks"
        return sorted(path for path in root.rglob("*.json") if path.parent.name == self.stack)

    def _no_stack_flag(self, *args: str) -> None:
        command = [str(tools.path("pulumi")), *args, "--non-interactive"]
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise EngineError(args, done.returncode, done.stdout + done.stderr)


class EngineError(RuntimeError):
    """A Pulumi command failed."""

    def __init__(self, args: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"`pulumi {' '.join(args)}` ended with {code}:\n{output.strip()}")
        self.code = code


def of_stack(stack: str, config_file: Path | None = None) -> Engine:
    """The engine of a stack: the yard's stack keeps its state with the yard."""
    backend = None
    if stack == "local" and "PULUMI_BACKEND_URL" not in os.environ:
        backend = f"file://{tools.cache_dir() / 'yard' / 'pulumi'}"
    return Engine(stack, backend, config_file)
