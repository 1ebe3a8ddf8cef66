"""The report's page: self-contained, escaped, accessible, and true to what the judge said."""

from __future__ import annotations

import copy
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import release_story
import shop_story
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_story import FAILING, GOOD, HELD, Plot, lines, ramp
from shop_story import START, stamp

from cli.release_report import charts, making, page, reading, story
from cli.release_report.document import ReleaseDocument

pytestmark = pytest.mark.pure
NOW = START + timedelta(minutes=30)
HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(2)> & \'"</title>'


def document_of(plot: Plot) -> ReleaseDocument:
    return story.tell(reading.read(lines(ramp(plot))), NOW)


@pytest.fixture(scope="module")
def good() -> ReleaseDocument:
    return document_of(GOOD)


@pytest.fixture(scope="module")
def failing() -> ReleaseDocument:
    return document_of(FAILING)


@pytest.fixture(scope="module")
def held() -> ReleaseDocument:
    told = list(ramp(HELD))
    late = lines([(HELD.until, told[-1][1])], by="report")
    return story.tell(reading.read([*lines(told), *late]), START + timedelta(seconds=HELD.until))


class Page(HTMLParser):
    """What a browser would be given: tags that are open and close, and the links they hold."""

    VOID = frozenset({"meta", "link", "br", "img", "path", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == [], "a tag was left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words).replace("\N{NO-BREAK SPACE}", " "))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_a_good_release_shows_its_whole_way(good: ReleaseDocument) -> None:
    shown = Page(page.render(good)).text
    for fact in (
        "green serves: promoted after 20m 04s",
        "switchyard abort shop",
        "every indicator excludes a regression beyond its margin",
        "step 3 of 5, as the strategy has it",
        "shop-availability",
        "1/5/25/50/100 %",
    ):
        assert fact in shown
    assert [one.verdict for one in good.indicators] == ["PASS"] * 3
    assert [one.weight for one in good.weights] == [0, 1, 5, 25, 50, 100]


def test_a_failing_release_says_on_what_evidence_it_was_stopped(failing: ReleaseDocument) -> None:
    assert failing.outcome == "rolledBack"
    errors = failing.indicators[0]
    assert (errors.name, errors.verdict) == ("errors", "FAIL")
    assert errors.e is not None
    assert errors.bound is not None
    assert errors.e >= errors.bound * 0.999
    shown = Page(page.render(failing)).text
    assert failing.reason
    assert failing.reason in shown
    assert errors.sentence in shown
    assert failing.weights[-1].weight == 0


def test_a_held_release_shows_since_when_there_is_no_data(held: ReleaseDocument) -> None:
    assert held.outcome == "underWay"
    assert held.judge is not None
    assert held.judge.verdict == "HOLD"
    shown = Page(page.render(held)).text
    assert "No data: Prometheus has not answered for 30 s" in shown
    plot = charts.evidence(held.indicators[0], held)
    assert plot is not None
    assert plot.gaps[-1].label == "no data"
    assert plot.gaps[-1].left == pytest.approx(100 * 422 / 913.5, abs=1), "from when it went blind"
    assert plot.gaps[-1].left + plot.gaps[-1].width == pytest.approx(100, abs=0.1), "until now"


def test_the_judges_figures_are_shown_as_they_are(good: ReleaseDocument) -> None:
    final = list(ramp(GOOD))[-1][1]["status"]["evidence"]
    told: dict[str, Any] = {item["name"]: item for item in final}
    for one in good.indicators:
        assert one.log_e == told[one.name]["logE"]
        assert list(one.interval) == told[one.name]["interval"]
        assert one.series.log_e[-1] == one.log_e
        assert len({len(column) for column in vars(one.series).values()}) == 1
        assert one.series.t == sorted(set(one.series.t)), "a look is told once"


@pytest.mark.parametrize("name", ["good", "failing", "held"])
def test_the_page_needs_nothing_but_itself(name: str, request: pytest.FixtureRequest) -> None:
    text = page.render(request.getfixturevalue(name))
    shown = Page(text)
    links = [
        value
        for _, attrs in shown.tags
        for key, value in attrs.items()
        if key in {"src", "href", "xlink:href", "action", "data"}
    ]
    assert links == ["data:,"], "a report is read years later, without a network"
    assert not shown.all("script")
    assert not re.search(r"url\((?!#)|@import|https?:", text)
    policy = next(m["content"] for m in shown.all("meta") if "http-equiv" in m)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["good", "failing", "held"])
def test_every_chart_has_words_and_every_table_a_caption(
    name: str, request: pytest.FixtureRequest
) -> None:
    text = page.render(request.getfixturevalue(name))
    shown = Page(text)
    pictures = [attrs for attrs in shown.all("svg") if attrs.get("aria-hidden") != "true"]
    assert pictures
    for attrs in pictures:
        assert attrs.get("role") == "img"
        assert attrs.get("aria-label"), "who does not see the chart is told what it shows"
    assert len(shown.all("caption")) == len(shown.all("table"))
    assert text.count("<summary>") >= len(pictures) // 2, "tables behind charts"
    assert len(shown.all("h1")) == 1
    assert '<html lang="en">' in text


def test_colours_follow_the_readers_scheme_and_paper(good: ReleaseDocument) -> None:
    text = page.render(good)
    for rule in ("color-scheme: light dark", "prefers-color-scheme: dark", "@media print"):
        assert rule in text


def hostile() -> ReleaseDocument:
    told: list[tuple[float, dict[str, Any]]] = []
    for at, told_by_switch in ramp(Plot(errors=4.0)):
        switch = copy.deepcopy(told_by_switch)
        status, spec = switch["status"], switch["spec"]
        status["reason"] = HOSTILE
        status["attempt"]["revision"] = HOSTILE
        status["attempt"]["digests"] = {HOSTILE: HOSTILE}
        for entry in (*status["phases"], *status.get("history", [])):
            entry["reason"] = HOSTILE
        for item in status.get("evidence", []):
            item["sentence"] = item["noData"] = HOSTILE
            item["name"] = HOSTILE + item["name"]
        for step in status.get("ramp", {}).get("weights", []):
            step["reason"] = HOSTILE
        if "ramp" in status:
            status["ramp"]["override"] = status["ramp"]["power"] = HOSTILE
        if "judge" in status:
            status["judge"]["reason"] = status["judge"]["tripped"] = HOSTILE
        spec["strategy"]["kind"] = spec["strategy"]["dwell"] = HOSTILE
        spec["errorBudget"]["slos"][0]["name"] = HOSTILE
        told.append((at, switch))
    recorded = [line.replace('"shop"', '"<b>shop"') for line in lines(told)]
    return story.tell(reading.read(recorded), NOW)


def test_whatever_a_cluster_says_stays_text() -> None:
    text = page.render(hostile())
    shown = Page(text)
    assert not shown.all("script")
    assert not shown.all("img")
    assert not any(key.startswith("on") for _, attrs in shown.tags for key in attrs)
    assert "<b>shop" not in text
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;" in text


def test_a_release_without_a_judge_shows_no_evidence() -> None:
    document = story.tell(reading.read(lines([(4.0, shop_story.on_blue())])), NOW)
    text = page.render(document)
    assert "<h2>Evidence</h2>" not in text
    assert "<h2>Error budget</h2>" not in text
    Page(text)


def test_the_smallest_recording_makes_a_page() -> None:
    line = lines([(0.0, {"spec": {}, "status": {"release": "r"}})])
    Page(page.render(story.tell(reading.read(line), NOW)))


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([stamp(0), stamp(5.5), stamp(-9), "PASS", "errors", "Settled", "0.5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("at", "phase", "name", "e", "logE", "bound", "interval", "exposure", "kind"),
                    *("weights", "weight", "since", "startedAt", "from", "to", "digests", "noData"),
                    *(
                        "ramp",
                        "candidate",
                        "baseline",
                        "budgetLeft",
                        "margin",
                        "indicators",
                        "judge",
                    ),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
FIELDS = ("phase", "phases", "weight", "evidence", "judge", "ramp", "attempt", "history", "spec")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), ANYTHING), min_size=1, max_size=3))
def test_whatever_a_status_holds_a_page_is_made(statuses: list[dict[str, Any]]) -> None:
    recorded = [
        json.dumps(
            {
                "seen": stamp(number),
                "twin": "shop",
                "release": "r",
                "first": True,
                "status": {"release": "r", **status},
            }
        )
        for number, status in enumerate(statuses)
    ]
    document = story.tell(reading.read(recorded), NOW)
    Page(page.render(document))
    assert ReleaseDocument.model_validate_json(making.data(document)) == document


