"""All objects of all OpenSLO files, and what they refer to by name."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

from slo import openslo
from slo.findings import Findings, Place

_T = TypeVar("_T", bound="openslo.Object")


@dataclass
class Objects:
    """Every object of all files, by kind and name; references are resolved across files."""

    found: dict[tuple[type[openslo.Object], str], tuple[Place, openslo.Object]] = field(
        default_factory=dict["tuple[type[openslo.Object], str]", "tuple[Place, openslo.Object]"]
    )

    def add(self, place: Place, item: openslo.Object, problems: Findings) -> None:
        """Remember an object, unless its name is taken."""
        key = (type(item), item.metadata.name)
        if key in self.found:
            problems.add(
                place,
                "metadata.name",
                f"{item.metadata.name!r} is the name of another {item.kind} in "
                f"{self.found[key][0].file}",
                "one of the two would silently win",
                "give each its own name, and list no file twice",
            )
            return
        self.found[key] = (place, item)

    def all(self, kind: type[_T]) -> Iterator[tuple[Place, _T]]:
        """The objects of one kind, in the order of the files."""
        for place, item in self.found.values():
            if isinstance(item, kind):
                yield place, item

    def get(
        self, kind: type[_T], name: str, problems: Findings, place: Place, where: str
    ) -> _T | None:
        """The object that is referred to; a problem and None when there is none."""
        hit = self.found.get((kind, name))
        if hit is not None:
            return cast("_T", hit[1])
        known = [item.metadata.name for _, item in self.all(kind)]
        near = difflib.get_close_matches(name, known, 1)
        label = kind.model_fields["kind"].annotation
        title = getattr(label, "__args__", ("object",))[0]
        problems.add(
            place,
            where,
            f"{name!r} is no {title} in these files",
            "what it stands for is unknown",
            f"write {near[0]!r}" if near else f"add the {title}, or list the file that has it",
        )
        return None
