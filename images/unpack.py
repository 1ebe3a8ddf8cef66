"""Unpacks Debian packages into a folder: merged ``/usr``, no documentation, no setuid bits."""

import fnmatch
import posixpath
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from images.debian import ASSUMED, RELEASE, Package
from images.errors import ImageError

DROPPED = (
    "etc/cron*",
    "etc/default*",
    "etc/init*",
    "etc/issue*",
    "etc/logrotate.d*",
    "etc/skel*",
    "etc/update-motd.d*",
    "usr/lib/systemd*",
    "usr/lib/tmpfiles.d*",
    "usr/lib/x86_64-linux-gnu/gconv/*",
    "usr/share/applications*",
    "usr/share/apport*",
    "usr/share/bash-completion*",
    "usr/share/bug*",
    "usr/share/doc-base*",
    "usr/share/doc/*/[!c]*",
    "usr/share/doc/*/c[!o]*",
    "usr/share/info*",
    "usr/share/lintian*",
    "usr/share/locale/*",
    "usr/share/man*",
    "usr/share/menu*",
    "usr/share/pixmaps*",
    "usr/share/zsh*",
    "var/cache/*",
    "var/log/*",
)
"""What no container reads. The copyright files under ``usr/share/doc`` stay."""
MERGED = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
"""Folders that merged ``/usr`` turns into links; packages of Debian 12 still ship files in them."""
WAY = {"release": RELEASE, "assumed": ASSUMED, "dropped": DROPPED}
"""How packages become files; an input of every image that has any."""
CONTROL = "var/lib/dpkg/status.d"
"""One file of control fields a package, where scanners of small images look for them."""


def unpack(packages: Iterable[Package], root: Path, *, without: Iterable[str] = ()) -> None:
    """Unpack packages and record their control fields.

    Args:
        packages: what to unpack.
        root: the folder that stands for ``/``.
        without: globs of further paths to leave out, with or without a leading slash.
    """
    dropped = (*DROPPED, *(pattern.lstrip("/") for pattern in without))
    for package in packages:
        _unpack_one(package, root, dropped)
        record = root / CONTROL / package.name
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(package.control)


def merged(path: str) -> str:
    """A package's path as it is with merged ``/usr``, without leading ``./``."""
    path = posixpath.normpath(path).lstrip("/")
    return f"usr/{path}" if path.partition("/")[0] in MERGED else path


def is_dropped(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is left out; ``*`` crosses slashes."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _unpack_one(package: Package, root: Path, dropped: Iterable[str]) -> None:
    command = ["dpkg-deb", "--fsys-tarfile", str(package.file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            for member in archive:
                path = merged(member.name)
                if path != "." and not is_dropped(path, dropped):
                    _write(archive, member, root, path, package.name)
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)


def _write(
    archive: tarfile.TarFile, member: tarfile.TarInfo, root: Path, path: str, package: str
) -> None:
    target = root / path
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise ImageError(
            f"{package}/{path} lies behind a link that leaves {root}, so unpacking it would write "
            "to this machine. Leave the path out by `without` in the recipe."
        )
    if target.is_symlink() and member.isdir():
        return  # a base's link stands for the folder, as in /var/run
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(member.mode & 0o1777)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if member.issym():
        target.symlink_to(member.linkname)
    elif member.islnk():
        target.hardlink_to(root / merged(member.linkname))
    elif member.isfile():
        with target.open("wb") as file:
            content = archive.extractfile(member)
            assert content is not None  # noqa: S101 - a regular file has content
            shutil.copyfileobj(content, file)
        target.chmod(member.mode & 0o1777)
