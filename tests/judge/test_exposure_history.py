"""The release history: read whole, or refused with line, value, consequence and fix."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from judge.exposure import HistoryError, parse_history
from judge.exposure.history import digest

pytestmark = pytest.mark.pure

WHOLE: dict[str, object] = {
    "release": "5f1c",
    "twin": "shop",
    "at": "2026-11-20T16:30:00+01:00",
    "changeSize": 240,
    "services": ["storefront", "cart"],
    "hour": 16.5,
    "outcome": "rolledBack",
    "verdicts": {"errors": "fail"},
    "budgetLeft": 0.4,
    "weights": [[0, 1], [600, 5]],
    "requestsExposed": 900,
    "requestsHarmed": 12.5,
    "timeTo100": None,
}


def line(**changes: object) -> str:
    return json.dumps({**WHOLE, **changes})


def test_a_line_is_read_with_everything_in_it() -> None:
    (past,) = parse_history([line()])
    assert past.bad is True
    assert past.services == ("cart", "storefront")
    assert past.at == datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    assert past.at.weekday() == 4
    assert past.weights == ((0.0, 1.0), (600.0, 5.0))
    assert past.time_to_100 is None, "a release that never got there took no time, not zero"


def test_what_is_missing_is_not_known_and_never_zero() -> None:
    bare = {key: WHOLE[key] for key in ("release", "twin", "at", "outcome")}
    (past,) = parse_history([json.dumps(bare)])
    assert (past.change_size, past.budget_left, past.requests_harmed) == (None, None, None)
    assert past.hour == 16.5, "the hour is that of the beginning, in the zone it is written in"


def test_keys_of_newer_versions_are_let_pass() -> None:
    assert parse_history([line(flavour="new")]) == parse_history([line()])


def test_only_traffic_tells_whether_a_release_was_bad() -> None:
    outcomes = ["promoted", "rolledBack", "rejected", "aborted", "someNewEnding"]
    said = {one: parse_history([line(outcome=one)])[0].bad for one in outcomes}
    assert said == {
        "promoted": False,
        "rolledBack": True,
        "rejected": None,
        "aborted": None,
        "someNewEnding": None,
    }


def test_the_history_is_in_order_of_time_and_counts_nothing_twice() -> None:
    later = line(at="2026-11-21T16:30:00+01:00")
    past = parse_history([later, "", line(), later])
    assert [p.at.day for p in past] == [20, 21], "a retry of the same release is another entry"


def test_its_digest_names_what_can_be_learnt_and_not_how_it_was_collected() -> None:
    lines = [line(release=str(n), at=f"2026-11-{n:02d}T10:00:00Z") for n in range(1, 9)]
    forth, back = parse_history(lines), parse_history(reversed(lines))
    assert digest(forth) == digest(back)
    other = parse_history([*lines[:-1], line(release="8", at="2026-11-08T10:00:00Z", changeSize=1)])
    assert digest(other) != digest(forth)
    assert digest(parse_history([line(requestsExposed=1)])) == digest(parse_history([line()]))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{", "not JSON"),
        ("[1]", "a list, not an object"),
        (line(release=""), 'release ""'),
        (line(at="yesterday"), "at yesterday"),
        (line(at="2026-11-20T16:30:00"), "without a time zone"),
        (line(changeSize=-1), "changeSize -1"),
        (line(changeSize="many"), 'changeSize "many"'),
        (line(changeSize=True), "changeSize true"),
        (
            line(budgetLeft=0.4).replace("0.4", "NaN"),
            "budgetLeft NaN",
        ),
        (line(budgetLeft=1.5), "budgetLeft 1.5"),
        (line(hour=24), "hour 24"),
        (line(services="cart"), 'services "cart"'),
        (line(services=[1]), "services [1]"),
        (line(weights=[1, 5]), "weights [1, 5]"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line_and_the_way_out(
    text: str, names: str
) -> None:
    with pytest.raises(HistoryError) as refused:
        parse_history([line(), text])
    error = refused.value
    assert error.line == 2, "a history has thousands of lines"
    assert names in str(error)
    assert error.consequence, "without the consequence nobody knows whether it matters"
    assert error.fix, "without the fix nobody knows what to do"
    assert str(error) in f"{error}"


def test_times_of_other_zones_are_ordered_as_moments() -> None:
    east = line(release="east", at="2026-11-20T23:00:00+09:00")
    utc = line(release="utc", at="2026-11-20T15:00:00Z")
    past = parse_history([utc, east])
    assert [p.release for p in past] == ["east", "utc"]
    assert past[1].at - past[0].at == timedelta(hours=1)
