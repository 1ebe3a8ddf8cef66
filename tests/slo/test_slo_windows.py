"""The alerts' windows and factors, beside the figures that Sloth publishes."""

from __future__ import annotations

import pytest

from slo.durations import DAY, HOUR, MINUTE, parse, write
from slo.windows import (
    alert_windows,
    burn_rate_factor,
    evaluation_interval,
    shortest_period,
)

pytestmark = pytest.mark.pure

# slok/sloth, internal/alert/alert_test.go: TestGenerateMWMBAlerts, equal to the last bit
SLOTH = {
    30 * DAY: [
        (5 * MINUTE, 1 * HOUR, 14.4),
        (30 * MINUTE, 6 * HOUR, 6),
        (2 * HOUR, 1 * DAY, 3),
        (6 * HOUR, 3 * DAY, 1),
    ],
    28 * DAY: [
        (5 * MINUTE, 1 * HOUR, 13.44),
        (30 * MINUTE, 6 * HOUR, 5.6000000000000005),
        (2 * HOUR, 1 * DAY, 2.8000000000000003),
        (6 * HOUR, 3 * DAY, 0.9333333333333333),
    ],
}
# the same file, the catalogue for 7 days: percent of the budget, long window, factor
SLOTH_7D = [
    (8, 1 * HOUR, 13.44),
    (12.5, 6 * HOUR, 3.5),
    (20, 1 * DAY, 1.4000000000000001),
    (42, 3 * DAY, 0.98),
]


@pytest.mark.parametrize("period", SLOTH)
def test_windows_and_factors_are_sloths_to_the_last_bit(period: int) -> None:
    made = [(pair.short, pair.long, pair.factor) for pair in alert_windows(period, 15)]
    assert made == SLOTH[period], "an alert that fires elsewhere than Sloth's is another alert"


@pytest.mark.parametrize(("percent", "long", "factor"), SLOTH_7D)
def test_the_factor_follows_sloths_formula_for_any_table(
    percent: float, long: int, factor: float
) -> None:
    assert burn_rate_factor(7 * DAY, percent, long) == factor


def test_a_longer_window_burns_the_same_share_before_it_alerts() -> None:
    for pair, percent in zip(alert_windows(90 * DAY, 15), (2, 5, 10, 10), strict=True):
        assert pair.factor * pair.long / (90 * DAY) == pytest.approx(percent / 100)


def test_a_shorter_window_shrinks_the_windows_and_keeps_the_workbooks_factors() -> None:
    pairs = list(alert_windows(7 * DAY, 5))
    assert [pair.factor for pair in pairs] == [14.4, 6, 3, 1]
    assert [pair.long for pair in pairs] == [14 * MINUTE, 84 * MINUTE, 5.6 * HOUR, 16.8 * HOUR]
    for pair, percent in zip(pairs, (2, 5, 10, 10), strict=True):
        assert pair.factor * pair.long / (7 * DAY) == pytest.approx(percent / 100)


@pytest.mark.parametrize("scrape", [1, 2])
def test_the_yards_hour_has_windows_that_hold_samples(scrape: int) -> None:
    pairs = list(alert_windows(HOUR, scrape))
    assert [(pair.short, pair.long) for pair in pairs] == [(10, 30), (10, 30), (10, 120), (30, 360)]
    assert [pair.factor for pair in pairs] == [14.4, 6, 3, 1], (
        "a longer window must not page sooner"
    )


@pytest.mark.parametrize("scrape", [1.0, 2.0, 15.0, 30.0, 60.0])
def test_every_window_holds_its_samples_and_fits_the_shortest_period(scrape: float) -> None:
    for pair in alert_windows(shortest_period(scrape), scrape):
        assert pair.short >= 5 * scrape
        assert pair.short < pair.long <= shortest_period(scrape) / 2


def test_evaluations_fall_into_the_base_window_and_never_between_scrapes() -> None:
    assert evaluation_interval(alert_windows(30 * DAY, 15), 15) == 30
    assert evaluation_interval(alert_windows(HOUR, 2), 2) == 2
    assert evaluation_interval(alert_windows(HOUR, 1), 1) == 2, "more often would only cost"
    assert evaluation_interval(alert_windows(30 * DAY, 60), 60) == 60


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300, "5m"),
        (1800, "30m"),
        (3600, "1h"),
        (DAY, "1d"),
        (3 * DAY, "3d"),
        (30 * DAY, "30d"),
        (28 * DAY, "4w"),  # as prometheus/common prints it, and so as Sloth names the record
        (365 * DAY, "1y"),
        (70, "1m10s"),
        (90000, "1d1h"),
    ],
)
def test_durations_are_written_as_prometheus_does(seconds: int, text: str) -> None:
    assert write(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("12h", 12 * HOUR), ("30d", 30 * DAY), ("4w", 28 * DAY)],
)
def test_openslos_shorthand_is_read(text: str, seconds: int) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["1M", "1Q", "1Y", "0d", "-1d", "1.5h", "1h30m", "30", "", None, 5]
)
def test_a_duration_without_a_fixed_length_is_none(text: object) -> None:
    assert parse(text) is None


def test_no_window_can_be_empty() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        write(0)
