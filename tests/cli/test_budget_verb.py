"""`switchyard budget`: what is left, what that allows, and what would free it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import shop_story
from budget_story import ASKED, answers, happened, objective
from hypothesis import given
from hypothesis import strategies as st

from cli.budget_reading import BUCKETS, recovers_in
from cli.prometheus import API

if TYPE_CHECKING:
    from cli_runs import CommandLine
    from fake_kube import FakeApi

pytestmark = pytest.mark.pure


@pytest.fixture
def shop(api: FakeApi) -> FakeApi:
    switch = shop_story.to_green("Preparing", 0)
    switch["spec"]["errorBudget"] = ASKED
    api.put(switch)
    return api


def told(switchyard: CommandLine, code: int) -> dict[str, Any]:
    run = switchyard("budget", "--json")
    assert run.code == code, run.err
    (twin,) = run.document["twins"]
    return twin


def test_a_whole_budget_sets_no_limit(shop: FakeApi, switchyard: CommandLine) -> None:
    answers(
        shop,
        objective("availability", 0.99, 36, 36_000, ratios={"10s": 0.0, "1h": 0.001}),
        objective("latency", 0.95, 0, 36_000),
    )
    twin = told(switchyard, 0)
    assert twin["throttle"] == {
        "max_step": None,
        "dwell_factor": 1.0,
        "frozen": False,
        "held": False,
        "reason": "availability: 90.0% of the error budget is left",
    }
    assert twin["frees"] == []
    availability, latency = twin["objectives"]
    assert availability["remaining"] == pytest.approx(0.9)
    assert availability["allowed_bad_events"] == pytest.approx(360)
    assert availability["burn_rates"] == {"10s": 0.0, "1h": pytest.approx(0.1)}
    assert (availability["window_seconds"], availability["service"]) == (3600.0, "shop")
    assert latency["remaining"] == 1.0


def test_a_low_budget_tells_the_pace_it_leaves(shop: FakeApi, switchyard: CommandLine) -> None:
    answers(
        shop,
        objective("availability", 0.99, 270, 36_000, ratios={"30s": 0.02, "6m": 0.015, "10s": 0}),
        objective("latency", 0.95, 0, 36_000),
    )
    twin = told(switchyard, 0)
    assert twin["throttle"]["max_step"] == pytest.approx(50)
    assert twin["throttle"]["dwell_factor"] == pytest.approx(2)
    shown = switchyard("budget").out
    assert "steps of at most 50 points, dwells x2.0" in shown
    assert "25.0%" in shown
    assert "270 / 360" in shown
    assert "10s 0.00x  30s 2.00x  6m 1.50x" in shown, "the shortest window comes first"


def test_a_spent_budget_freezes_and_tells_when_it_recovers(
    shop: FakeApi, switchyard: CommandLine
) -> None:
    answers(
        shop,
        objective("availability", 0.99, 450, 36_000),
        objective("latency", 0.95, 0, 36_000),
    )
    # 300 bad events half an hour ago, 150 a minute ago; 360 are allowed
    bad = [0.0] * BUCKETS
    bad[29], bad[58] = 300.0, 150.0
    happened(shop, "availability", bad)
    twin = told(switchyard, 1)
    assert twin["throttle"]["frozen"]
    assert twin["objectives"][0]["recovers_in_seconds"] == pytest.approx(1800)
    assert twin["objectives"][1]["recovers_in_seconds"] is None
    again, signed = twin["frees"]
    assert again == (
        "availability: 90 bad events beyond the budget leave the window in 30m 00s, should "
        "nothing else fail"
    )
    assert f"release {shop_story.RELEASE['green']}" in signed
    run = switchyard("budget")
    assert run.code == 1
    assert "releases are frozen" in run.out
    assert "What would free it" in run.out


def test_without_the_past_it_recovers_within_a_window(
    shop: FakeApi, switchyard: CommandLine
) -> None:
    answers(shop, objective("availability", 0.99, 450, 36_000), objective("latency", 0.95, 0, 1))
    twin = told(switchyard, 1)
    assert twin["objectives"][0]["recovers_in_seconds"] is None
    assert "at most 1h 00m after the last bad event" in twin["frees"][0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (404, "no Service prometheus"),
        (503, "Prometheus cannot be asked"),
        ({"status": "error", "error": "too heavy"}, "refused the query (too heavy)"),
        ({"status": "success", "data": {"result": []}}, "no count of total and bad events"),
        ({"status": "success", "data": None}, "no count of total and bad events"),
    ],
)
def test_no_data_holds_and_says_why(
    shop: FakeApi, switchyard: CommandLine, answer: dict[str, Any] | int, why: str
) -> None:
    shop.documents[f"{API}/query"] = answer
    twin = told(switchyard, 1)
    assert twin["throttle"]["held"]
    assert not twin["throttle"]["frozen"]
    for one in twin["objectives"]:
        assert why in one["no_data_because"]
        assert one["remaining"] is None, "not known is never written as a number"
    assert "no data" in switchyard("budget").out


@pytest.mark.parametrize("nonsense", ["NaN", "+Inf", "-5", "lots"])
def test_nonsense_from_prometheus_is_no_data(
    shop: FakeApi, switchyard: CommandLine, nonsense: str
) -> None:
    series = objective("availability", 0.99, 1, 100)
    for one in series:
        if one["metric"]["__name__"] == "slo:period_events:bad":
            one["value"][1] = nonsense
    answers(shop, series, objective("latency", 0.95, 0, 100))
    twin = told(switchyard, 1)
    assert twin["throttle"]["held"]
    assert twin["objectives"][0]["no_data_because"]
    assert twin["objectives"][1]["no_data_because"] is None


def test_a_window_without_traffic_has_its_budget_whole(
    shop: FakeApi, switchyard: CommandLine
) -> None:
    answers(shop, objective("availability", 0.99, 0, 0), objective("latency", 0.95, 0, 0))
    assert told(switchyard, 0)["objectives"][0]["remaining"] == 1.0


def test_a_twin_without_objectives_is_told_so(api: FakeApi, switchyard: CommandLine) -> None:
    api.put(shop_story.on_blue())
    answers(api)
    twin = told(switchyard, 0)
    assert twin["objectives"] == []
    assert twin["throttle"]["reason"] == "no objective sets a budget"


def test_an_objective_that_prometheus_alone_knows_is_shown_and_stops_nothing(
    api: FakeApi, switchyard: CommandLine
) -> None:
    api.put(shop_story.on_blue())
    answers(api, objective("availability", 0.99, 450, 36_000))
    twin = told(switchyard, 0)
    (one,) = twin["objectives"]
    assert (one["objective"], one["window_seconds"]) == (0.99, pytest.approx(3600))
    assert one["remaining"] == pytest.approx(-0.25)
    assert twin["consulted"] is False
    assert twin["frees"] == []
    assert "the switch consults no objective" in switchyard("budget").out


def test_the_oldest_bad_events_leave_first() -> None:
    assert recovers_in([5, 0, 3], 60, allowed=9) == 0
    assert recovers_in([5, 0, 3], 60, allowed=8) == 60, "what is just spent is spent"
    assert recovers_in([5, 0, 3], 60, allowed=3) == 180
    assert recovers_in([5, 0, 3], 60, allowed=0) is None


def test_a_young_window_allows_more_with_every_part() -> None:
    # a twelfth of the window seen; 10 bad where 5 are allowed now, and 60 when it is whole
    bad = [0.0] * 11 + [10.0]
    assert recovers_in(bad, 300, allowed=5, coverage=1 / 12) == 600
    assert recovers_in(bad, 300, allowed=5) == 3600


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.floats(0.01, 1000))
def test_more_budget_never_recovers_later(bad: list[float], allowed: float) -> None:
    soon, later = recovers_in(bad, 60, allowed * 2), recovers_in(bad, 60, allowed)
    assert soon is not None
    assert later is None or soon <= later
