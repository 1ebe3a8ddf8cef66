"""The yard's Git server, and publishing to it: a folder's content becomes a commit, always the same.

A revision is a function of content alone: no parent, fixed author, date and message, and none of
the user's Git configuration. So every machine that publishes the same files names the same commit.
"""

import os
import tempfile
from pathlib import Path

from local.addresses import GIT_PORT, NODE_ADDRESS
from local.errors import YardError
from local.host import run
from local.layout import Layout
from local.program import Program

NAME = "git"
_IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (
        ("NAME", "Switchyard"),
        ("EMAIL", "switchyard@localhost"),
        ("DATE", "2000-01-01T00:00:00Z"),
    )
}
_MESSAGE = "Content as published"
_SETTINGS = (
    *("-c", "core.autocrlf=false", "-c", "core.fileMode=true", "-c", "core.symlinks=true"),
    *("-c", "core.excludesFile=/dev/null", "-c", "core.attributesFile=/dev/null"),
    *("-c", "core.precomposeUnicode=false", "-c", "i18n.commitEncoding=UTF-8"),
    *("-c", "gc.auto=0"),  # a housekeeping process would outlive `down`
)


def program(layout: Layout) -> Program:
    """The server process: every repository below the yard's Git folder, read-only."""
    layout.git.mkdir(parents=True, exist_ok=True)
    return Program(
        name=NAME,
        command=(
            *("git", "daemon", "--reuseaddr", "--export-all", "--informative-errors"),
            f"--base-path={layout.git}",
            f"--listen={NODE_ADDRESS}",
            f"--port={GIT_PORT}",
            str(layout.git),
        ),
        environment={"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"},
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
    path = folder / repo
    if not (path / "HEAD").exists():
        _create(path)
    commit = _commit(path, tree)
    _git(path, "update-ref", f"refs/heads/rev-{commit}", commit)
    _git(path, "update-ref", "refs/heads/main", commit)
    return commit


def commit_of(tree: Path) -> str:
    """The commit id that publishing a folder would give, without publishing it.

    Raises:
        YardError: the folder has no content.
    """
    with tempfile.TemporaryDirectory(prefix="switchyard-git-") as folder:
        repository = Path(folder) / "scratch.git"
        _create(repository)
        return _commit(repository, tree)


def _create(path: Path) -> None:
    """Make a bare repository whose every commit may be asked for by its id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run(
        *("git", "init", "--quiet", "--bare", "--object-format=sha1", "--template="),
        *("--initial-branch=main", str(path)),
        env=_environment(),
    )
    _git(path, "config", "uploadpack.allowAnySHA1InWant", "true")


def _commit(repository: Path, tree: Path) -> str:
    if not tree.is_dir() or not any(item.is_file() for item in tree.rglob("*")):
        raise YardError(
            f"{tree} holds no files, so it cannot become a revision. Give a folder with content."
        )
    with tempfile.TemporaryDirectory(prefix="switchyard-git-") as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        work = f"--work-tree={tree.resolve()}"
        # `add` runs inside the tree, whose own .git or ignore rules have no say.
        run(
            *("git", *_SETTINGS, f"--git-dir={repository}", work, "-C", str(tree.resolve())),
            *("add", "--all", "--force", "."),
            env=_environment() | index,
        )
        written = _git(repository, "write-tree", extra=index)
    return _git(repository, "commit-tree", written, "-m", _MESSAGE)


def _git(repository: Path, *arguments: str, extra: dict[str, str] | None = None) -> str:
    command = ("git", *_SETTINGS, f"--git-dir={repository}", *arguments)
    return run(*command, env=_environment() | (extra or {})).strip()


def _environment() -> dict[str, str]:
    """An environment without any of the user's Git settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC", "LC_ALL": "C"}
    return kept | nobody | _IDENTITY
