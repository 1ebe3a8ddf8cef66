"""Figures are drawn from outcomes as they say, and kept so that nothing is measured twice."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

from bench.judge.judges import PROJECT, needed_by, sources
from bench.judge.outcome import Outcomes, Summary, Watched, binomial_interval, outcomes
from bench.judge.ramp import LADDER
from bench.judge.results import CHUNK, Measurement
from bench.judge.scenarios import SCENARIOS
from bench.judge.traffic import Ratios, Traffic

pytestmark = pytest.mark.pure

NAN = float("nan")
SHORT = replace(SCENARIOS["errors-5x"], ramp=replace(LADDER, weights=(0.5,), dwell=60))


@dataclass(frozen=True)
class Second:
    """Stops every run at one second, and counts how often it is asked."""

    at: float
    name: str = "second"
    asked: list[int] = field(default_factory=list[int], compare=False, repr=False)

    def watch(self, traffic: Traffic) -> Watched:
        self.asked.append(traffic.runs)
        runs = traffic.runs
        return Watched(np.full(runs, self.at), np.full(runs, NAN), np.zeros(runs, dtype=np.bool_))


def made(stopped: list[float], passed: list[float]) -> Outcomes:
    counts = np.arange(len(stopped), dtype=np.float64)
    none = np.zeros(len(stopped), dtype=np.bool_)
    return Outcomes(np.array(stopped), np.array(passed), none, counts, counts)


@pytest.mark.parametrize(("count", "of"), [(0, 50), (1, 5000), (31, 5000), (50, 50), (13, 20)])
def test_the_interval_of_a_proportion_is_clopper_and_pearsons(count: int, of: int) -> None:
    exact = stats.binomtest(count, of).proportion_ci(0.95, method="exact")
    assert binomial_interval(count, of) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_a_release_that_is_never_stopped_counts_as_stopped_infinitely_late() -> None:
    summary = Summary.of(made([10, 20, NAN, NAN, NAN], [NAN, NAN, 40, 50, 60]))
    assert summary.stopped == 0.4
    assert summary.stop_median is None, "fewer than half were stopped"
    assert Summary.of(made([10, 20, 30, NAN, NAN], [NAN] * 5)).stop_median == 30


def test_a_release_passed_before_its_fault_and_stopped_after_it_was_not_let_through() -> None:
    summary = Summary.of(made([900, NAN, NAN], [60, 60, NAN]))
    assert summary.passed == pytest.approx(2 / 3)
    assert summary.let_through == pytest.approx(1 / 3)


def test_times_count_from_the_second_of_the_fault() -> None:
    assert Summary.of(made([63, 64, 65], [NAN] * 3), since=60).stop_median == 4


def test_users_are_exposed_until_the_stop_and_not_beyond_it() -> None:
    traffic = SHORT.traffic(1, 0, 3)
    stopped = np.array([1.0, 30.0, NAN])
    found = outcomes(traffic, Watched(stopped, stopped, np.zeros(3, dtype=np.bool_)))
    ratio = traffic.indicators["errors"]
    assert isinstance(ratio, Ratios)
    assert found.exposed[0] == traffic.totals[1][0, 0]
    assert found.exposed[1] == traffic.totals[1][:30, 1].sum()
    assert found.harmed[2] == ratio.bad[1][:, 2].sum()


def test_results_are_kept_and_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    judge = Second(7)
    runs = CHUNK + 10
    first = Measurement(tmp_path, runs, 1).of(SHORT, {"z-test": judge})["z-test"]
    assert judge.asked == [CHUNK, 10]
    again = Measurement(tmp_path, runs, 1).of(SHORT, {"z-test": judge})["z-test"]
    assert judge.asked == [CHUNK, 10], "an interrupted measurement goes on, it does not begin again"
    assert (first.exposed == again.exposed).all()
    assert np.isnan(again.passed).all()
    more = Measurement(tmp_path, 2 * CHUNK, 1).of(SHORT, {"z-test": judge})["z-test"]
    assert judge.asked == [CHUNK, 10, CHUNK], "a chunk that was cut short is measured whole"
    assert len(more.stopped) == 2 * CHUNK


def test_another_seed_or_judge_shares_no_results(tmp_path: Path) -> None:
    one, other = Second(7), Second(8)
    Measurement(tmp_path, 5, 1).of(SHORT, {"z-test": one})
    Measurement(tmp_path, 5, 2).of(SHORT, {"z-test": one})
    Measurement(tmp_path, 5, 1).of(SHORT, {"z-test": other})
    assert (one.asked, other.asked) == ([5, 5], [5])


def test_results_outlive_changes_of_code_they_do_not_rest_on() -> None:
    files = {path.name for path in needed_by(PROJECT / "judge/panel.py")}
    assert {"panel.py", "ratio.py", "wealth.py", "config.py"} <= files
    assert not {"session.py", "budget.py"} & files, "words and money change no verdict"
    assert sources("switchyard") != sources("flagger")
