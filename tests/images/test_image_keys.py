"""The key of an image changes with what is in the image, and with nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import tools
from images import ImageError, go_program, inputs, python_site, script, stage
from images.recipe import TEMPLATE, Image, load

pytestmark = pytest.mark.pure

RECIPE: dict[str, object] = {
    "description": "A program.",
    "repository": "switchyard/program",
    "base": "base-static",
    "entrypoint": ["/program"],
    "tools": {"helper": "/usr/bin/helper"},
    "variants": ["v1", "v2"],
    "baked": ["v1"],
    "go": {"module": "shop", "package": ".", "to": "/program", "inputs": ["go.mod", "**/*"]},
    "python": {"rooms": ["room"], "packages": ["alpha"], "to": "/opt/site"},
    "scripts": [{"run": "make.py", "to": "/made"}],
}
UV_LOCK = """
[[package]]
name = "alpha"
version = "1"
wheels = [{ url = "https://example.org/alpha.whl", hash = "sha256:aa" }]

[[package]]
name = "stranger"
version = "1"
"""
OTHER_LOCK = UV_LOCK.replace('"stranger"\nversion = "1"', '"stranger"\nversion = "2"')


class Checkout:
    """A small checkout with one image of every kind of input."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in {
            "image/rootfs/etc/program.conf": "level = 1\n",
            f"image/{TEMPLATE}": "build {}\n",
            "shop/go.mod": "module shop\n",
            "shop/main.go": "package main\n",
            "shop/main_test.go": "package main\n",
            "room/__init__.py": "",
            "make.py": "",
            "bin/helper": "#!/bin/sh\n",
            "uv.lock": UV_LOCK,
        }.items():
            self.write(name, text)
        self.recipe()

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def recipe(self, **changes: object) -> None:
        self.write("image/image.yaml", yaml.safe_dump({**RECIPE, **changes}))

    def key(self, variant: str = "v1") -> str:
        stage.tool_content.cache_clear()
        python_site.locked.cache_clear()
        images = {image.variant: image for image in load(self.root / "image")}
        return stage.key(images[variant])


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    for module in (go_program, python_site, script):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    requirements = python_site.requirements
    monkeypatch.setattr(
        python_site, "requirements", lambda names: requirements(names, tmp_path / "uv.lock")
    )
    monkeypatch.setattr(go_program, "go_version", lambda: "go1.26.8")
    monkeypatch.setattr(tools, "path", lambda name: tmp_path / "bin" / name)
    return Checkout(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.write(f"image/{TEMPLATE}", "build { }\n"),
        lambda c: c.write("image/rootfs/etc/program.conf", "level = 2\n"),
        lambda c: c.write("image/rootfs/etc/more.conf", ""),
        lambda c: (c.root / "image/rootfs/etc/program.conf").chmod(0o755),
        lambda c: (c.root / "image/rootfs/etc/link").symlink_to("program.conf"),
        lambda c: c.write("shop/main.go", "package main // changed\n"),
        lambda c: c.write("shop/go.mod", "module shop // changed\n"),
        lambda c: c.write("room/new.py", ""),
        lambda c: c.write("make.py", "# changed\n"),
        lambda c: c.write("bin/helper", "#!/bin/sh -e\n"),
        lambda c: c.write("uv.lock", UV_LOCK.replace("sha256:aa", "sha256:ab")),
        lambda c: c.recipe(entrypoint=["/program", "--verbose"]),
        lambda c: c.recipe(env={"A": "b"}),
        lambda c: c.recipe(user={"uid": 7}),
        lambda c: c.recipe(base="base-debian"),
        lambda c: c.recipe(packages=["git"]),
    ],
)  # fmt: skip
def test_a_changed_input_changes_the_key(
    checkout: Checkout, change: Callable[[Checkout], object]
) -> None:
    before = checkout.key()
    change(checkout)
    assert checkout.key() != before, "the image would have stayed as it was"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.recipe(description="The program."),
        lambda c: c.recipe(baked=["v1", "v2"]),
        lambda c: c.recipe(variants=["v1", "v2", "v3"]),
        lambda c: c.write("shop/main_test.go", "package main // changed\n"),
        lambda c: c.write("shop/testdata/golden.json", "{}"),
        lambda c: c.write("room/__pycache__/a.pyc", ""),
        lambda c: c.write("uv.lock", OTHER_LOCK),
        lambda c: c.write("README.md", "changed"),
        lambda c: [os.utime(path, (1, 1)) for path in c.root.rglob("*")],
        lambda c: (c.root / "image/rootfs/etc/program.conf").chmod(0o664),
    ],
)  # fmt: skip
def test_what_is_not_in_the_image_leaves_the_key_alone(
    checkout: Checkout, change: Callable[[Checkout], object]
) -> None:
    before = checkout.key()
    change(checkout)
    assert checkout.key() == before, "the image would have been baked again for nothing"


def test_variants_have_keys_of_their_own(checkout: Checkout) -> None:
    assert checkout.key("v1") != checkout.key("v2")


def test_another_compiler_is_another_input(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checkout.key()
    monkeypatch.setattr(go_program, "go_version", lambda: "go1.26.9")
    assert checkout.key() != before


def test_a_glob_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"'\*\.sql' matches no file"):
        inputs.globbed(tmp_path, ["*.sql"])


def test_a_digest_depends_on_content_and_not_on_the_order_of_keys() -> None:
    assert inputs.digest({"a": 1, "b": 2}) == inputs.digest({"b": 2, "a": 1})
    assert inputs.digest({"a": 1}) != inputs.digest({"a": "1"})


def test_images_are_keyed_one_by_one(checkout: Checkout) -> None:
    images: list[Image] = load(checkout.root / "image")
    assert len({stage.key(image) for image in images}) == len(images)
