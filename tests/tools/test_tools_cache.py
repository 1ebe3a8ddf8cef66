from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tools_bench import widget

from tools.cache import Cache, Receipt, cache_dir, witness

if TYPE_CHECKING:
    from pathlib import Path

    from tools.cache import Entry

pytestmark = pytest.mark.pure

RECIPE = "as built"


def _keep(
    cache: Cache, text: str = "one", *, witnesses: dict[str, list[int]] | None = None
) -> Entry:
    staging = cache.stage("apt", widget())
    (staging / "bin/widget").write_text(text)
    receipt = Receipt(
        tool="widget", version="2.1", source="test", seconds=1.0, witnesses=witnesses or {}
    )
    return cache.keep(widget(), RECIPE, staging, receipt)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_what_was_kept_is_found_again_with_its_receipt(cache: Cache) -> None:
    _keep(cache)
    found = cache.find(widget(), RECIPE)
    assert found is not None
    assert found.receipt.version == "2.1"
    assert found.command("widget").read_text() == "one"


def test_an_entry_in_the_making_is_not_found(cache: Cache) -> None:
    staging = cache.stage("apt", widget())
    (staging / "bin/widget").write_text("half")
    assert cache.find(widget(), RECIPE) is None


def test_another_recipe_finds_nothing(cache: Cache) -> None:
    _keep(cache)
    assert cache.find(widget(), "built otherwise") is None


@pytest.mark.parametrize("lost", ["bin/widget", "receipt.json"])
def test_a_damaged_entry_counts_as_none_and_is_replaced(cache: Cache, lost: str) -> None:
    (_keep(cache).folder / lost).unlink()
    assert cache.find(widget(), RECIPE) is None
    _keep(cache, "two")
    found = cache.find(widget(), RECIPE)
    assert found is not None
    assert found.command("widget").read_text() == "two"


def test_an_unreadable_receipt_counts_as_none(cache: Cache) -> None:
    (_keep(cache).folder / "receipt.json").write_text('{"tool": 1')
    assert cache.find(widget(), RECIPE) is None


def test_a_machines_tool_that_changed_since_is_looked_at_anew(cache: Cache, tmp_path: Path) -> None:
    system = tmp_path / "usr-bin-widget"
    system.write_text("one")
    seen = witness(system)
    assert seen is not None
    _keep(cache, witnesses={str(system): seen})
    assert cache.find(widget(), RECIPE) is not None
    system.write_text("upgraded")
    assert cache.find(widget(), RECIPE) is None, "an upgrade may have made it unfit"


def test_links_lead_to_the_newest_entry(cache: Cache) -> None:
    cache.bin.mkdir(parents=True)
    (cache.bin / "widget").symlink_to("/nowhere")
    cache.link(widget(), _keep(cache))
    assert (cache.bin / "widget").read_text() == "one"


def test_a_command_of_the_machine_keeps_the_name_it_goes_by(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "multi").write_text("all in one")
    (tmp_path / "widget").symlink_to("multi")
    entry = _keep(cache)
    (entry.folder / "bin/widget").unlink()
    (entry.folder / "bin/widget").symlink_to(tmp_path / "widget")
    assert entry.command("widget") == tmp_path / "widget", "iptables must not become xtables-multi"


def test_a_lane_is_held_by_one_run_at_a_time(cache: Cache) -> None:
    with cache.lock("go") as first, cache.lock("go") as second, cache.lock("apt") as other:
        assert (first, second, other) == (True, False, True)
    with cache.lock("go") as again:
        assert again, "a lock must end with its holder"


def test_the_cache_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHYARD_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("SWITCHYARD_CACHE")
    assert cache_dir().parts[-2:] == (".cache", "switchyard")
