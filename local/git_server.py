"""The yard's Git server, and publishing to it: equal content becomes the same commit everywhere.

A revision is a function of content alone (see ``revision``): none of the user's Git configuration
has a say. So every machine that publishes the same files names the same commit.
"""

import os
import tempfile
from pathlib import Path

from local import revision
from local.addresses import GIT_PORT, NODE_ADDRESS
from local.binaries import binary
from local.errors import YardError
from local.host import run
from local.layout import Layout
from local.program import Program
from local.revision import commit_of

__all__ = ["NAME", "commit_of", "program", "publish", "publish_to"]

NAME = "git"
_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC", "LC_ALL": "C"}
_IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (
        ("NAME", revision.AUTHOR),
        ("EMAIL", revision.EMAIL),
        ("DATE", f"{revision.SECONDS} +0000"),
    )
}
_SETTINGS = (
    *("-c", "core.fileMode=true", "-c", "core.symlinks=true", "-c", "core.autocrlf=false"),
    *("-c", "core.excludesFile=/dev/null", "-c", "core.attributesFile=/dev/null"),
    *("-c", "gc.auto=0"),  # a housekeeping process would outlive `down`
)
_ATTRIBUTES = "* -text -eol -ident -filter -working-tree-encoding\n"
"""Content is published as it is, whatever a .gitattributes in it says."""


def program(layout: Layout) -> Program:
    """The server process: every repository below the yard's Git folder, read-only."""
    layout.git.mkdir(parents=True, exist_ok=True)
    return Program(
        name=NAME,
        command=(
            # Not `git daemon`: that is a parent, whose child would keep the port when it is killed.
            *(_daemon(), "--reuseaddr", "--export-all", "--informative-errors"),
            f"--base-path={layout.git}",
            f"--listen={NODE_ADDRESS}",
            f"--port={GIT_PORT}",
            str(layout.git),
        ),
        environment={"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )


def publish(repo: str, tree: Path) -> str:
    """Offer a folder's content as the newest revision of a repository.

    Args:
        repo: name of the repository, as in ``environments.git``; made when missing.
        tree: the folder; all of its files are taken, ignored ones included.

    Returns:
        The full commit id. It stays fetchable for as long as the yard is up, whatever is
        published later.

    Raises:
        YardError: the yard is not up, the name is not one of a repository, or there is no content.
    """
    layout = Layout()
    if not layout.wanted.exists():
        raise YardError(
            f"{tree} was not published to {repo}: the yard is not up, so nobody could fetch it."
            " Run `switchyard yard up` first."
        )
    return publish_to(layout.git, repo, tree)


def publish_to(folder: Path, repo: str, tree: Path) -> str:
    """Publish to a repository below a folder; see ``publish``."""
    if not repo.endswith(".git") or "/" in repo or repo.startswith("."):
        raise YardError(
            f"{repo!r} does not name a repository, so {tree} was not published."
            " Give a plain name ending in .git, such as environments.git."
        )
    expected = commit_of(tree)
    path = folder / repo
    _create(path)
    commit = _commit(path, tree)
    if commit != expected:
        raise YardError(
            f"{tree} changed while it was published to {repo}: its content was {expected}, then"
            f" {commit}. Nothing points to either. Publish it again once it is at rest."
        )
    _git(path, "update-ref", f"refs/heads/rev-{commit}", commit)
    _git(path, "update-ref", "refs/heads/main", commit)
    return commit


def _daemon() -> str:
    return f"{run(binary('git'), '--exec-path').strip()}/git-daemon"


def _create(path: Path) -> None:
    """Make a bare repository whose every commit may be asked for by its id; again is harmless."""
    if (path / "complete").exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _git(
        path,
        *("init", "--quiet", "--bare", "--object-format=sha1", "--template="),
        *("--initial-branch=main", str(path)),
    )
    _git(path, "config", "uploadpack.allowAnySHA1InWant", "true")
    (path / "info").mkdir(exist_ok=True)
    (path / "info" / "attributes").write_text(_ATTRIBUTES)
    (path / "complete").touch()


def _commit(repository: Path, tree: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="switchyard-git-") as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        work = tree.resolve()
        _git(
            repository,
            f"--work-tree={work}",
            "-C",
            str(work),
            "add",
            "--all",
            "--force",
            ".",
            **index,
        )
        written = _git(repository, "write-tree", **index)
    return _git(repository, "commit-tree", written, "-m", revision.MESSAGE)


def _git(repository: Path, *arguments: str, **extra: str) -> str:
    """Run Git on a repository, in an environment without any of the user's settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = (binary("git"), *_SETTINGS, f"--git-dir={repository}", *arguments)
    return run(*command, env=kept | _NOBODY | _IDENTITY | extra).strip()
