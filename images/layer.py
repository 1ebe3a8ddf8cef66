"""Reproducible layers: what a container's root filesystem has beyond its base, as one tar.

Names are sorted, times are one constant, owners are numbers, and what the runtime itself put into
the container is left out; so equal content gives an equal digest on every machine.
"""

import hashlib
import io
import posixpath
import stat
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO

EPOCH = 1_767_225_600
"""Time of every file in every image, SOURCE_DATE_EPOCH: 2026-01-01."""
RUNTIME = (
    ".dockerenv",
    "dev",
    "proc",
    "sys",
    "etc/hosts",
    "etc/hostname",
    "etc/mtab",
    "etc/resolv.conf",
)
"""What the container runtime puts into every container."""
_WHITEOUT = ".wh."


@dataclass(frozen=True)
class Item:
    """A file, folder or link. Two items are equal when a container cannot tell them apart."""

    kind: bytes
    """Type of tar member: REGTYPE, DIRTYPE or SYMTYPE."""
    mode: int
    uid: int = 0
    gid: int = 0
    link: str = ""
    size: int = 0
    inode: object = None
    """Items that share one are hard links of each other; None stands alone."""
    opened: Callable[[], IO[bytes]] | None = None

    @cached_property
    def content(self) -> str:
        """Digest of the content; empty without."""
        if self.opened is None:
            return ""
        with self.opened() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]

    def same(self, other: "Item | None") -> bool:
        """Whether the other one can stand for this."""
        return (
            other is not None
            and self.head == other.head
            and (self.opened is None or self.content == other.content)
        )

    @property
    def head(self) -> tuple[object, ...]:
        """All but the content."""
        return self.kind, self.mode, self.uid, self.gid, self.link, self.size


class Content(dict[str, Item]):
    """A root filesystem: items by path, without leading slash."""

    @classmethod
    def of_folder(cls, root: Path) -> "Content":
        """What lies below a folder, all of it owned by root."""
        return cls({str(path.relative_to(root)): _of_path(path) for path in root.rglob("*")})

    @classmethod
    def of_tar(cls, archive: tarfile.TarFile) -> "Content":
        """What an uncompressed tar holds; the archive stays open as long as this is used."""
        content = cls()
        for member in archive:
            path = posixpath.normpath(member.name).lstrip("/")
            if path == ".":
                continue
            if member.islnk():
                target = posixpath.normpath(member.linkname).lstrip("/")
                content[path] = content[target]
            elif member.isfile() or member.isdir() or member.issym():
                content[path] = _of_member(archive, member, path)
        return content

    def without(self, paths: Iterable[str]) -> "Content":
        """The same without some paths and what lies below them."""
        roots = tuple(path.strip("/") for path in paths)
        return Content(
            {
                path: item
                for path, item in self.items()
                if not any(path == root or path.startswith(f"{root}/") for root in roots)
            }
        )

    def owned(self, paths: Iterable[str], uid: int) -> "Content":
        """The same with some paths owned by a user and its group of the same number."""
        changes = {
            path.strip("/"): replace(self[path.strip("/")], uid=uid, gid=uid) for path in paths
        }
        return Content(self | changes)

    def beyond(self, base: "Content") -> "Content":
        """What must be laid over the base to get this, with whiteouts for what is gone."""
        changes = Content(
            {path: item for path, item in self.items() if not item.same(base.get(path))}
        )
        for path in base.keys() - self.keys():
            folder, name = posixpath.split(path)
            if folder in self or not folder:  # else the folder's own whiteout tells
                changes[posixpath.join(folder, _WHITEOUT + name)] = Item(tarfile.REGTYPE, 0o644)
        return changes


def pack(content: Mapping[str, Item], target: Path) -> None:
    """Write content as a reproducible tar."""
    written: dict[object, str] = {}
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(content):
            item = content[path]
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.linkname = item.kind, item.mode, item.link
            info.uid, info.gid, info.mtime = item.uid, item.gid, EPOCH
            first = written.setdefault(item.inode or path, path)
            if item.kind == tarfile.REGTYPE and first != path:
                info.type, info.linkname = tarfile.LNKTYPE, first
                archive.addfile(info)
                continue
            info.size = item.size
            with item.opened() if item.opened else io.BytesIO() as stream:
                archive.addfile(info, stream)


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What differs between a container after baking and its image."""

    dropped: Iterable[str] = ()
    """Paths that baking itself left in the container."""
    owned: Iterable[str] = ()
    """Folders that belong to the image's user; everything else stays root's."""
    uid: int = 0
    """Number of the image's user."""


def write_layer(exported: Path, base: Path, target: Path, finish: Finish) -> None:
    """Write the layer that turns a base into an image.

    Args:
        exported: tar of the container's root filesystem, as ``docker export`` writes it.
        base: tar of the base's root filesystem.
        target: the layer.
        finish: what to leave out, and what belongs to the image's user.
    """
    with tarfile.open(exported, "r:") as after, tarfile.open(base, "r:") as before:
        baked = Content.of_tar(after).without((*RUNTIME, *finish.dropped))
        image = baked.owned(finish.owned, finish.uid)
        pack(image.beyond(Content.of_tar(before)), target)


def _of_path(path: Path) -> Item:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode) & 0o1777
    if path.is_symlink():
        return Item(tarfile.SYMTYPE, 0o777, link=str(path.readlink()))
    if path.is_dir():
        return Item(tarfile.DIRTYPE, mode)
    inode = (status.st_dev, status.st_ino) if status.st_nlink > 1 else None
    return Item(
        tarfile.REGTYPE, mode, size=status.st_size, inode=inode, opened=lambda: path.open("rb")
    )


def _of_member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> Item:
    if member.issym():
        return Item(tarfile.SYMTYPE, 0o777, member.uid, member.gid, link=member.linkname)
    mode = member.mode & 0o1777
    if member.isdir():
        return Item(tarfile.DIRTYPE, mode, member.uid, member.gid)

    def opened() -> IO[bytes]:
        stream = archive.extractfile(member)
        assert stream is not None  # noqa: S101 - a regular member has content
        return stream

    return Item(
        tarfile.REGTYPE,
        mode,
        member.uid,
        member.gid,
        size=member.size,
        inode=path,
        opened=opened,
    )
