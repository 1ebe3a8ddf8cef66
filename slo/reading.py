"""Reads OpenSLO files: objects, what they refer to, and what each SLO comes to."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from slo import meaning, openslo
from slo.errors import Problem, SloError
from slo.findings import Findings, Place, explained
from slo.model import Slo
from slo.objects import Objects


def load(paths: Iterable[Path]) -> tuple[Slo, ...]:
    """The SLOs of OpenSLO v1 files, in the order of the files; references may cross files.

    Args:
        paths: YAML files of one or more documents each.

    Raises:
        SloError: with every problem of all files.
    """
    objects, problems = Objects(), Findings()
    for path in paths:
        for place, document in _documents(path, problems):
            item = _typed(document, place, problems)
            if item is not None:
                objects.add(place, item, problems)
    slos = [
        one
        for place, item in objects.all(openslo.SloObject)
        for one in meaning.of(item, place, objects, problems)
    ]
    _distinct(slos, problems)
    if problems.found:
        raise SloError(problems.found)
    return tuple(slos)


def _documents(path: Path, problems: Findings) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    place = Place(str(path), "")
    try:
        documents = list(yaml.load_all(path.read_text(), Loader=_UniqueKeys))
    except OSError as error:
        problems.add(
            place,
            "",
            f"cannot be read ({error.strerror})",
            "its SLOs would have no rules and no budget",
            "correct the path; it is relative to the project",
        )
        return
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(
            place,
            "",
            f"is no YAML ({' '.join(str(error).split())})",
            "its SLOs would have no rules and no budget",
            "correct the line",
        )
        return
    for number, document in enumerate(documents, 1):
        if document is None:
            continue
        if not isinstance(document, dict):
            problems.add(
                place,
                f"document {number}",
                f"{document!r} is no object",
                "no SLO can be read from it",
                f"write `apiVersion: {openslo.VERSION}`, `kind`, `metadata` and `spec`",
            )
            continue
        mapping = cast("dict[str, Any]", document)
        metadata = mapping.get("metadata")
        name = cast("dict[str, Any]", metadata).get("name") if isinstance(metadata, dict) else None
        title = f"{mapping.get('kind')} {name}" if name else f"document {number}"
        yield Place(str(path), title), mapping


def _typed(document: Mapping[str, Any], place: Place, problems: Findings) -> openslo.Object | None:
    kind = document.get("kind")
    model = openslo.KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        near = difflib.get_close_matches(str(kind), list(openslo.KINDS), 1)
        problems.add(
            place,
            "kind",
            f"{kind!r} is no kind of {openslo.VERSION}",
            "nobody would know how to read it",
            f"write {near[0]!r}" if near else f"write one of {', '.join(openslo.KINDS)}",
        )
        return None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            explained(detail, model, place, problems)
        return None


def _distinct(slos: list[Slo], problems: Findings) -> None:
    """Names of SLOs are what the rules and the budget go by, so no two may share one."""
    seen: dict[str, Slo] = {}
    for one in slos:
        other = seen.setdefault(one.name, one)
        if other is not one:
            problems.add(
                Place(one.source, f"SLO {one.name}"),
                "metadata.name",
                f"{one.name!r} is also what an objective in {other.source} is called",
                "their records would be mixed",
                "rename one of the two",
            )


class _UniqueKeys(yaml.CSafeLoader):
    """Safe YAML in which a key that is written twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"{twice!r} is written twice", node.start_mark
            )
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


__all__ = ["Problem", "load"]
