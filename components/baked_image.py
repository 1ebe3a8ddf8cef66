"""A baked image: content that has a name here and a digest everywhere.

Deliberately a value and not a resource: nothing about it can be created, changed or deleted, and
every resource costs time in every preview.
"""

from dataclasses import dataclass
from typing import Self

from images.lock import Lock


@dataclass(frozen=True)
class BakedImage:
    """An image that was baked once.

    Attributes:
        reference: `registry/repository@sha256:…`, what a deployment names.
    """

    reference: str

    @classmethod
    def of(cls, value: str, lock: Lock) -> Self:
        """The image that a setting means: a reference by digest, or a name of the lock.

        Raises:
            ImageError: the lock has no such name.
        """
        return cls(value if "@" in value else lock.reference(value))

    @property
    def digest(self) -> str:
        """The content's digest, `sha256:…`."""
        return self.reference.rpartition("@")[2]

    @property
    def repository(self) -> str:
        """Registry and repository, without the digest."""
        return self.reference.rpartition("@")[0]
