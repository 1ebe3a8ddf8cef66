"""Tables and command line of the bench."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.judge.__main__ import chosen_scenarios, main
from bench.judge.outcome import Outcomes, Summary
from bench.judge.scenarios import GOOD
from bench.judge.tables import minutes, percent, tables

pytestmark = pytest.mark.pure

NAN = float("nan")


def summary(stopped: list[float], passed: list[float]) -> Summary:
    counts = np.full(len(stopped), 7.0)
    none = np.zeros(len(stopped), dtype=np.bool_)
    return Summary.of(Outcomes(np.array(stopped), np.array(passed), none, counts, counts))


def test_figures_are_told_as_people_read_them() -> None:
    assert [percent(share) for share in (0, 0.0062, 0.041, 0.38, 0.997, 1)] == [
        "0", "0.62", "4.1", "38", "100", "100",
    ]  # fmt: skip
    assert [minutes(time) for time in (3.0, 130.0, None)] == ["3 s", "2.2 min", "–"]  # noqa: RUF001


def test_judges_stand_side_by_side_and_what_was_let_through_is_told() -> None:
    page = tables(
        {
            "aa": {
                "switchyard": summary([NAN] * 4, [60] * 4),
                "flagger": summary([9] * 4, [NAN] * 4),
            },
            "errors-3x": {"flagger": summary([90, NAN, 90, 90], [NAN, 99, NAN, NAN])},
        }
    )
    assert "| A/A | 0 % | 100 % |" in page
    assert "| 3 times the errors | 90 s, 25 % let through |" in page


def test_groups_and_names_choose_scenarios_once_each() -> None:
    assert chosen_scenarios("good,aa") == list(GOOD)
    with pytest.raises(SystemExit, match=r"'a-a' is not known.*use good, broken, all, aa"):
        chosen_scenarios("a-a")


def test_the_command_measures_keeps_and_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["bench", "--scenarios", "errors-5x", "--judges", "flagger", "--runs", "5", "--json"]
    monkeypatch.setattr("sys.argv", [*asked, "--out", str(tmp_path)])
    assert main() == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["errors-5x"]["flagger"]["runs"] == 5
    assert "errors-5x: chunk 1" in told.err, "a long measurement shows its progress"
    assert list(tmp_path.glob("errors-5x/flagger-*.jsonl"))
