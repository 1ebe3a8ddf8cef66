"""Where this room finds and keeps its files."""

from pathlib import Path

import tools

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""
ROOM = ROOT / "images"
"""This room: one folder an image."""
SKELETON = ROOM / "skeleton"
"""Files that every base starts from."""


def lock_path(stack: str) -> Path:
    """The committed lock of a stack."""
    return ROOT / f"images.{stack}.lock.yaml"


def cache(name: str) -> Path:
    """A cache folder of this room, made on demand; deleting it costs time, nothing else."""
    folder = tools.cache_dir() / "images" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bases() -> Path:
    """Root filesystems of the bases, one tar a recipe."""
    folder = tools.cache_dir() / "bases"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
