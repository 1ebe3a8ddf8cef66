"""A revision is a function of content alone."""

import os
from pathlib import Path

import pytest

from local.errors import YardError
from local.git_server import publish_to
from local.revision import commit_of

pytestmark = pytest.mark.pure


def _content(folder: Path) -> Path:
    """Content with all that Git treats specially: order, modes, links, ignore rules, line ends."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a-c").mkdir()
    (folder / "empty").mkdir()
    (folder / "a.b").write_text("x")
    (folder / "a-c" / "z").write_bytes(b"crlf\r\n")
    (folder / "a" / "b" / "run.sh").write_text("#!")
    (folder / "a" / "b" / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("../x")
    (folder / ".gitignore").write_text("a.b\n")
    (folder / ".gitattributes").write_text("* text=auto eol=lf\n")
    (folder / "ü").write_text("ü")
    return folder


def test_the_id_is_the_one_that_git_gives(tmp_path: Path) -> None:
    expected = "ebfc9e56a0b500f9a7594f9f06625d14fee7db56"  # git 2.39 commit-tree
    assert commit_of(_content(tmp_path)) == expected


def test_the_same_content_elsewhere_is_the_same_revision(tmp_path: Path) -> None:
    one, two = _content(tmp_path / "one"), _content(tmp_path / "two")
    os.utime(two / "a.b", (0, 0))
    (two / ".git").mkdir()
    (two / ".git" / "HEAD").write_text("anything")
    (two / "another" / "empty").mkdir(parents=True)
    assert commit_of(one) == commit_of(two)


def test_a_changed_byte_name_or_mode_is_another_revision(tmp_path: Path) -> None:
    content = _content(tmp_path)
    seen = {commit_of(content)}
    (content / "a.b").write_text("y")
    seen.add(commit_of(content))
    (content / "a.b").rename(content / "a.c")
    seen.add(commit_of(content))
    (content / "a.c").chmod(0o755)
    seen.add(commit_of(content))
    assert len(seen) == 4


def test_a_folder_without_files_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(YardError, match=f"{folder} holds no files"):
            commit_of(folder)


@pytest.mark.parametrize("name", ["environments", "../x.git", "a/b.git", ".git"])
def test_what_does_not_name_a_repository_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(YardError, match="does not name a repository"):
        publish_to(tmp_path, name, tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing may be written for a refused name"
