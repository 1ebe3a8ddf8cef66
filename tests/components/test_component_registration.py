"""How every component registers itself, read from the sources."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.pure


def components() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in sorted((PROJECT / "components").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base) == "pulumi.ComponentResource" for base in node.bases
            ):
                yield path, node


COMPONENTS = list(components())


def constructor(component: ast.ClassDef) -> ast.FunctionDef:
    return next(
        node
        for node in component.body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )


def test_there_are_components_to_look_at() -> None:
    assert {node.name for _, node in COMPONENTS} >= {
        "Twin",
        "Environment",
        "TrafficSwitch",
        "ArgoCd",
    }


@pytest.mark.parametrize(("path", "component"), COMPONENTS, ids=[n.name for _, n in COMPONENTS])
class TestEveryComponent:
    def test_registers_its_outputs_last(self, path: Path, component: ast.ClassDef) -> None:
        last = ast.unparse(constructor(component).body[-1])
        assert last.startswith("self.register_outputs("), (
            f"{path.name}: without it the component never ends, and its dependants never begin"
        )

    def test_takes_name_args_and_options(self, path: Path, component: ast.ClassDef) -> None:
        names = [argument.arg for argument in constructor(component).args.args]
        assert names == ["self", "name", "args", "opts"], path.name

    def test_bears_its_own_name_in_its_type(self, path: Path, component: ast.ClassDef) -> None:
        first = ast.unparse(constructor(component).body[0])
        assert (
            f"super().__init__('switchyard:index:{component.name}', name, None, opts)" in first
        ), path.name

    def test_is_the_one_noun_of_its_file(self, path: Path, component: ast.ClassDef) -> None:
        assert [node.name for other, node in COMPONENTS if other == path] == [component.name]
