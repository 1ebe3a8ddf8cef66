"""The lock names digests, and is whole at every moment."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from images import Entry, ImageError, Lock

pytestmark = pytest.mark.pure

INPUTS = f"sha256:{'1' * 64}"
REFERENCE = f"10.213.0.1:5000/shop/storefront@sha256:{'a' * 64}"


def _lock(name: str = "storefront-v1", reference: str = REFERENCE) -> Lock:
    lock = Lock(registry="10.213.0.1:5000")
    return lock.recording(name, Entry(inputs=INPUTS, reference=reference))


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "images.test.lock.yaml"
    _lock().save(path)
    loaded = Lock.load(path)
    assert loaded == _lock()
    assert loaded.reference("storefront-v1") == REFERENCE
    assert loaded.entry("storefront-v1").digest == f"sha256:{'a' * 64}"


def test_equal_locks_are_equal_bytes_whatever_the_order_of_baking(tmp_path: Path) -> None:
    entry = Entry(inputs=INPUTS, reference=REFERENCE)
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    Lock(registry="r").recording("a", entry).recording("b", entry).save(one)
    Lock(registry="r").recording("b", entry).recording("a", entry).save(other)
    assert one.read_bytes() == other.read_bytes(), "a reviewer would see a change that is none"


@pytest.mark.parametrize(
    "reference",
    [
        "10.213.0.1:5000/shop/storefront:v1",
        "10.213.0.1:5000/shop/storefront",
        f"10.213.0.1:5000/shop/storefront:v1@sha256:{'a' * 64}",
        f"10.213.0.1:5000/shop/storefront@sha256:{'a' * 63}",
        f"storefront@sha256:{'A' * 64}",
    ],
)
def test_anything_but_a_digest_is_refused_with_value_consequence_and_fix(
    tmp_path: Path, reference: str
) -> None:
    with pytest.raises(ValidationError, match="tag may point to other content"):
        Entry(inputs=INPUTS, reference=reference)
    path = tmp_path / "images.test.lock.yaml"
    path.write_text(
        f"registry: r\nimages:\n  shop: {{inputs: '{INPUTS}', reference: '{reference}'}}\n"
    )
    with pytest.raises(ImageError) as caught:
        Lock.load(path)
    assert reference in str(caught.value)
    assert "images.shop.reference" in str(caught.value), "the reader must find the line"
    assert "switchyard bake" in str(caught.value)


@pytest.mark.parametrize("text", ["registry: r\nimage: {}\n", "[]\n", "a: [\n", ""])
def test_a_lock_that_is_none_is_refused_by_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "images.test.lock.yaml"
    path.write_text(text)
    with pytest.raises(ImageError, match=r"images\.test\.lock\.yaml"):
        Lock.load(path)


def test_a_missing_lock_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="Run `switchyard bake`"):
        Lock.load(tmp_path / "nowhere.yaml")


def test_an_unknown_image_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ImageError, match=r"'storefront-v9'.*Known images: storefront-v1"):
        _lock().reference("storefront-v9")


def test_an_interrupted_save_leaves_the_former_lock_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.test.lock.yaml"
    _lock().save(path)
    former = path.read_bytes()

    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _lock(name="orders-v1").save(path)
    assert path.read_bytes() == former
    assert list(tmp_path.iterdir()) == [path], "half a file was left behind"
