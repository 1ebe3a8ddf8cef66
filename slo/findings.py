"""Collects what is wrong with the files, and puts pydantic's findings in this project's words."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import UnionType
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from slo.errors import Problem


@dataclass(frozen=True)
class Place:
    """Where something stands: a file, and an object in it."""

    file: str
    title: str


@dataclass
class Findings:
    """The problems so far."""

    found: list[Problem] = field(default_factory=list[Problem])

    def add(self, place: Place, where: str, value: str, consequence: str, fix: str) -> None:
        """Remember one problem."""
        at = ": ".join(part for part in (place.title, where) if part)
        self.found.append(Problem(place.file, at, value, consequence, fix))


def explained(
    detail: ErrorDetails, model: type[BaseModel], place: Place, problems: Findings
) -> None:
    """Remember one of pydantic's findings."""
    location = detail["loc"]
    where = ".".join(str(part) for part in location)
    match detail["type"]:
        case "extra_forbidden":
            known = list(_keys_at(model, location[:-1]))
            near = difflib.get_close_matches(str(location[-1]), known, 1)
            problems.add(
                place,
                where,
                f"{location[-1]!r} is no key of openslo/v1",
                "it would have no effect, which its writer would not expect",
                f"write {near[0]!r}" if near else f"remove it; known are: {', '.join(known)}",
            )
        case "missing":
            problems.add(
                place, where, "is missing", "openslo/v1 requires it", f"add `{location[-1]}`"
            )
        case _:
            problems.add(
                place,
                where,
                f"{detail['input']!r} does not fit",
                "nobody could tell what was meant",
                detail["msg"].removeprefix("Value error, "),
            )


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> Iterator[str]:
    """The keys that a model knows at a location; list indices are skipped."""
    for part in location:
        for known in model.model_fields.values():
            if known.alias == part:
                model = next(_models_in(known.annotation), model)
    return (known.alias or name for name, known in model.model_fields.items())


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, UnionType):
        for inner in get_args(annotation):
            yield from _models_in(inner)
