"""What the lock says about images, held against today's inputs and against the registry."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from images import paths, stage
from images.lock import Lock
from images.recipe import catalogue, select
from images.registry import Registry

State = Literal["current", "changed", "missing", "unbaked"]
"""current: baked from today's inputs, and there. changed: the inputs are others now.
missing: the registry does not hold the digest. unbaked: the lock has no such image."""


class Item(BaseModel):
    """One image."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    state: State
    inputs: str
    """Digest of today's inputs."""
    reference: str | None
    """What the lock names, if it does."""
    user: str
    writable: list[str]
    """Folders that need a writable mount when the root is read-only."""


def inventory(names: Iterable[str], *, stack: str = "local") -> list[Item]:
    """The state of images; nothing is changed or started.

    Args:
        names: as for ``bake``; none means all.
        stack: whose lock and registry.

    Raises:
        ImageError: an unknown name, or no lock.
    """
    lock = Lock.load(paths.lock_path(stack))
    images = select(list(names), catalogue())
    known = {image.name: lock.entry(image.name) for image in images if image.name in lock}
    registry = Registry(lock.registry)
    references = [entry.reference for entry in known.values()]
    lacking = registry.lacking(references) if registry.answers() else set(references)
    items: list[Item] = []
    for image in images:
        inputs, entry = stage.key(image), known.get(image.name)
        state: State = "current"
        if entry is None:
            state = "unbaked"
        elif entry.inputs != inputs:
            state = "changed"
        elif entry.reference in lacking:
            state = "missing"
        items.append(
            Item(
                name=image.name,
                description=image.recipe.description,
                state=state,
                inputs=inputs,
                reference=entry.reference if entry else None,
                user=f"{image.recipe.user.uid}:{image.recipe.user.uid}",
                writable=image.recipe.writable,
            )
        )
    return items
