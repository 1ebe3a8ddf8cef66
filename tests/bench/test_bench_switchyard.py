"""What is measured is the product: a batch of runs is judged as each would be by itself."""

from dataclasses import replace

import numpy as np
import pytest

from bench.judge import ticks
from bench.judge.scenarios import SCENARIOS
from bench.judge.switchyard import Switchyard, excluded, observed
from bench.judge.traffic import Scenario
from judge.panel import FAIL, PASS, Panel
from judge.session import Session
from judge.verdict import Verdict

pytestmark = pytest.mark.pure

CODES = {Verdict.PASS: PASS, Verdict.FAIL: FAIL, Verdict.HOLD: 0}
RUNS = 2


def short(name: str, dwell: int = 30) -> Scenario:
    scenario = SCENARIOS[name]
    return replace(scenario, ramp=replace(scenario.ramp, dwell=dwell))


@pytest.mark.parametrize("name", ["aa-8", "errors-5x", "mid-tick"])
def test_a_batch_of_runs_is_judged_as_sessions_fed_tick_by_tick(name: str) -> None:
    scenario = short(name)
    traffic = scenario.traffic(11, 0, RUNS)
    config = ticks.config(scenario)
    panel = Panel(config, (RUNS,))
    sessions = [Session(config) for _ in range(RUNS)]
    streams = [ticks.ticks(traffic, run) for run in range(RUNS)]
    for at in range(traffic.ticks):
        panel.update(at + 1.0, observed(traffic, at))
        verdicts = panel.verdict
        for run, (session, stream) in enumerate(zip(sessions, streams, strict=True)):
            report = session.tick(next(stream))
            assert CODES[report.verdict] == verdicts[run], f"tick {at} of run {run}"
            for one, said in report.indicators.items():
                lower, upper = panel.interval(one)
                log_e = panel.watches[one].evidence.log_e
                assert said.log_e == pytest.approx(log_e[run], rel=1e-9, abs=1e-9)
                assert said.interval.lower == pytest.approx(lower[run], rel=1e-9)
                assert said.interval.upper == pytest.approx(upper[run], rel=1e-9)


def test_five_times_the_errors_are_stopped_and_never_passed() -> None:
    watched = Switchyard().watch(SCENARIOS["errors-5x"].traffic(4, 0, 20))
    assert np.isfinite(watched.stopped).all()
    assert np.isnan(watched.passed).all()


def test_an_outage_is_stopped_within_five_seconds_of_it() -> None:
    scenario = SCENARIOS["storm"]
    watched = Switchyard().watch(scenario.traffic(4, 0, 20))
    assert np.quantile(watched.stopped - scenario.since, 0.9) <= 5


def test_a_pass_is_held_against_the_interval_that_is_reported() -> None:
    scenario = short("aa-latency", 150)
    traffic = scenario.traffic(4, 0, RUNS)
    config = ticks.config(scenario)
    panel = Panel(config, (RUNS,))
    panel.update(1.0, observed(traffic, 0))
    assert not excluded(panel, config).any(), "a second of traffic excludes nothing"
    for at in range(1, traffic.ticks):
        panel.update(at + 1.0, observed(traffic, at))
    assert (excluded(panel, config) >= panel.passed()).all()
    assert panel.passed().any(), "the test looks at nothing otherwise"


def test_low_traffic_is_held_neither_stopped_nor_passed() -> None:
    watched = Switchyard().watch(SCENARIOS["low-traffic"].traffic(4, 0, 50))
    assert np.isnan(watched.stopped).all()
    assert np.isnan(watched.passed).all()
