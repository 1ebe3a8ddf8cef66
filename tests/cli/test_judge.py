"""`switchyard judge`: recorded ticks in, verdicts out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

pytestmark = pytest.mark.pure

CONFIG = """
indicators:
- {name: errors, kind: ratio, query: "sum(rate(x[1m]))"}
- {name: latency, kind: histogram, direction: increase}
- {name: cpu, kind: gauge, direction: either, margin: 0.5}
falseAlarmRate: 0.01
margin: 0.1
interval: 1s
"""
THE_ISSUES_TICK = {
    "t": 12,
    "share": 0.05,
    "indicators": {
        "errors": {"baseline": {"bad": 1, "total": 190}, "candidate": {"bad": 0, "total": 10}},
        "latency": {
            "baseline": {"buckets": {"0.1": 150, "0.25": 185, "+Inf": 190}},
            "candidate": {"buckets": {"0.1": 8, "0.25": 10, "+Inf": 10}},
        },
        "cpu": {"baseline": [0.41], "candidate": [0.44]},
    },
}


class Judge:
    """The verb, with a configuration on disk."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "judge.yaml"
        self.config.write_text(CONFIG)

    def __call__(self, *lines: object, flags: tuple[str, ...] = ("--json",)) -> Result:
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
        )
        told = CliRunner().invoke(app, ["judge", "--config", str(self.config), *flags], input=text)
        expected = told.exception is None or isinstance(told.exception, SystemExit)
        assert expected, f"a traceback reached the user: {told.exception!r}"
        return told


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge(tmp_path)


def ticks(count: int, times: float, share: float = 0.25) -> list[dict[str, Any]]:
    rng = np.random.default_rng(6)
    made: list[dict[str, Any]] = []
    for t in range(count):
        sides: dict[str, Any] = {}
        for side, part, rate in (("baseline", 1 - share, 0.005), ("candidate", share, 0.005)):
            total = int(rng.poisson(200 * part))
            factor = times if side == "candidate" else 1.0
            sides[side] = {"bad": int(rng.binomial(total, rate * factor)), "total": total}
        made.append({"t": t, "share": share, "indicators": {"errors": sides}})
    return made


def test_the_tick_of_the_issue_is_judged(judge: Judge) -> None:
    told = judge(THE_ISSUES_TICK)
    (line,) = told.stdout.splitlines()
    report = json.loads(line)
    assert report["t"] == 12
    assert report["verdict"] == "HOLD"
    assert set(report["indicators"]) == {"errors", "latency", "cpu"}
    errors = report["indicators"]["errors"]
    assert errors["e"] == pytest.approx(1.0)
    assert errors["interval"] == [0.0, None]
    assert errors["exposure"] == {"baseline": 190.0, "candidate": 10.0}
    assert told.exit_code == 4, "HOLD is no good news: a script must not promote on it"


def test_a_line_comes_out_for_every_tick(judge: Judge) -> None:
    told = judge(*ticks(30, 1.0), "", "  ")
    reports = [json.loads(line) for line in told.stdout.splitlines()]
    assert [one["t"] for one in reports] == list(range(30))
    assert reports[-1]["indicators"]["cpu"]["no_data"] == "missing from the tick"
    assert "no data is not a pass" in reports[-1]["reason"]


def test_a_regression_exits_with_bad_news(judge: Judge) -> None:
    told = judge(*ticks(400, 6.0))
    assert json.loads(told.stdout.splitlines()[-1])["verdict"] == "FAIL"
    assert told.exit_code == 1


def test_a_pass_exits_with_good_news(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "judge.yaml").write_text("indicators: [{name: errors, kind: ratio, margin: 3}]")
    told = judge(*ticks(600, 1.0))
    assert json.loads(told.stdout.splitlines()[-1])["verdict"] == "PASS"
    assert told.exit_code == 0


def test_people_read_changes_and_a_table(judge: Judge) -> None:
    told = judge(*ticks(400, 6.0), flags=())
    lines = told.stdout.splitlines()
    assert lines[0].startswith("t=0  HOLD")
    assert sum(line.startswith("t=") for line in lines) == 2, "a line a change, not a line a tick"
    assert "FAIL at t=399" in told.stdout
    assert "bad at the candidate" in told.stdout


def test_no_ticks_at_all_are_no_pass(judge: Judge) -> None:
    assert judge().exit_code == 4
    told = judge(flags=())
    assert "nothing was judged" in told.stdout
    assert told.exit_code == 4


