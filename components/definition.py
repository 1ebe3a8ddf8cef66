"""Custom resource definitions, cut to a quarter: every preview handles them whole.

Pure: a document in, a document out. The prose goes, and with it what `kubectl explain` would say;
so does the schema of what controllers alone write, which becomes "an object".
"""

from collections.abc import Mapping
from typing import Any, cast

Document = dict[str, Any]

_AN_OBJECT: Document = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def slim(
    definition: Mapping[str, Any], *, written_by_controllers: tuple[str, ...] = ("status",)
) -> Document:
    """A definition without prose.

    Args:
        definition: the whole one; it is left as it is.
        written_by_controllers: top-level fields whose schema becomes "an object".
    """
    document: Document = _without_descriptions(definition)
    for version in document["spec"]["versions"]:
        properties = version["schema"]["openAPIV3Schema"]["properties"]
        properties |= {key: _AN_OBJECT for key in written_by_controllers if key in properties}
    return document


def _without_descriptions(node: object) -> Any:  # noqa: ANN401 - any node of a document
    if isinstance(node, dict):
        return {
            key: _without_descriptions(value)
            for key, value in cast("Document", node).items()
            # a property that is called "description" is a schema, not a text
            if not (key == "description" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [_without_descriptions(item) for item in cast("list[object]", node)]
    return node
