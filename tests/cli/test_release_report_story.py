"""The story of a release, out of what was recorded: outcome, weights, phases, gaps, ways back."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import shop_story
from release_story import lines
from shop_story import RELEASE, START, stamp

from cli.release_report import reading, story

if TYPE_CHECKING:
    from cli.release_report.document import ReleaseDocument

pytestmark = pytest.mark.pure
GREEN = RELEASE["green"]
Object = dict[str, Any]
PHASES = (
    ("Pending", 0.0, "green is to serve revision cccccccccc"),
    ("Preparing", 0.2, "looking at the workloads of green"),
    ("Probing", 0.4, "asking it through the preview route"),
    ("Shifting", 0.9, "the evidence is complete"),
    ("Confirming", 1.5, "all weights are on green"),
    ("Settled", 2.1, "every gateway pod serves green"),
)


def entered(*phases: tuple[str, float, str]) -> list[Object]:
    return [{"phase": name, "at": stamp(at), "reason": why} for name, at, why in phases]


def at(number: int) -> tuple[float, Object]:
    """A blue-green release when it has just entered its phase of that number."""
    name, second, why = PHASES[number]
    switch = shop_story.to_green(name, 100 if number >= 4 else 0)
    if name == "Settled":
        switch = shop_story.on_green()
        switch["status"]["history"][-1] |= {"endedAt": stamp(second), "reason": why}
        switch["status"]["rollbackUntil"] = stamp(3600)
    switch["status"]["phases"] = entered(*PHASES[: number + 1])
    return second + 0.05, switch


def told(*states: tuple[float, Object], after: float = 60.0) -> ReleaseDocument:
    return story.tell(reading.read(lines(states)), START + timedelta(seconds=after))


def promoted() -> ReleaseDocument:
    return told(*(at(number) for number in range(len(PHASES))))


def test_a_blue_green_release_is_told_from_beginning_to_end() -> None:
    document = promoted()
    assert (document.outcome, document.release, document.twin) == ("promoted", GREEN, "shop")
    assert (document.from_colour, document.to, document.serving) == ("blue", "green", "green")
    assert document.duration_s == 2.1
    assert document.reason == "every gateway pod serves green"
    assert [(one.t, one.weight) for one in document.weights] == [(0.0, 0.0), (1.5, 100.0)]
    assert [one.phase for one in document.phases] == [name for name, _, _ in PHASES]
    assert document.phases[2].lasted_s == 0.5
    assert document.judge is None, "nothing judged it, so nothing is said of a judge"
    assert document.indicators == []
    assert document.recording.gaps == []
    assert document.time_to_full_s == 1.5


def test_what_ran_and_what_changed_is_named() -> None:
    document = promoted()
    assert document.candidate.revision == shop_story.REVISIONS["green"]
    assert document.former.digests == shop_story.DIGESTS["blue"]
    assert document.changed == ["storefront"]
    assert document.services == ["storefront", "orders"]


@pytest.mark.parametrize(
    ("after", "says", "command"),
    [
        (60.0, "blue stays warm until", "switchyard abort shop"),
        (7200.0, "window closed", "switchyard pulumi -- up"),
    ],
)
def test_the_way_back_is_the_one_that_is_open(after: float, says: str, command: str) -> None:
    back = told(*(at(number) for number in range(6)), after=after).way_back
    assert says in back.sentence
    assert back.command == command


def test_a_first_release_has_no_way_back() -> None:
    document = told((4.0, shop_story.on_blue()))
    assert document.outcome == "promoted"
    assert document.from_colour is None
    assert document.way_back.command is None


def test_a_refused_release_moved_nothing_and_says_why() -> None:
    document = told((301.0, shop_story.rejected()), after=400)
    assert document.outcome == "rejected"
    assert "before any traffic moved" in document.headline
    assert document.reason == "storefront 0/2 available after 5m"
    assert [one.weight for one in document.weights] == [0.0]
    assert document.way_back.command == "switchyard retry shop"


def test_a_release_under_way_is_told_as_far_as_it_has_come() -> None:
    document = told(*(at(number) for number in range(4)))
    assert (document.outcome, document.ended_at, document.duration_s) == ("underWay", None, None)
    assert document.phases[-1].lasted_s is None
    assert document.way_back.command == "switchyard abort shop"


def test_a_release_that_nobody_recorded_is_rebuilt_from_the_switchs_own_memory() -> None:
    document = told(at(5), after=600)
    assert [(one.t, one.weight) for one in document.weights] == [(0.0, 0.0), (1.5, 100.0)]
    assert [one.phase for one in document.phases] == [name for name, _, _ in PHASES]
    assert document.outcome == "promoted"


def test_what_nobody_recorded_is_said() -> None:
    long = [(name, second * 100, why) for name, second, why in PHASES]
    first = shop_story.to_green("Preparing", 0)
    first["status"]["phases"] = entered(*long[:2])
    last = shop_story.on_green()
    last["status"]["history"][-1]["endedAt"] = stamp(210)
    last["status"]["phases"] = entered(*long)
    recorded = [*lines([(20.1, first)]), *lines([(900.0, last)], by="report")]
    document = story.tell(reading.read(recorded), START + timedelta(seconds=900))
    assert [gap.t for gap in document.recording.gaps] == [(0.0, 20.1), (20.1, 210.0)]
    assert "nobody recorded" in document.recording.gaps[1].sentence
    assert document.recording.rebuilt
    assert [one.title for one in document.decisions if one.what == "recording"] == [
        "not recorded"
    ] * 2
    assert document.weights[-1].t == 150.0, "the phases still tell when the weights moved"


def test_taking_over_at_once_is_no_gap() -> None:
    recorded = [*lines([at(0), at(1)]), *lines([at(2), at(3), at(4), at(5)], by="watch")]
    document = story.tell(reading.read(recorded), START + timedelta(seconds=60))
    assert document.recording.gaps == []
    assert document.recording.recorded_by == ["pulumi up", "watch"]


def test_a_look_long_after_the_end_is_no_gap() -> None:
    _, ended = at(5)
    recorded = [*lines(at(number) for number in range(6)), *lines([(9000.0, ended)], by="report")]
    document = story.tell(reading.read(recorded), START + timedelta(seconds=9000))
    assert document.recording.gaps == []
    assert document.duration_s == 2.1


def test_an_abort_within_the_window_is_the_releases_end() -> None:
    _, switch = at(5)
    back = copy.deepcopy(switch)
    back["status"] |= {
        "phase": "Rejected",
        "serving": "blue",
        "weight": 0,
        "reason": "aborted: slow",
        "shift": {"writtenAt": stamp(100.2), "seenAt": stamp(100.6), "flipMs": 400},
        "phases": entered(
            *PHASES, ("RollingBack", 100.0, "aborted: slow"), ("Rejected", 101.0, "aborted: slow")
        ),
        "history": [
            *switch["status"]["history"],
            shop_story.ending("green", "aborted", 101, "aborted: slow"),
        ],
    }
    document = told(*(at(number) for number in range(6)), (101.05, back), after=300)
    assert document.outcome == "aborted"
    assert document.headline == "green was aborted after 1m 41s: blue serves"
    assert [(one.t, one.weight) for one in document.weights] == [(0, 0), (1.5, 100), (100.2, 0)]


def test_a_retried_release_is_reported_by_its_last_try_and_names_the_earlier() -> None:
    refused = shop_story.rejected()
    again = shop_story.on_green()
    again["status"]["attempt"]["startedAt"] = stamp(400)
    again["status"]["phases"] = entered(*((n, s + 400, w) for n, s, w in PHASES))
    again["status"]["history"] = [
        *refused["status"]["history"],
        shop_story.ending("green", "promoted", 402.1) | {"startedAt": stamp(400)},
    ]
    document = told((300.1, refused), (402.2, again), after=500)
    assert document.outcome == "promoted"
    assert document.duration_s == 2.1
    assert [(one.outcome, one.reason) for one in document.earlier] == [
        ("rejected", "storefront 0/2 available after 5m")
    ]


def test_decisions_are_in_the_order_of_their_happening() -> None:
    times = [one.at for one in promoted().decisions]
    assert times == sorted(times)


def test_nothing_recorded_is_nothing_to_report() -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        story.tell(reading.read([]), START)


@pytest.mark.parametrize(
    "status",
    [
        {"release": GREEN},
        {"release": GREEN, "phase": 7, "weight": "much", "phases": "none", "attempt": [1]},
        {"release": GREEN, "ramp": 3, "evidence": {"a": 1}, "judge": "x", "history": [None]},
        {"release": GREEN, "evidence": [{"name": "errors", "e": "NaN", "interval": [1]}]},
        {"release": GREEN, "evidence": [{"name": "errors", "e": "1e400", "interval": ["a", None]}]},
    ],
)
def test_a_status_of_another_version_is_reported_and_never_a_traceback(status: Object) -> None:
    line = {"v": 9, "seen": stamp(0), "twin": "shop", "release": GREEN, "status": status}
    document = story.tell(reading.read([json.dumps(line)]), START + timedelta(seconds=5))
    assert document.release == GREEN
    assert document.outcome in {"unknown", "underWay"}


def test_what_a_release_waited_for_is_told_once_however_its_figures_grow() -> None:
    def waiting(second: float, reason: str) -> tuple[float, Object]:
        switch = shop_story.to_green("Ramping", 5)
        switch["status"] |= {"reason": reason, "phases": entered(("Ramping", 1.0, "5 %"))}
        return second, switch

    document = told(
        *(waiting(2.0 + n, f"frozen: {n} bad events over the budget") for n in range(15)),
        waiting(20.0, "no data: for a blink"),
        *(waiting(22.0 + n, "judging for 10m") for n in range(30)),
    )
    holds = [(one.t, one.title, one.reason) for one in document.decisions if one.what == "hold"]
    assert holds == [(2.0, "held at 5 % for 18.0 s", "frozen: 0 bad events over the budget")]
