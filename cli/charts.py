"""Publishing what Argo CD reconciles: the shop's chart and the add-ons' charts, to the yard's Git.

A revision is a function of the published tree alone, so that the stack file pins the same commit
on every machine; a pin that no longer matches is found here, before the engine runs.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tools
from cli.engine import PROJECT
from cli.errors import Invalid
from local import git_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.stack_file import StackFile


@dataclass(frozen=True)
class Revisions:
    """Full commit SHAs of the two repositories as this checkout would publish them."""

    environments: str
    addons: str


def published() -> Revisions:
    """Publish both trees to the yard's Git server; harmless when they are there already."""
    return _over_trees(git_server.publish)


def expected() -> Revisions:
    """The revisions that `published` would return; publishes nothing."""
    return _over_trees(lambda _repo, tree: git_server.commit_of(tree))


def _over_trees(commit: Callable[[str, Path], str]) -> Revisions:
    with tempfile.TemporaryDirectory(prefix="switchyard-publish-") as scratch:
        environments, addons = Path(scratch, "environments"), Path(scratch, "addons")
        shutil.copytree(PROJECT / "examples" / "shop" / "chart", environments / "shop")
        shutil.copytree(PROJECT / "components" / "charts", addons)
        upstream = tools.share("envoy-gateway") / "charts" / "gateway-helm"
        shutil.copytree(upstream, addons / "gateway" / "charts" / upstream.name)
        return Revisions(commit("environments.git", environments), commit("addons.git", addons))


def stale_pins(stack_file: StackFile, revisions: Revisions) -> list[str]:
    """What the stack file pins that this checkout does not publish: one sentence a pin."""
    return [
        f"{where} pins {found[:12]}, this checkout publishes {wanted[:12]}"
        for where, found, wanted in _pins(stack_file.config, revisions)
        if found != wanted
    ]


def refuse_stale_pins(stack_file: StackFile, revisions: Revisions) -> None:
    """Refuse a stack file that pins what this checkout does not publish.

    Raises:
        Invalid: Argo CD would look for a commit that the yard's Git does not have.
    """
    if stale := stale_pins(stack_file, revisions):
        raise Invalid(
            value="; ".join(stale),
            consequence="a chart was edited, and Argo CD would go on syncing the old one",
            fix="run `switchyard publish --pin` and commit the stack file",
        )


def pin(stack_file: StackFile, revisions: Revisions) -> list[str]:
    """Write the revisions into the stack file, comments kept; returns what changed."""
    stale = stale_pins(stack_file, revisions)
    stack_file.config["switchyard:git"]["addonsRevision"] = revisions.addons
    for twin in stack_file.config["switchyard:twins"].values():
        for colour in ("blue", "green"):
            twin[colour]["revision"] = revisions.environments
    stack_file.save()
    return stale


def _pins(config: dict[str, Any], revisions: Revisions) -> list[tuple[str, str, str]]:
    pins = [("switchyard:git.addonsRevision", _addons_pin(config), revisions.addons)]
    for name, twin in config["switchyard:twins"].items():
        pins += [
            (f"switchyard:twins.{name}.{colour}", twin[colour]["revision"], revisions.environments)
            for colour in ("blue", "green")
        ]
    return pins


def _addons_pin(config: dict[str, Any]) -> str:
    return str(config["switchyard:git"]["addonsRevision"])
