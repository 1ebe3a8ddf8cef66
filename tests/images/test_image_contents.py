"""What goes into an image from Debian and from uv.lock."""

from pathlib import Path

import pytest

from images import ImageError
from images.python_site import requirements
from images.unpack import DROPPED, is_dropped, merged

pytestmark = pytest.mark.pure

LOCK = """
[[package]]
name = "app"
version = "1.0"
dependencies = [
  { name = "needed" },
  { name = "windows-only", marker = "sys_platform == 'win32'" },
  { name = "old-python", marker = "python_full_version < '3.11'" },
  { name = "rich", extra = ["color"] },
]
wheels = [
  { url = "https://example.org/b", hash = "sha256:b" },
  { url = "https://example.org/a", hash = "sha256:a" },
]

[package.optional-dependencies]
speedups = [{ name = "fast" }]

[[package]]
name = "needed"
version = "2.0"
dependencies = [{ name = "app" }]

[[package]]
name = "rich"
version = "3.0"

[package.optional-dependencies]
color = [{ name = "paint" }]

[[package]]
name = "paint"
version = "4.0"

[[package]]
name = "fast"
version = "5.0"

[[package]]
name = "windows-only"
version = "6.0"

[[package]]
name = "old-python"
version = "7.0"

[[package]]
name = "forked"
version = "8.0"
resolution-markers = ["python_full_version < '3.12'"]

[[package]]
name = "forked"
version = "9.0"
resolution-markers = ["python_full_version >= '3.13'", "python_full_version == '3.12.*'"]
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "uv.lock"
    path.write_text(LOCK)
    return path


def test_requirements_are_the_closure_for_the_images_interpreter_with_hashes(lock: Path) -> None:
    assert requirements(["app"], lock) == [
        "app==1.0 --hash=sha256:a --hash=sha256:b",
        "needed==2.0",
        "paint==4.0",
        "rich==3.0",
    ]


def test_an_extra_is_taken_when_it_is_asked_for(lock: Path) -> None:
    assert "fast==5.0" in requirements(["App[speedups]"], lock)


def test_of_several_locked_versions_the_one_for_the_images_interpreter_is_taken(lock: Path) -> None:
    assert requirements(["forked"], lock) == ["forked==8.0"]


def test_a_package_that_is_not_locked_is_refused(lock: Path) -> None:
    with pytest.raises(ImageError, match="numpy is not in"):
        requirements(["numpy"], lock)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("./bin/sh", "usr/bin/sh"),
        ("./lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        ("./lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"),
        ("./usr/lib/git-core/git", "usr/lib/git-core/git"),
        ("./library/x", "library/x"),
        ("./", "."),
    ],
)
def test_paths_follow_merged_usr(path: str, expected: str) -> None:
    assert merged(path) == expected


@pytest.mark.parametrize(
    ("path", "dropped"),
    [
        ("usr/share/doc/libc6/changelog.Debian.gz", True),
        ("usr/share/doc/libc6/README", True),
        ("usr/share/doc/libc6/copyright", False),
        ("usr/share/man/man1/ls.1.gz", True),
        ("usr/share/locale/de/LC_MESSAGES/x.mo", True),
        ("usr/lib/locale/C.utf8/LC_CTYPE", False),
        ("etc/init.d/redis-server", True),
        ("usr/bin/redis-server", False),
    ],
)
def test_documentation_goes_and_licences_stay(path: str, dropped: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_dropped(path, DROPPED) is dropped
