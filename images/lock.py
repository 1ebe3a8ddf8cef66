"""The lock of a stack: which image has which digest, and which inputs it was baked from.

Deliberately not here: how a digest comes about (``baker``), and whether the registry still holds
it (``registry``).
"""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails

from images.errors import ImageError

REFERENCE = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
"""Registry, repository and digest; a tag has no place in it."""
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

_HEADER = """\
# Written by `switchyard bake` after each image; deployments name these digests and nothing else.
# inputs: digest of everything the image is made of (images/README.md); equal inputs bake nothing.
"""


class Entry(BaseModel):
    """One baked image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: Digest
    """Digest of everything the image was baked from."""
    reference: str
    """``registry/repository@sha256:…``: what a deployment names."""

    @field_validator("reference")
    @classmethod
    def _by_digest(cls, value: str) -> str:
        if not REFERENCE.fullmatch(value):
            raise ValueError(
                f"{value!r} does not end in a digest. A tag may point to other content tomorrow, "
                "so what was judged need not be what runs. "
                "Write registry/repository@sha256:<64 hex>."
            )
        return value

    @property
    def digest(self) -> str:
        """The image's digest alone, ``sha256:…``."""
        return self.reference.rpartition("@")[2]


class Lock(BaseModel):
    """All images of one stack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registry: str
    """Address of the registry, as deployments name it: ``host:port``, no scheme."""
    images: dict[str, Entry] = Field(default_factory=dict[str, Entry])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a lock.

        Raises:
            ImageError: the file is missing, is no YAML, or names an image by tag.
        """
        try:
            document: Any = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        except FileNotFoundError as error:
            raise ImageError(
                f"The image lock {path} does not exist, so no image has a digest to deploy. "
                "Run `switchyard bake`."
            ) from error
        except yaml.YAMLError as error:
            raise ImageError(
                f"The image lock {path} is not YAML ({error}), so no digest can be read from it. "
                "Restore it from Git, or delete it and run `switchyard bake`."
            ) from error
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            findings = "; ".join(_finding(item) for item in error.errors())
            raise ImageError(
                f"The image lock {path} cannot be used: {findings}. "
                "Restore it from Git, or delete it and run `switchyard bake`."
            ) from error

    def entry(self, name: str) -> Entry:
        """The entry of one image.

        Raises:
            ImageError: the lock has no such image.
        """
        try:
            return self.images[name]
        except KeyError:
            known = ", ".join(sorted(self.images)) or "none"
            raise ImageError(
                f"Image {name!r} is not in the lock, so it has no digest to deploy. "
                f"Known images: {known}. Run `switchyard bake {name}`, or correct the name."
            ) from None

    def reference(self, name: str) -> str:
        """The image as a deployment names it, ``registry/repository@sha256:…``."""
        return self.entry(name).reference

    def __contains__(self, name: object) -> bool:
        return name in self.images

    def names(self) -> Iterator[str]:
        """Names of all images, sorted."""
        return iter(sorted(self.images))

    def recording(self, name: str, entry: Entry) -> "Lock":
        """The same lock with one image added or replaced."""
        return self.model_copy(update={"images": {**self.images, name: entry}})

    def save(self, path: Path) -> None:
        """Write the lock in one step: a reader, or a Ctrl-C, never meets half a file."""
        document = {
            "registry": self.registry,
            "images": {name: self.images[name].model_dump() for name in self.names()},
        }
        text = _HEADER + yaml.safe_dump(document, sort_keys=False, width=1000)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _finding(item: ErrorDetails) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "the document"
    return f"{where}: {item['msg'].removeprefix('Value error, ')}"