@pytest.mark.parametrize(
    ("line", "value", "fix"),
    [
        ("{", "line 2: '{'", "one JSON object a line"),
        ("[]", "line 2: []", '{"t": 12'),
        ({"share": 0.1}, "line 2: t None", "number"),
        ({"t": "now", "share": 0.1}, "line 2: t 'now'", "number"),
        ('{"t": NaN, "share": 0.1}', "line 2: t nan", "number"),
        ({"t": 13, "share": 5}, "line 2: share 5", "0.05"),
        ({"t": 12, "share": 0.1}, "line 2: t 12 after 12", "order of time"),
        ({"t": 13, "share": 0.1, "indicators": []}, "line 2: indicators []", "errors"),
        ({"t": 13, "share": 0.1, "users": -1}, "line 2: users -1", "increment"),
    ],
)
def test_a_bad_line_is_named(judge: Judge, line: object, value: str, fix: str) -> None:
    told = judge(THE_ISSUES_TICK, line, flags=())
    assert told.exit_code == 2
    assert value in told.stderr
    assert fix in told.stderr


@pytest.mark.parametrize(
    ("name", "side", "value", "fix"),
    [
        ("errors", {"bad": 11, "total": 10}, "11 bad of 10", "one scrape"),
        ("errors", {"bad": 0.5, "total": 10}, "errors.candidate.bad 0.5", "increment"),
        ("errors", {"bad": -1, "total": 10}, "errors.candidate.bad -1", "reset"),
        ("errors", {"bad": 1}, "errors.candidate.total None", "increment"),
        ("errors", [1, 2], "errors.candidate [1, 2]", '"bad"'),
        ("latency", {"buckets": {"0.1": 5, "+Inf": 3}}, "latency: bucket inf", "cumulative"),
        ("latency", {"buckets": {"0.1": 5}}, "latency: buckets", "+Inf"),
        ("latency", {"buckets": {"fast": 5, "+Inf": 6}}, "key 'fast'", "+Inf"),
        ("latency", {"0.1": 5}, "latency.candidate", "buckets"),
        ("cpu", ["0.4"], "cpu.candidate[0] '0.4'", "number"),
        ("cpu", "0.4", "cpu.candidate '0.4'", "[0.41"),
    ],
)
def test_a_bad_value_is_named(judge: Judge, name: str, side: object, value: str, fix: str) -> None:
    tick = json.loads(json.dumps(THE_ISSUES_TICK))
    tick["indicators"][name]["candidate"] = side
    told = judge(tick, flags=())
    assert told.exit_code == 2
    assert "line 1: " in told.stderr
    assert value in told.stderr
    assert fix in told.stderr


@pytest.mark.parametrize("entry", [None, {"noData": "stale"}, {"baseline": [0.4]}])
def test_what_is_missing_is_no_data_and_no_error(judge: Judge, entry: object) -> None:
    tick = json.loads(json.dumps(THE_ISSUES_TICK))
    tick["indicators"]["cpu"] = entry
    told = judge(tick)
    report = json.loads(told.stdout)
    assert report["indicators"]["cpu"]["no_data"]
    assert report["verdict"] == "HOLD"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("indicators: [", "is not YAML"),
        ("indicators: []", "indicators []"),
        ("a: 1", "indicators None"),
        ("indicators: [{name: e, kind: rate}]", "e.kind 'rate'"),
    ],
)
def test_a_bad_configuration_is_named(judge: Judge, text: str, value: str) -> None:
    judge.config.write_text(text)
    told = judge(THE_ISSUES_TICK)
    assert told.exit_code == 2
    error = json.loads(told.stdout)["error"]
    assert value in f"{error['value']} {error['consequence']}"
    assert error["fix"]


def test_a_missing_configuration_is_named(judge: Judge) -> None:
    judge.config.unlink()
    told = judge(THE_ISSUES_TICK, flags=())
    assert told.exit_code == 2
    assert "cannot be read" in told.stderr


def test_bytes_that_are_no_text_are_named(judge: Judge) -> None:
    told = CliRunner().invoke(app, ["judge", "--config", str(judge.config)], input=b'{"t": \xff}\n')
    assert told.exit_code == 2
    assert "UTF-8" in told.stderr


def test_help_tells_the_exit_codes() -> None:
    told = CliRunner().invoke(app, ["judge", "--help"])
    assert "Exits 0 when the last verdict is" in told.stdout
    assert "PASS" in told.stdout
