"""What ends a release besides its indicators: outages, and broken objectives."""

from __future__ import annotations

import numpy as np
import pytest

from judge.storm import CEILING, FLOOR, Storm
from judge.tripwire import Tripwire

pytestmark = pytest.mark.pure


def test_no_storm_is_called_on_healthy_traffic_nor_on_a_failing_pod() -> None:
    rng = np.random.default_rng(1)
    storm = Storm(alpha=0.0001, shape=(300,))
    for t in range(310):
        total_b, total_c = rng.poisson(100, 300), rng.poisson(100, 300)
        # for ten seconds, one pod of three answers nothing but errors
        bad_c = rng.binomial(total_c, 0.005 if t < 300 else 1 / 3)
        storm.update(rng.binomial(total_b, 0.005), total_b, bad_c, total_c)
    assert not storm.called.any(), "a third of the requests is no total outage"


def test_the_false_alarms_of_the_rule_stay_below_its_level() -> None:
    rng = np.random.default_rng(2)
    runs = 2000
    storm = Storm(alpha=0.02, shape=(runs,))
    for _ in range(200):
        # the worst candidate that is allowed for: at the measure itself
        total = rng.poisson(5, runs)
        bad_b = rng.binomial(1000, 0.05, runs)
        storm.update(bad_b, 1000, rng.binomial(total, np.minimum(storm.measure, 1)), total)
    assert storm.called.mean() <= 0.02


def test_the_measure_follows_the_past_and_not_the_outage() -> None:
    storm = Storm(alpha=0.001)
    for _ in range(100):
        storm.update(1, 200, 0, 2)
    assert storm.measure == pytest.approx(FLOOR, abs=0.01)
    before = float(storm.measure)
    storm.update(200, 200, 2, 2)
    assert float(storm.measure) < 1.1 * before, "an outage must not become its own measure"


def test_a_baseline_that_fails_leaves_a_measure_below_one() -> None:
    storm = Storm(alpha=0.001)
    for _ in range(2000):
        storm.update(150, 200, 1, 2)
    assert storm.measure <= CEILING


def test_ticks_without_requests_call_nothing() -> None:
    storm = Storm(alpha=0.001)
    for _ in range(10_000):
        storm.update(0, 0, 0, 0)
    assert not storm.called


def test_an_objective_that_is_kept_trips_no_wire() -> None:
    rng = np.random.default_rng(3)
    runs = 1000
    wire = Tripwire(objective=0.01, alpha=0.05, shape=(runs,))
    tripped = np.zeros(runs, dtype=np.bool_)
    for _ in range(400):
        total = rng.poisson(100.0, runs).astype(float)
        bad = rng.binomial(total.astype(int), 0.01).astype(float)
        wire.update(bad, total)
        tripped |= wire.log_e >= np.log(20) - 1e-9
    assert tripped.mean() <= 0.05


def test_a_broken_objective_trips_the_wire_after_an_hour_of_keeping_it() -> None:
    wire = Tripwire(objective=0.01, alpha=0.001)
    for _ in range(3600):
        wire.update(np.asarray(1.0), np.asarray(200.0))
    assert wire.log_e < 0
    seconds = 0
    while wire.log_e < np.log(1000) - 1e-9:
        wire.update(np.asarray(10.0), np.asarray(200.0))
        seconds += 1
        assert seconds < 300, "what breaks late must be seen as well"


def test_one_short_burst_trips_no_wire() -> None:
    wire = Tripwire(objective=0.01, alpha=0.001)
    for t in range(600):
        wire.update(np.asarray(20.0 if 300 <= t < 310 else 1.0), np.asarray(200.0))
    assert wire.log_e < np.log(1000)
