"""Images: baked once from a Packer template each, recorded by digest, deployed by digest.

Deliberately not here: where they run (``components``), and their evidence (``evidence``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from images.errors import ImageError
from images.lock import Entry, Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Entry", "ImageError", "Lock", "bake"]


def bake(
    names: Iterable[str] = (),
    *,
    stack: str = "local",
    progress: Callable[[str], None] = print,
    fresh: bool = False,
) -> Lock:
    """Bake what has changed and record it in the stack's lock; see ``images.baker.bake``."""
    # Reading a lock, as every preview does, must not load what baking needs.
    from images import baker  # noqa: PLC0415

    return baker.bake(names, stack=stack, progress=progress, fresh=fresh)
