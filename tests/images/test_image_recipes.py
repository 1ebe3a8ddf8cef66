"""Every image of the room is small print that holds: non-root, by path, with a template."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from images import ImageError, paths
from images.recipe import TEMPLATE, Image, Recipe, catalogue, load, select

pytestmark = pytest.mark.pure

IMAGES = catalogue()
LEAST = {"description": "d", "repository": "r", "base": "base-static", "entrypoint": ["/x"]}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES.keys())
def test_an_image_is_non_root_and_has_a_template_that_packer_is_given_everything_for(
    image: Image,
) -> None:
    assert image.recipe.user.uid > 0
    template = (image.folder / TEMPLATE).read_text()
    declared = set(re.findall(r'variable "(\w+)"', template))
    assert declared == {"base", "stage", "exported", "shell"}
    assert 'source "docker"' in template
    assert "--network=none" in template, "what is fetched while baking is no input that is known"
    mounted = "var.shell" in template
    assert mounted == (image.recipe.base == "base-static"), "only the static base has no shell"


def test_the_variants_of_the_shop_are_baked_by_default_only_when_they_are_good() -> None:
    names = {image.name for image in select(["storefront"], IMAGES)}
    assert names == {"storefront-v1", "storefront-v2"}
    everything = {image.name for image in select([], IMAGES)}
    assert {"redis", "controller", "orders-v2"} <= everything
    assert "orders-leak" not in everything
    assert [image.name for image in select(["orders-leak"], IMAGES)] == ["orders-leak"]


def test_an_unknown_image_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ImageError, match=r"no image 'storefrnt'.*Known: all, argocd"):
        select(["redis", "storefrnt"], IMAGES)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user": {"uid": 0}}, "greater than 0"),
        ({"writable": ["/var/run/x"]}, "goes through a link of the base"),
        ({"writable": ["data"]}, "not a path in the image"),
        ({"tools": {"envoy": "/bin/envoy"}}, "goes through a link of the base"),
        ({"base": "ubuntu:latest"}, "base-static"),
        ({"entry_point": ["/x"]}, "Extra inputs"),
        ({"variants": ["v1"], "baked": ["v2"]}, r"baked names \['v2'\]"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Recipe.model_validate({**LEAST, **change})


def test_a_broken_recipe_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "image.yaml").write_text("repository: [")
    with pytest.raises(ImageError, match=r"image\.yaml"):
        load(tmp_path)


def test_every_folder_with_a_template_is_an_image() -> None:
    templates = {path.parent.name for path in paths.ROOM.glob(f"*/{TEMPLATE}")}
    assert templates == {image.folder.name for image in IMAGES.values()}
