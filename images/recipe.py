"""What an image is made of: the ``image.yaml`` beside its Packer template.

Deliberately not here: steps. What happens inside the container is the template's; what is carried
into it is listed here, so that an unchanged list bakes nothing.
"""

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from images.errors import ImageError
from images.paths import ROOM

RECIPE = "image.yaml"
TEMPLATE = "image.pkr.hcl"
OVERLAY = "rootfs"
"""Files of an image's folder that are copied as they are; their paths begin here."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
_LINKS = ("/bin", "/sbin", "/lib", "/lib64", "/var/run")


def _in_image(path: str) -> str:
    if not path.startswith("/") or path != posixpath.normpath(path) or path == "/":
        raise ValueError(
            f"{path!r} is not a path in the image; write it from /, without a trailing /"
        )
    if path.startswith(tuple(f"{link}/" for link in _LINKS)) or path in _LINKS:
        raise ValueError(
            f"{path!r} goes through a link of the base, which the copy would replace by a folder; "
            "write /usr/bin or /run instead of /bin or /var/run"
        )
    return path


InImage = Annotated[str, AfterValidator(_in_image)]
"""An absolute path in the image."""
InCheckout = Annotated[str, StringConstraints(pattern=r"^[^/]")]
"""A path or glob relative to the checkout."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class User(_Part):
    """Whom the image runs as; never root."""

    name: Name = "nonroot"
    uid: Annotated[int, Field(gt=0)] = 65532
    """Number of the user and of its group."""
    home: InImage = "/nonexistent"


class GoProgram(_Part):
    """A static Go program, compiled on the host by the pinned toolchain."""

    module: InCheckout
    """Folder of ``go.mod``."""
    package: str
    """Main package, relative to the module."""
    to: InImage
    inputs: list[str]
    """Globs of the sources, relative to the module. Tests and ``testdata`` never count."""
    variant: str | None = None
    """Go variable that tells the variant, ``import/path.variable``; set by the linker."""


class PythonSite(_Part):
    """Rooms of ours and the locked packages that they import."""

    rooms: list[Name]
    """Packages of the checkout."""
    packages: list[str]
    """Distributions; they and what they need are taken from ``uv.lock``."""
    to: InImage


class Script(_Part):
    """A file that a Python script of the checkout makes, called with ``--out``."""

    run: InCheckout
    inputs: list[InCheckout] = Field(default_factory=list[str])
    """Globs of what else the script reads, relative to the checkout."""
    to: InImage


class Recipe(_Part):
    """One image, or one family of variants of an image."""

    description: str
    repository: str
    """Repository in the registry, as in ``switchyard/redis``."""
    base: Literal["base-static", "base-debian"]
    user: User = Field(default_factory=User)
    entrypoint: list[str]
    env: dict[str, str] = Field(default_factory=dict[str, str])
    workdir: str = "/"
    writable: list[InImage] = Field(default_factory=list[str])
    """Folders that a container with a read-only root needs a writable mount on."""

    packages: list[str] = Field(default_factory=list[str])
    """Debian packages, unpacked with what they need; none of their scripts runs."""
    without: list[str] = Field(default_factory=list[str])
    """Globs of paths in the image to leave out."""
    tools: dict[str, InImage] = Field(default_factory=dict[str, str])
    """Tools of the toolchain, and where each goes."""
    go: GoProgram | None = None
    python: PythonSite | None = None
    scripts: list[Script] = Field(default_factory=list[Script])

    variants: list[Name] = Field(default_factory=list[str])
    """All values of the build input ``variant``; empty for an image without."""
    baked: list[Name] = Field(default_factory=list[str])
    """Variants that ``bake`` without names takes; the others are baked when named."""

    @model_validator(mode="after")
    def _variants_are_known(self) -> "Recipe":
        if strangers := set(self.baked) - set(self.variants):
            raise ValueError(f"baked names {sorted(strangers)}, which variants does not list")
        return self


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image to bake: a recipe, and a variant if the recipe has any."""

    folder: Path
    recipe: Recipe
    variant: str | None = None

    @property
    def name(self) -> str:
        """The image's name in the lock, as in ``redis`` or ``storefront-v2``."""
        return self.folder.name if self.variant is None else f"{self.folder.name}-{self.variant}"

    @property
    def baked_by_default(self) -> bool:
        """Whether ``bake`` without names takes it."""
        return self.variant is None or self.variant in self.recipe.baked


def load(folder: Path) -> list[Image]:
    """The images of one folder: one, or one a variant.

    Raises:
        ImageError: the folder's recipe cannot be read.
    """
    path = folder / RECIPE
    try:
        document: Any = yaml.safe_load(path.read_text())
        recipe = Recipe.model_validate(document)
    except (yaml.YAMLError, ValidationError) as error:
        raise ImageError(
            f"The recipe {path} cannot be read, so {folder.name} cannot be baked: {error}. "
            "images/README.md lists the keys."
        ) from error
    if not recipe.variants:
        return [Image(folder=folder, recipe=recipe)]
    return [Image(folder=folder, recipe=recipe, variant=variant) for variant in recipe.variants]


def catalogue(room: Path = ROOM) -> dict[str, Image]:
    """Every image that can be baked, by name, sorted."""
    folders = sorted(path.parent for path in room.glob(f"*/{RECIPE}"))
    images = [image for folder in folders for image in load(folder)]
    return {image.name: image for image in sorted(images, key=lambda image: image.name)}


def select(names: list[str], images: dict[str, Image]) -> list[Image]:
    """The images that were asked for.

    Args:
        names: names in the lock, folders (their default variants), or ``all``; empty is ``all``.
        images: the catalogue.

    Raises:
        ImageError: a name that is no image's.
    """
    chosen: dict[str, Image] = {}
    for name in names or ["all"]:
        found = {
            image.name: image
            for image in images.values()
            if image.name == name or (name in {"all", image.folder.name} and image.baked_by_default)
        }
        if not found:
            raise ImageError(
                f"There is no image {name!r}, so nothing was baked. "
                f"Known: all, {', '.join(images)}. Correct the name, or add images/{name}/."
            )
        chosen |= found
    return list(chosen.values())
