"""`switchyard bake`: the images room's API, and what it changed in the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel
from rich.table import Table

import images
from cli import output
from cli.engine import PROJECT
from cli.errors import BadNews, Invalid
from images import ImageError, recipe

if TYPE_CHECKING:
    from rich.console import RenderableType


class BakedImage(BaseModel):
    """One image of the lock."""

    name: str
    reference: str
    inputs: str
    changed: bool
    """Whether this run gave it another digest."""


class Baked(BaseModel):
    """What `bake --json` prints."""

    stack: str
    registry: str
    images: list[BakedImage]


def bake(names: list[str], *, stack: str, fresh: bool) -> Baked:
    """Bake what has changed.

    Raises:
        Invalid: an image of that name does not exist.
        BadNews: an image cannot be baked.
    """
    chosen = _chosen(names)
    before = _digests(stack)
    try:
        lock = images.bake(names, stack=stack, progress=output.progress, fresh=fresh)
    except ImageError as error:
        raise BadNews(
            value=f"bake of {', '.join(names) or 'all images'}",
            consequence=f"it stopped; images that were finished are in the lock. {error}",
            fix="mend what is named, then run the same command: finished images cost nothing",
        ) from error
    return Baked(
        stack=stack,
        registry=lock.registry,
        images=[
            BakedImage(
                name=name,
                reference=lock.reference(name),
                inputs=lock.entry(name).inputs,
                changed=before.get(name) != lock.reference(name),
            )
            for name in lock.names()
            if name in chosen
        ],
    )


def _chosen(names: list[str]) -> set[str]:
    """The images that are meant: a name of the lock, a folder with all its variants, or all."""
    try:
        return {image.name for image in recipe.select(names, recipe.catalogue())}
    except ImageError as error:
        raise Invalid(
            value=", ".join(names),
            consequence=str(error),
            fix="name images of images/, or none for all",
        ) from error


def _digests(stack: str) -> dict[str, str]:
    """References in the lock as it is; empty when there is none yet."""
    path = PROJECT / f"images.{stack}.lock.yaml"
    if not path.exists():
        return {}
    try:
        lock = images.Lock.load(path)
    except ImageError as error:
        raise Invalid(
            value=path.name,
            consequence=f"it cannot be read: {error}",
            fix="restore it from Git",
        ) from error
    return {name: lock.reference(name) for name in lock.names()}


def render(baked: Baked) -> RenderableType:
    """The lock for people."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("image", "digest", "this run"):
        table.add_column(heading, no_wrap=True)
    for image in baked.images:
        digest = output.short(image.reference.rpartition("@")[2])
        table.add_row(image.name, digest, "[bold]new digest[/]" if image.changed else "unchanged")
    return table
