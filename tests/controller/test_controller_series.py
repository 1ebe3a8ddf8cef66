"""Increments of raw samples: everything counted once, and nonsense told from what is missing."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.phases import Colour
from controller.series import NonsenseError, Series
from controller.sides import Span, pair
from judge.observation import Buckets, Counts, NoData, Pair, Samples, Side

pytestmark = pytest.mark.pure


def counter(*values: float, colour: str = "green", start: float = 0.0, **labels: str) -> Series:
    """A series of one sample a second."""
    named = {"__name__": "events_total", "pod": f"{colour}-0", **labels}
    samples = tuple((start + second, value) for second, value in enumerate(values))
    return Series({**named, "colour": colour}, samples)


steps = st.lists(st.integers(0, 50), min_size=2, max_size=40)


@given(steps, st.lists(st.integers(0, 40), max_size=6))
def test_windows_laid_end_to_end_count_everything_once(grown: list[int], cuts: list[int]) -> None:
    total, values = 100, [100]
    for step in grown:
        total += step
        values.append(total)
    series = counter(*values)
    edges = sorted({-1, *cuts, len(values)})
    parts = [series.increment(a, b) for a, b in pairwise(edges)]
    assert sum(parts) == sum(grown)


@given(steps, steps)
def test_a_restart_counts_what_was_counted_since(before: list[int], after: list[int]) -> None:
    first, second, total = [1000], [0], 1000
    for step in before:
        total += step
        first.append(total)
    for step in after:
        second.append(second[-1] + step)
    series = counter(*first, *second)
    if any(second) and second[-1] < 500:
        assert series.increment(-1, 1000) == sum(before) + sum(after)


def test_the_first_sample_of_all_counts_nothing() -> None:
    assert counter(5000).increment(-10, 10) == 0, "its past is not of this time"


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_what_no_counter_can_be_is_nonsense(value: float) -> None:
    with pytest.raises(NonsenseError, match="which no counter is"):
        counter(1, value, 2).increment(-1, 5)


def test_a_counter_that_falls_a_little_is_nonsense_and_no_reset() -> None:
    with pytest.raises(NonsenseError, match="no reset to 0"):
        counter(1000, 990).increment(-1, 5)


def test_an_answer_of_another_shape_is_nonsense() -> None:
    for result in (None, [1], [{"values": []}], [{"metric": {}, "values": [["x", "y"]]}]):
        with pytest.raises(NonsenseError):
            Series.read_all(result)


# both sides of an indicator

RATIO = {"bad": "bad", "total": "all"}


def side(found: Pair | NoData) -> tuple[Side, Side]:
    assert isinstance(found, Pair), found
    return found.baseline, found.candidate


def ratio(bad: list[Series], total: list[Series], span: Span | None = None) -> tuple[Side, Side]:
    found = {"bad": bad, "all": total}
    return side(pair("ratio", RATIO, found, span or Span(0, 3), Colour.GREEN))


def blue(*values: float) -> Series:
    return counter(*values, colour="blue")


def test_colours_are_kept_apart_and_pods_added_up() -> None:
    bad = [blue(0, 0, 0, 1), counter(0, 1, 1, 1), counter(0, 0, 0, 2, pod="green-1")]
    total = [blue(0, 90, 190, 300), counter(0, 5, 9, 10), counter(0, 1, 2, 3, pod="green-1")]
    assert ratio(bad, total) == (Counts(1, 300), Counts(3, 13))


def test_a_missing_colour_is_no_data_for_it_alone() -> None:
    baseline, candidate = ratio([blue(0, 1, 1, 1)], [blue(0, 5, 9, 9)])
    assert baseline == Counts(1, 9)
    assert candidate == NoData("no series of green for bad")


def test_stale_samples_are_no_data_with_their_age() -> None:
    both = [blue(0, 1, 2), counter(0, 1, 2)]
    _, candidate = ratio(both, both, Span(12, 13))
    assert candidate == NoData("bad of green is stale: its newest sample is 11 s old")


def test_more_bad_events_than_events_are_nonsense() -> None:
    _, candidate = ratio([blue(0, 0), counter(0, 9)], [blue(0, 1), counter(0, 5)])
    assert isinstance(candidate, NoData)
    assert "9 bad events among 5" in candidate.reason


def buckets(colour: str, pod: str, rows: dict[str, list[float]]) -> list[Series]:
    return [counter(*values, colour=colour, pod=pod, le=bound) for bound, values in rows.items()]


def histogram(series: list[Series]) -> tuple[Side, Side]:
    found = {"h": [*series, *buckets("blue", "b", {"0.1": [0, 1], "+Inf": [0, 2]})]}
    return side(pair("histogram", {"buckets": "h"}, found, Span(0, 1), Colour.GREEN))


def test_buckets_are_added_up_over_processes() -> None:
    one = buckets("green", "g0", {"0.1": [5, 6], "+Inf": [5, 8]})
    two = buckets("green", "g1", {"+Inf": [1, 2], "0.1": [1, 1]})
    assert histogram([*one, *two])[1] == Buckets((0.1, math.inf), (1, 4))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({"0.1": [0, 3], "+Inf": [0, 2]}, "cumulative and yet fall"),
        ({"0.1": [0, 3]}, "there is no bucket +Inf"),
        ({"often": [0, 3], "+Inf": [0, 3]}, "'often', which is no number"),
        ({"0.1": [0, math.nan], "+Inf": [0, 3]}, "no counter is"),
    ],
)
def test_buckets_that_make_no_sense_are_no_data(rows: dict[str, list[float]], why: str) -> None:
    _, candidate = histogram(buckets("green", "g0", rows))
    assert isinstance(candidate, NoData)
    assert why in candidate.reason


def test_processes_with_different_buckets_cannot_be_added_up() -> None:
    one = buckets("green", "g0", {"0.1": [0, 1], "+Inf": [0, 1]})
    two = buckets("green", "g1", {"0.2": [0, 1], "+Inf": [0, 1]})
    _, candidate = histogram([*one, *two])
    assert isinstance(candidate, NoData)
    assert "different buckets" in candidate.reason


def test_a_gauge_gives_the_newest_value_of_each_process() -> None:
    found = {"m": [blue(1, 2), counter(3, 4), counter(5, 6, pod="green-1")]}
    both = side(pair("gauge", {"values": "m"}, found, Span(0, 1), Colour.GREEN))
    assert both == (Samples((2,)), Samples((4, 6)))


def test_a_gauge_that_is_no_number_is_nonsense() -> None:
    found = {"m": [blue(1, 2), counter(3, math.nan)]}
    _, candidate = side(pair("gauge", {"values": "m"}, found, Span(0, 1), Colour.GREEN))
    assert isinstance(candidate, NoData)


def test_an_indicator_without_a_query_is_no_data() -> None:
    assert isinstance(pair("ratio", {}, {}, Span(0, 1), Colour.GREEN), NoData)
    only_total = pair("ratio", {"total": "all"}, {"all": [blue(0, 1), counter(0, 1)]}, Span(0, 1),
                      Colour.GREEN)  # fmt: skip
    assert isinstance(side(only_total)[1], NoData)
