"""The commit id of a folder's content, computed without Git: a pure function of the files.

The same arithmetic as Git's (Pro Git, "Git Objects"): SHA-1 over a type, a length and the content,
of files, then of folders, then of one commit without a parent, with a fixed author and date.
"""

import hashlib
import os
import stat
from pathlib import Path

from local.errors import YardError

AUTHOR = "Switchyard"
EMAIL = "switchyard@localhost"
SECONDS = 946_684_800
"""2000-01-01T00:00:00Z, the date of every revision."""
MESSAGE = "Content as published"


def commit_of(tree: Path) -> str:
    """The commit id that publishing a folder gives, on any machine.

    Args:
        tree: the folder; all of its files count, ignored ones included; empty folders do not.

    Raises:
        YardError: the folder holds no files.
    """
    root = _tree(tree) if tree.is_dir() else None
    if root is None:
        raise YardError(
            f"{tree} holds no files, so it cannot become a revision. Give a folder with content."
        )
    who = f"{AUTHOR} <{EMAIL}> {SECONDS} +0000"
    text = f"tree {root.hex()}\nauthor {who}\ncommitter {who}\n\n{MESSAGE}\n"
    return _object("commit", text.encode()).hex()


def _tree(folder: Path) -> bytes | None:
    """Id of a folder, or None if there is no file in it."""
    entries: list[tuple[bytes, bytes, bytes]] = []
    for item in os.scandir(folder):
        name = os.fsencode(item.name)
        if item.is_symlink():
            target = os.fsencode(os.readlink(item.path))  # noqa: PTH115  bytes, not a resolved path
            entries.append((name, b"120000", _object("blob", target)))
        elif item.is_dir():
            inner = None if item.name == ".git" else _tree(Path(item.path))
            if inner is not None:
                entries.append((name, b"40000", inner))
        elif item.is_file() and item.name != ".git":
            executable = item.stat().st_mode & stat.S_IXUSR
            mode = b"100755" if executable else b"100644"
            entries.append((name, mode, _object("blob", Path(item.path).read_bytes())))
    # Git sorts a folder as if its name ended in a slash.
    entries.sort(key=lambda entry: entry[0] + (b"/" if entry[1] == b"40000" else b""))
    content = b"".join(mode + b" " + name + b"\0" + digest for name, mode, digest in entries)
    return _object("tree", content) if entries else None


def _object(kind: str, content: bytes) -> bytes:
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).digest()
