"""Bucket counts of two colours on one axis: exact where they share bounds, refused where absurd."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.buckets import align
from judge.errors import ObservationError

pytestmark = pytest.mark.pure

INF = math.inf


def test_equal_bounds_become_counts_per_bucket() -> None:
    got = align((0.1, 0.5, INF), (5, 8, 10), (0.1, 0.5, INF), (1, 1, 2))
    assert got is not None
    assert got.bounds == (0.1, 0.5, INF)
    assert got.baseline.tolist() == [5, 3, 2]
    assert got.candidate.tolist() == [1, 0, 1]


def test_bounds_that_one_colour_lacks_are_merged_and_lose_no_request() -> None:
    got = align((0.1, 0.25, 0.5, INF), (5, 6, 8, 10), (0.1, 0.5, 1.0, INF), (1, 1, 2, 2))
    assert got is not None
    assert got.bounds == (0.1, 0.5, INF), "only what both counted can be compared"
    assert got.baseline.tolist() == [5, 3, 2]
    assert got.candidate.tolist() == [1, 0, 1]


def test_no_common_finite_bound_is_no_data() -> None:
    assert align((0.1, INF), (1, 2), (0.2, INF), (1, 2)) is None
    assert align((INF,), (2,), (INF,), (2,)) is None


@pytest.mark.parametrize(
    ("bounds", "counts", "named"),
    [
        ((0.1, 0.5, INF), (5, 4, 10), "bucket 0.5 counts 4 after 5"),
        ((0.1, 0.5, INF), (5, 8, 7), "bucket inf counts 7 after 8"),
        ((0.1, INF), (-1, 2), "bucket 0.1 counts -1"),
        ((0.1, INF), (math.nan, 2), "bucket 0.1 counts nan"),
        ((0.5, 0.1, INF), (1, 2, 3), "bucket 0.1 after 0.5"),
        ((0.1, 0.1, INF), (1, 2, 3), "bucket 0.1 after 0.1"),
        ((0.1, 0.5), (1, 2), "no \\+Inf"),
        ((), (), "no \\+Inf"),
        ((0.1, INF), (1, 2, 3), "2 bounds beside 3 counts"),
    ],
)
def test_what_no_cumulative_histogram_can_be_is_refused_by_name(
    bounds: tuple[float, ...], counts: tuple[float, ...], named: str
) -> None:
    good = ((0.1, INF), (1, 2))
    with pytest.raises(ObservationError, match=named):
        align(bounds, counts, *good)
    with pytest.raises(ObservationError, match=named):
        align(*good, bounds, counts)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.integers(1, 20), st.integers(0, 9), min_size=1),
    st.dictionaries(st.integers(1, 20), st.integers(0, 9), min_size=1),
)
def test_every_request_is_counted_once_whatever_the_bounds(
    ours: dict[int, int], theirs: dict[int, int]
) -> None:
    sides = []
    for side in (ours, theirs):
        bounds = tuple(float(bound) for bound in sorted(side))
        counts = np.cumsum([side[int(bound)] for bound in bounds])
        sides += [(*bounds, INF), (*counts.tolist(), float(counts[-1]))]
    got = align(*sides)
    assert (got is None) == (not set(ours) & set(theirs))
    if got is not None:
        assert got.baseline.sum() == sum(ours.values())
        assert got.candidate.sum() == sum(theirs.values())
        first = got.bounds[0]
        assert got.baseline[0] == sum(count for bound, count in ours.items() if bound <= first)
