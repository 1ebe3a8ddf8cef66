"""`switchyard abort` and `retry`: what they ask of the controller, wait for, and refuse."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any

import pytest
import shop_story

from cli.views import ABORT, ABORT_REASON, RETRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_runs import CommandLine
    from fake_kube import FakeApi

pytestmark = pytest.mark.pure
GREEN = shop_story.RELEASE["green"]


def obeying(api: FakeApi, *states: dict[str, Any]) -> Callable[[str, dict[str, Any]], None]:
    """A controller that goes through these states when told something, then forgets it."""

    def on_patch(_name: str, _body: dict[str, Any]) -> None:
        def act() -> None:
            for state in states:
                api.put(state)

        threading.Thread(target=act).start()

    return on_patch


def rolling_back() -> dict[str, Any]:
    switch = shop_story.on_green()
    switch["metadata"]["annotations"] = {ABORT: GREEN}
    switch["status"] |= {
        "phase": "RollingBack",
        "phases": [
            *switch["status"]["phases"],
            {"phase": "RollingBack", "at": shop_story.stamp(60), "reason": "aborted: slow"},
        ],
    }
    return switch


def aborted() -> dict[str, Any]:
    switch = copy.deepcopy(rolling_back())
    switch["metadata"]["annotations"] = {}
    switch["status"] |= {
        "phase": "Rejected",
        "serving": "blue",
        "weight": 0,
        "reason": "aborted: slow",
        "history": [
            *switch["status"]["history"],
            shop_story.ending("green", "aborted", 61, "aborted: slow"),
        ],
    }
    return switch


def test_abort_within_the_window_returns_to_the_former_colour(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_green())
    api.on_patch = obeying(api, rolling_back(), aborted())
    told = switchyard("abort", "--reason", "slow")
    assert told.code == 0, told.err
    assert "blue serves shop again after" in told.out
    assert "37 ms of it in the data plane" in told.out
    assert "RollingBack" in told.err, "the phases are streamed while one waits"
    assert api.patches == [{"metadata": {"annotations": {ABORT: GREEN, ABORT_REASON: "slow"}}}]


def test_abort_as_json_is_one_document(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_green())
    api.on_patch = obeying(api, aborted())
    result = switchyard("abort", "--json").document
    assert set(result) == {
        "twin",
        "release",
        "reason",
        "former",
        "serving",
        "phase",
        "requested_at",
        "done",
        "took_seconds",
        "flip_ms",
    }
    assert (result["former"], result["serving"], result["done"]) == ("blue", "blue", True)
    assert result["flip_ms"] == 37


def test_abort_during_a_release_names_that_release(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.to_green("Probing", 0))
    ended = shop_story.rejected()
    ended["status"]["history"][-1]["outcome"] = "aborted"
    api.on_patch = obeying(api, ended)
    told = switchyard("abort", "shop")
    assert told.code == 0, told.err
    assert api.patches[0]["metadata"]["annotations"][ABORT] == GREEN


def test_abort_without_waiting_returns_at_once(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_green())
    result = switchyard("abort", "--no-wait", "--json").document
    assert result["done"] is False
    assert result["took_seconds"] is None, "nothing was measured, so nothing is told"


def test_abort_tells_when_it_is_not_seen_in_time(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_green())
    told = switchyard("abort", "--timeout", "0.3")
    assert told.code == 4
    assert "the request stands" in told.err


def test_an_abort_that_the_controller_ignores_is_bad_news(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_green())
    api.on_patch = obeying(api, shop_story.on_green())
    told = switchyard("abort")
    assert told.code == 1
    assert "CommandIgnored" in told.err


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (shop_story.on_blue(), "no other colour has served before"),
        (shop_story.rejected(), "storefront 0/2 available"),
        (rolling_back(), "on their way back already"),
    ],
)
def test_abort_refuses_when_there_is_nothing_to_abort(
    api: FakeApi, switchyard: CommandLine, state: dict[str, Any], why: str
) -> None:
    api.put(state)
    told = switchyard("abort")
    assert told.code == 1
    assert why in told.err
    assert api.patches == [], "a refusal changes nothing"


def test_abort_after_the_window_says_how_to_move_back(
    api: FakeApi, switchyard: CommandLine
) -> None:
    switch = shop_story.on_green()
    switch["status"]["rollbackUntil"] = shop_story.soon(-5)
    api.put(switch)
    told = switchyard("abort")
    assert told.code == 1
    assert "the rollback window closed at" in told.err
    assert "`live: blue`" in told.err


def again(phase: str) -> dict[str, Any]:
    switch = shop_story.to_green(phase, 0)
    switch["metadata"]["annotations"] = {RETRY: GREEN}
    switch["status"]["settled"] = shop_story.RELEASE["blue"]
    switch["status"]["history"] = shop_story.rejected()["status"]["history"]
    switch["status"]["phases"] = [{"phase": phase, "at": shop_story.stamp(400), "reason": "again"}]
    return switch


def test_retry_clears_the_rejection_and_follows_the_new_try(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.rejected())
    promoted = shop_story.on_green()
    promoted["status"]["history"] = [
        *shop_story.rejected()["status"]["history"],
        shop_story.ending("green", "promoted", 420),
    ]
    promoted["status"]["phases"] = [
        *again("Preparing")["status"]["phases"],
        {"phase": "Settled", "at": shop_story.stamp(420), "reason": "seen"},
    ]
    api.on_patch = obeying(api, again("Preparing"), promoted)
    told = switchyard("retry")
    assert told.code == 0, told.err
    assert "green serves shop after" in told.out
    assert "Preparing" in told.err
    assert "Rejected" not in told.err, "phases of the earlier try are no news"
    assert api.patches == [{"metadata": {"annotations": {RETRY: GREEN}}}]


def test_a_retry_that_is_rejected_again_is_bad_news(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.rejected())
    twice = shop_story.rejected()
    twice["status"]["history"].append(shop_story.ending("green", "rejected", 800, "still dark"))
    twice["status"]["reason"] = "still dark"
    api.on_patch = obeying(api, again("Preparing"), twice)
    told = switchyard("retry", "--json")
    assert told.code == 1
    assert told.document["promoted"] is False
    assert told.document["reason"] == "still dark"
    assert told.document["rejected_because"] == "storefront 0/2 available after 5m"


@pytest.mark.parametrize("state", [shop_story.on_blue(), shop_story.to_green("Probing", 0)])
def test_retry_refuses_when_nothing_is_rejected(
    api: FakeApi, switchyard: CommandLine, state: dict[str, Any]
) -> None:
    api.put(state)
    told = switchyard("retry")
    assert told.code == 1
    assert "nothing to retry" in told.err
    assert api.patches == []


def test_explain_tells_the_decision_its_facts_and_what_would_change_it(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.rejected())
    told = switchyard("explain")
    assert told.code == 0
    for fact in (
        "release 93ee000000000002 to green was refused, so blue serves",
        "storefront 0/2 available after 5m",
        "blue: all 2 workloads available",
        "Refused until retried",
        "`switchyard retry shop`",
        "`live: blue` in the stack file withdraws the goal",
    ):
        assert fact in told.out


def test_explain_as_json_has_a_stable_shape(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_blue())
    told = switchyard("explain", "--json").document
    assert set(told) == {
        "twin",
        "release",
        "phase",
        "serving",
        "decision",
        "phases",
        "facts",
        "rejected",
        "next",
        "history",
    }
    assert told["phases"][0]["lasted_seconds"] == 3.5
    assert told["phases"][1]["lasted_seconds"] is None, "the present phase has not ended"
