"""Mounts below folders, and their removal."""

from pathlib import Path

from local.errors import YardError
from local.host import attempt


def unmount_below(*folders: Path) -> None:
    """Unmount everything at or below the folders, deepest first.

    Raises:
        YardError: a mount stays even when detached lazily.
    """
    for _ in range(3):  # mounts stacked on one another show one at a time
        mounts = _mounts_below(folders)
        for mount in mounts:
            if not attempt("umount", mount):
                attempt("umount", "--lazy", mount)
        if not mounts:
            return
    if left := _mounts_below(folders):
        raise YardError(
            f"{', '.join(left)} cannot be unmounted; files below stay. Try `umount -l`."
        )


def _mounts_below(folders: tuple[Path, ...]) -> list[str]:
    found: list[str] = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount = line.split()[4].encode().decode("unicode_escape")
        if any(Path(mount).is_relative_to(folder) for folder in folders):
            found.append(mount)
    return sorted(found, key=len, reverse=True)
