"""What is carried into an image: its key, and the staged folder that Packer copies to ``/``."""

import shutil
from functools import cache
from pathlib import Path

import tools
from images import go_program, inputs, python_site, script
from images.bases import Base
from images.debian import Archive
from images.paths import SKELETON
from images.recipe import OVERLAY, TEMPLATE, Image
from images.unpack import WAY, unpack

FORMAT = 1
"""Version of the way images are put together; raised when that changes what comes out."""


def key(image: Image) -> str:
    """Digest of all that the image is made of; equal keys bake nothing."""
    recipe = image.recipe
    return inputs.digest(
        {
            "format": FORMAT,
            "base": Base.load(recipe.base).inputs,
            # Who gets baked by default, and what people read about it, is not in the image.
            "recipe": recipe.model_dump(exclude={"description", "baked", "variants"}),
            "variant": image.variant,
            "template": inputs.file(image.folder / TEMPLATE),
            "overlay": inputs.tree(image.folder / OVERLAY),
            "way": WAY if recipe.packages else None,
            "tools": {name: tool_content(name) for name in recipe.tools},
            "go": go_program.key(recipe.go) if recipe.go else None,
            "python": python_site.key(recipe.python) if recipe.python else None,
            "scripts": [script.key(item) for item in recipe.scripts],
        }
    )


def fill(image: Image, base: Base, root: Path, archive: Archive) -> None:
    """Fill the folder that stands for the image's ``/``, beyond what the base holds."""
    recipe = image.recipe
    root.mkdir(parents=True)
    if recipe.packages:
        packages = archive.fetch(recipe.packages, installed=base.installed())
        unpack(packages, root, without=recipe.without)
    for name, path in recipe.tools.items():
        _place(tools.path(name), root / path.lstrip("/"), mode=0o755)
    if recipe.go:
        go_program.build(image, recipe.go, root)
    if recipe.python:
        python_site.install(recipe.python, root)
    for item in recipe.scripts:
        script.run(item, root)
    for source in inputs.walk(image.folder / OVERLAY):
        executable = source.stat().st_mode & 0o100
        target = root / source.relative_to(image.folder / OVERLAY)
        _place(source, target, mode=0o755 if executable else 0o644)
    _add_user(image, root)
    held = base.paths()
    for path in recipe.writable:
        if path.lstrip("/") not in held:  # staging it again would change the base's own mode
            (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _add_user(image: Image, root: Path) -> None:
    user = image.recipe.user
    lines = {
        "passwd": f"{user.name}:x:{user.uid}:{user.uid}::{user.home}:/usr/sbin/nologin\n",
        "group": f"{user.name}:x:{user.uid}:\n",
    }
    (root / "etc").mkdir(exist_ok=True)
    for name, line in lines.items():
        (root / "etc" / name).write_text((SKELETON / "etc" / name).read_text() + line)


def _place(source: Path, target: Path, *, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


@cache
def tool_content(name: str) -> str:
    """A tool of the toolchain as an input; read once a run, since some are large."""
    return inputs.file(tools.path(name))