def test_an_e_value_beyond_any_number_is_still_drawn() -> None:
    switch = shop_story.to_green("Ramping", 5)
    switch["status"]["evidence"] = [
        {"name": "errors", "verdict": "FAIL", "e": 1e300, "logE": 5000.0, "bound": 100.0,
         "interval": [None, None]}
    ]  # fmt: skip
    document = story.tell(reading.read(lines([(5.0, switch)])), NOW)
    shown = Page(page.render(document)).text
    assert "10^2171" in shown
    plot = charts.evidence(document.indicators[0], document)
    assert plot is not None
    assert "nan" not in plot.lines[0].lower()


def test_long_series_are_thinned_and_keep_their_extremes() -> None:
    points = [(n / 5000, 0.9 if n != 2345 else 0.1) for n in range(5000)]
    thinned = charts.thin(points)
    assert len(thinned) <= 2 * charts.COLUMNS
    assert min(y for _, y in thinned if y is not None) == 0.1, "a spike is what one looks for"


def test_the_data_file_has_the_same_document_one_field_a_line(good: ReleaseDocument) -> None:
    text = making.data(good)
    assert ReleaseDocument.model_validate_json(text) == good
    assert len(text.splitlines()) == len(ReleaseDocument.model_fields) + 2
    assert release_story.GREEN in text
