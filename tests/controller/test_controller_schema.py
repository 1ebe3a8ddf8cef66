"""`crd.yaml` and the types say the same; `rbac.yaml` grants what the writer and reader use."""

import types
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import yaml
from controller_simulator import make_spec
from pydantic import BaseModel

import controller
from controller.api import Service, Spec, Status, Strategy
from controller.model import parse_duration, write_duration
from controller.ramp_api import Judge

pytestmark = pytest.mark.pure

ROOM = Path(controller.__file__).parent
CRD = yaml.safe_load((ROOM / "crd.yaml").read_text())
VERSION = CRD["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]["properties"]


def unwrap(annotation: Any) -> Any:  # noqa: ANN401 - a type is whatever typing makes of it
    """A type without Optional and Annotated."""
    while True:
        origin = get_origin(annotation)
        if origin in {Union, types.UnionType}:
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        elif hasattr(annotation, "__metadata__"):
            annotation = get_args(annotation)[0]
        else:
            return annotation


def compare(model: type[BaseModel], schema: dict[str, Any], where: str) -> Iterator[str]:
    """Every difference between a model and its schema."""
    fields = {
        (f.serialization_alias or f.alias or name): (name, f)
        for name, f in model.model_fields.items()
    }
    if fields.keys() != schema["properties"].keys():
        yield f"{where}: {sorted(fields.keys() ^ schema['properties'].keys())} on one side alone"
        return
    required = {alias for alias, (_, f) in fields.items() if f.is_required()}
    if required != set(schema.get("required", ())):
        yield f"{where}: required differs: {sorted(required ^ set(schema.get('required', ())))}"
    for alias, (_, info) in fields.items():
        yield from compare_type(
            unwrap(info.annotation), schema["properties"][alias], f"{where}.{alias}"
        )


def compare_type(  # a type, or what typing makes of one
    kind: Any,  # noqa: ANN401
    schema: dict[str, Any],
    where: str,
) -> Iterator[str]:
    if get_origin(kind) is tuple:
        if schema["type"] != "array":
            yield f"{where}: a tuple, but the schema says {schema['type']}"
        else:
            yield from compare_type(unwrap(get_args(kind)[0]), schema["items"], f"{where}[]")
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from compare(kind, schema, where)
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        if [item.value for item in kind] != schema.get("enum"):
            yield f"{where}: the enum differs"
    else:
        plain: dict[Any, str] = {
            str: "string",
            int: "integer",
            float: "number",
            bool: "boolean",
            datetime: "string",
            timedelta: "string",
        }
        wanted = plain.get(kind, "object")
        if schema["type"] != wanted:
            yield f"{where}: {kind} against {schema['type']}"


@pytest.mark.parametrize("part", ["spec", "status"])
def test_types_and_schema_have_the_same_names_enums_and_requirements(part: str) -> None:
    model = {"spec": Spec, "status": Status}[part]
    problems = [
        p
        for p in compare(model, SCHEMA[part], part)
        # what a status was once given is not asked for again: an older one must stay readable
        if not (p.startswith("status") and "services" in p and "required" in p)
    ]
    assert problems == []


def test_defaults_of_types_and_schema_are_the_same() -> None:
    strategy = SCHEMA["spec"]["properties"]["strategy"]["properties"]
    defaults = Strategy().dump()
    assert {n: f["default"] for n, f in strategy.items() if "default" in f} == defaults
    judge = SCHEMA["spec"]["properties"]["judge"]["properties"]
    assert {n: f["default"] for n, f in judge.items() if "default" in f} == {
        name: value for name, value in Judge().dump().items() if name != "indicators"
    }
    service = SCHEMA["spec"]["properties"]["services"]["items"]["properties"]
    assert {name: field["default"] for name, field in service.items() if "default" in field} == {
        "path": Service.model_fields["path"].default,
        "port": Service.model_fields["port"].default,
        "probe": Service.model_fields["probe"].default,
    }


def test_every_field_of_the_schema_is_described() -> None:
    def undescribed(schema: dict[str, Any], where: str) -> Iterator[str]:
        for name, field in schema.get("properties", {}).items():
            if "description" not in field:
                yield f"{where}.{name}"
            yield from undescribed(field, f"{where}.{name}")
            yield from undescribed(field.get("items", {}), f"{where}.{name}[]")

    assert [*undescribed(SCHEMA["spec"], "spec"), *undescribed(SCHEMA["status"], "status")] == []


def test_no_key_of_the_schema_is_without_a_value() -> None:
    def empty(node: object, where: str) -> Iterator[str]:
        if node is None:
            yield where
        for name, value in node.items() if isinstance(node, dict) else ():
            yield from empty(value, f"{where}.{name}")

    assert list(empty(CRD, "crd")) == [], "a comma in a flow mapping makes a key of what follows"


def test_people_see_live_serving_weight_phase_and_age() -> None:
    columns = [c["name"] for c in VERSION["additionalPrinterColumns"] if not c.get("priority")]
    assert columns == ["Live", "Serving", "Weight", "Phase", "Age"]
    assert VERSION["subresources"] == {"status": {}}


def test_a_status_survives_the_way_through_the_api_server() -> None:
    spec = Spec.model_validate(make_spec("green", "v2"))
    assert Spec.model_validate(spec.dump()) == spec


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1h", timedelta(hours=1)),
        ("1m30s", timedelta(seconds=90)),
        ("200ms", timedelta(milliseconds=200)),
    ],
)
def test_durations_are_read_and_written(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length
    assert write_duration(length) == text


@pytest.mark.parametrize("text", ["", "1", "h", "1d", "-1s", "1.5h", 5, None])
def test_what_is_no_duration_is_refused_with_a_way_out(text: object) -> None:
    with pytest.raises(ValueError, match=r"write e\.g\. 30s"):
        parse_duration(text)


def test_the_roles_hold_no_wildcard_and_no_secret() -> None:
    documents = list(yaml.safe_load_all((ROOM / "rbac.yaml").read_text()))
    rules = [rule for document in documents for rule in document.get("rules", ())]
    granted = {
        (verb, resource)
        for rule in rules
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }
    assert not [grant for grant in granted if "*" in grant]
    assert not [resource for _, resource in granted if "secret" in resource]
