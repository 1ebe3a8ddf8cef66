"""Native histograms: decoded after the specification, and brought onto one axis exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.buckets import align, check
from judge.errors import ObservationError
from judge.native_histogram import CUSTOM, NativeHistogram, of_api, of_spans
from judge.observation import NoData

pytestmark = pytest.mark.pure

LATENCIES = st.lists(st.floats(1e-4, 1e4), max_size=40)


def recorded(values: list[float], schema: int, zero_threshold: float = 0.0) -> NativeHistogram:
    """What a client would have counted: the definition of the buckets, by search."""
    positive = dict[int, float]()
    zero = 0.0
    for value in values:
        if value <= zero_threshold:
            zero += 1
            continue
        index = math.floor(math.log2(value) * 2.0**schema) - 1
        while 2.0 ** (index * 2.0**-schema) < value:
            index += 1
        positive[index] = positive.get(index, 0.0) + 1
    return NativeHistogram(schema, len(values), zero, zero_threshold, positive)


def test_spans_and_deltas_are_decoded_as_the_specification_lays_them_out() -> None:
    # two spans: indices 2, 3 and, after a gap of 3, index 7
    got = of_spans(
        {
            "schema": 3,
            "count": 14,
            "zero_threshold": 0.001,
            "zero_count": 2,
            "positive_spans": [{"offset": 2, "length": 2}, {"offset": 3, "length": 1}],
            "positive_deltas": [4, -1, 2],
            "negative_spans": [],
        }
    )
    assert got.positive == {2: 4, 3: 3, 7: 5}
    assert got.zero_count == 2


def test_float_counts_are_absolute_and_numbers_may_be_text() -> None:
    got = of_spans(
        {
            "schema": 0,
            "countFloat": "3.5",
            "positiveSpans": [{"offset": -1, "length": 2}],
            "positiveCounts": [1.5, "2"],
        }
    )
    assert got.positive == {-1: 1.5, 0: 2}


def test_custom_buckets_are_a_classic_histogram() -> None:
    got = of_spans(
        {
            "schema": CUSTOM,
            "count": 9,
            "customValues": [0.1, 0.5],
            "positiveSpans": [{"offset": 0, "length": 3}],
            "positiveDeltas": [5, -2, -2],
        }
    ).buckets()
    assert got.bounds == (0.1, 0.5, math.inf)
    assert got.cumulative == (5, 8, 9)


def test_the_http_apis_buckets_tell_their_schema() -> None:
    root = 2**0.25
    got = of_api(
        {
            "count": "10",
            "sum": "12.5",
            "buckets": [
                [3, "-0.001", "0.001", "1"],
                [0, str(root**3), "2", "6"],
                [0, "2", repr(2 * root), "3"],
            ],
        }
    )
    assert got.schema == 2
    assert got.positive == {4: 6, 5: 3}
    assert (got.zero_count, got.zero_threshold) == (1, 0.001)


def test_no_buckets_at_all_are_an_empty_histogram_and_not_an_error() -> None:
    assert of_api({"count": "0", "sum": "0"}).buckets().cumulative[-1] == 0


@settings(deadline=None, max_examples=60)
@given(values=LATENCIES, schema=st.integers(-4, 8), zero=st.sampled_from([0.0, 1e-3, 0.3]))
def test_every_bound_of_the_axis_counts_exactly_what_lies_below_it(
    values: list[float], schema: int, zero: float
) -> None:
    got = recorded(values, schema, zero).buckets()
    check(got.bounds, got.cumulative)
    assert got.cumulative[-1] == len(values)
    for bound, below in zip(got.bounds[:-1], got.cumulative, strict=False):
        edge = [value for value in values if abs(value / bound - 1) < 1e-12]
        exact = sum(value <= bound for value in values)
        assert abs(below - exact) <= len(edge), "no interpolation, at any resolution"


@settings(deadline=None, max_examples=60)
@given(values=LATENCIES, high=st.integers(-3, 8), by=st.integers(0, 5))
def test_joining_buckets_equals_having_counted_coarsely(
    values: list[float], high: int, by: int
) -> None:
    low = max(high - by, -4)
    assert recorded(values, high).coarser(low) == recorded(values, low)


def test_colours_of_different_schemas_meet_at_the_bounds_that_both_have() -> None:
    rng = np.random.default_rng(3)
    ours, theirs = (rng.lognormal(-2, 0.7, 500).tolist() for _ in range(2))
    fine, coarse = recorded(ours, 5).buckets(), recorded(theirs, -1).buckets()
    got = align(fine.bounds, fine.cumulative, coarse.bounds, coarse.cumulative)
    assert got is not None
    ratio = np.diff(np.log2(got.bounds[:-1]))
    assert ratio == pytest.approx(np.full(len(ratio), 2.0)), "schema -1 has every fourth power of 2"
    assert got.baseline.sum() == got.candidate.sum() == 500


def test_a_wide_zero_bucket_hides_the_bounds_inside_it() -> None:
    got = recorded([0.01, 0.2, 3.0], 3, zero_threshold=0.1).buckets()
    assert min(got.bounds) >= 0.1, "nobody knows what lies below 0.05"
    assert got.cumulative[0] == 1


def test_resolution_is_never_invented() -> None:
    with pytest.raises(ValueError, match="schema 0 cannot become 2"):
        recorded([1.0], 0).coarser(2)


def test_the_increase_between_two_reads_is_what_came_in_between() -> None:
    before, after = recorded([0.1, 0.2], 3), recorded([0.1, 0.2, 0.2, 5.0], 3)
    assert after.since(before) == recorded([0.2, 5.0], 3)


def test_an_increase_across_a_loss_of_resolution_is_taken_at_the_lower_one() -> None:
    before, after = recorded([0.1, 0.2], 5), recorded([0.1, 0.2, 0.2, 5.0], 3)
    assert after.since(before) == recorded([0.2, 5.0], 3)


def test_a_reset_counter_is_no_data_and_not_a_negative_increase() -> None:
    assert isinstance(recorded([0.1], 3).since(recorded([0.1, 0.2], 3)), NoData)
    assert isinstance(recorded([0.1, 0.1], 3).since(recorded([0.1], 3, 0.05)), NoData)


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"schema": 9, "count": 0}, "schema 9"),
        ({"schema": "x", "count": 0}, "schema 'x'"),
        ({"schema": 1}, "count nan"),
        (
            {"count": 1, "positiveSpans": [{"offset": 0, "length": 2}], "positiveDeltas": [1]},
            "over 2 buckets beside 1 counts",
        ),
        (
            {"count": 9, "positiveSpans": [{"offset": 0, "length": 2}], "positiveDeltas": [1, -3]},
            "positive bucket 1 counts -2",
        ),
        (
            {"count": 1, "positiveSpans": [{"offset": 0, "length": 1}], "positiveDeltas": [5]},
            "count 1 beside 5",
        ),
        (
            {
                "count": 5,
                "positiveSpans": [{"offset": 0, "length": 1}, {"offset": -2, "length": 1}],
                "positiveDeltas": [1, 1],
            },
            "run backwards",
        ),
        (
            {
                "count": 5,
                "positiveSpans": [{"offset": 0, "length": 1}],
                "positiveDeltas": [1],
                "positiveCounts": [1],
            },
            "say the same twice",
        ),
        (
            {
                "schema": CUSTOM,
                "count": 5,
                "customValues": [1],
                "positiveSpans": [{"offset": 1, "length": 2}],
                "positiveDeltas": [1, 1],
            },
            "beside 1 bounds",
        ),
    ],
)
def test_spans_that_cannot_be_are_refused_by_name(document: dict[str, Any], named: str) -> None:
    with pytest.raises(ObservationError, match=named):
        of_spans(document)


@pytest.mark.parametrize(
    ("buckets", "named"),
    [
        ([[0, "1", "3", "1"]], r"bucket \(1, 3\]"),
        ([[0, "1", "2", "1"], [0, "2", "2.8284271247461903", "1"]], "schemas"),
        ([[0, "2", "1", "1"]], "bucket"),
        ([[0, "1", "2"]], "bucket"),
        ([[0, "1", "two", "1"]], "'two'"),
        ([[0, "1", "2", "NaN"]], "counts nan"),
    ],
)
def test_answers_that_cannot_be_are_refused_by_name(buckets: list[Any], named: str) -> None:
    with pytest.raises(ObservationError, match=named):
        of_api({"count": "9", "buckets": buckets})


def test_infinite_latencies_lie_above_every_bound() -> None:
    got = of_api({"count": "2", "buckets": [[0, "0.5", "1", "1"], [0, "1.7e308", "+Inf", "1"]]})
    assert got.schema == 0
    assert got.buckets().cumulative[-2:] == (1, 2)
