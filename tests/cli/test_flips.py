"""How fast users followed a flip, from the load's own samples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.flips import Flip, Sample, followed_ms, percentile

pytestmark = pytest.mark.pure

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(milliseconds: float) -> datetime:
    return NOON + timedelta(milliseconds=milliseconds)


def flip(to: str, asked: float, written: float) -> Flip:
    return Flip(to, "release", at(asked), at(written), None)


def load(*pairs: tuple[float, str]) -> list[Sample]:
    return [Sample(at(sent), at(sent + 5), colour) for sent, colour in pairs]


def test_the_last_request_of_the_former_colour_counts() -> None:
    samples = load((90, "blue"), (110, "blue"), (120, "green"), (130, "blue"), (140, "green"))
    assert followed_ms([flip("green", 50, 100)], samples, since="written_at") == [30]


def test_nothing_late_is_zero_and_not_unknown() -> None:
    samples = load((90, "blue"), (110, "green"))
    assert followed_ms([flip("green", 50, 100)], samples, since="written_at") == [0]


def test_a_later_flip_back_is_not_held_against_the_first() -> None:
    samples = load((110, "blue"), (120, "green"), (220, "green"), (230, "blue"))
    flips = [flip("green", 50, 100), flip("blue", 150, 200)]
    assert followed_ms(flips, samples, since="written_at") == [10, 20]


@pytest.mark.parametrize("answered", [198, 210])
def test_a_request_that_the_next_flip_answered_is_not_held_against_this_one(answered: int) -> None:
    # at 198 the write of the next flip has not returned, but the data plane may have it already
    sent_before_answered_after = Sample(at(190), at(answered), "blue")
    samples = [*load((110, "green")), sent_before_answered_after, *load((230, "green"))]
    flips = [flip("green", 50, 100), flip("blue", 195, 200)]
    assert followed_ms(flips, samples, since="written_at") == [0, 30]


def test_a_rollback_is_counted_from_the_command() -> None:
    samples = load((120, "green"), (160, "green"), (170, "blue"))
    assert followed_ms([flip("blue", 150, 155)], samples, since="asked_at") == [10]


def test_an_answer_without_a_colour_says_nothing() -> None:
    samples = load((110, ""), (120, "green"))
    assert followed_ms([flip("green", 50, 100)], samples, since="written_at") == [0]


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.99, 4), (0.25, 1), (1.0, 4)])
def test_percentiles_are_nearest_rank(share: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], share) == value


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile([], 0.99) is None
