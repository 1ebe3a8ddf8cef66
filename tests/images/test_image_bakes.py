"""Real bakes: the same inputs give the same digest, and unchanged inputs bake nothing."""

from pathlib import Path

import pytest

import images
from images import paths

pytestmark = pytest.mark.yard


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock and bases of the test's own, so that nothing of former bakes helps it."""
    lock = tmp_path / "images.local.lock.yaml"
    monkeypatch.setattr(paths, "lock_path", lambda _stack: lock)
    monkeypatch.setattr(paths, "bases", lambda: tmp_path)
    return lock


@pytest.mark.parametrize("name", ["redis", "storefront-v1"])
def test_baking_twice_from_scratch_gives_one_digest_and_then_nothing_is_baked(
    apart: Path, name: str
) -> None:
    first = images.bake([name], progress=print, fresh=True)
    second = images.bake([name], progress=print, fresh=True)
    assert second == first, "equal inputs must be one image, on this machine and on any other"

    written = apart.stat().st_mtime_ns
    said: list[str] = []
    third = images.bake([name], progress=said.append)
    assert third == first
    assert apart.stat().st_mtime_ns == written, "a bake that bakes nothing writes nothing"
    assert [line.split("  ")[0] for line in said] == ["= 1 image(s) unchanged"]


def test_variants_of_one_program_are_different_images(apart: Path) -> None:
    lock = images.bake(["storefront-v1", "storefront-v2"], progress=print)
    assert lock.reference("storefront-v1") != lock.reference("storefront-v2")
    assert images.Lock.load(apart) == lock
