"""The simulated traffic is what its description says."""

from dataclasses import replace

import numpy as np
import pytest

from bench.judge.errors import Bursts, Errors, Outage, Scope
from bench.judge.gauges import Gauge
from bench.judge.latency import BOUNDS, Latency, quantile
from bench.judge.ramp import LADDER, Counts, Ramp, arrivals
from bench.judge.scenarios import BROKEN, GOOD, SCENARIOS
from bench.judge.traffic import Ratios

pytestmark = pytest.mark.pure


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def requests(each: int, ticks: int = 3600, runs: int = 20) -> tuple[Counts, Counts]:
    total = np.full((ticks, runs), each)
    return total, total


def test_the_same_seed_gives_the_same_traffic_and_each_chunk_its_own() -> None:
    scenario = SCENARIOS["aa"]
    one, again = scenario.traffic(7, 3, 4), scenario.traffic(7, 3, 4)
    other = scenario.traffic(7, 4, 4)
    first, second, third = (t.indicators["errors"] for t in (one, again, other))
    assert isinstance(first, Ratios)
    assert isinstance(second, Ratios)
    assert isinstance(third, Ratios)
    assert (first.bad[0] == second.bad[0]).all()
    assert (first.bad[0] != third.bad[0]).any()


def test_names_are_unique_and_faults_are_marked() -> None:
    assert len(SCENARIOS) == len(GOOD) + len(BROKEN)
    assert not any(scenario.faulty for scenario in GOOD)
    assert all(scenario.faulty for scenario in BROKEN)


def test_the_ladder_has_200_requests_a_second_at_its_weights() -> None:
    _, actual = LADDER.shares(50, rng())
    baseline, candidate = arrivals(LADDER.rate, actual, rng())
    assert (baseline + candidate).mean() == pytest.approx(200, rel=0.01)
    for step, weight in enumerate(LADDER.weights):
        part = slice(step * 600, (step + 1) * 600)
        assert candidate[part].mean() / 200 == pytest.approx(weight, rel=0.03)


def test_a_weight_that_lands_within_a_tick_mixes_its_requests_but_reports_the_new_one() -> None:
    reported, actual = Ramp(redraw=20).shares(30, rng())
    differ = reported != actual
    assert set(np.flatnonzero(differ.any(axis=1)) % 20) == {0}
    landing = 20 * np.arange(1, 120)
    low = np.minimum(reported[landing - 1], reported[landing])
    assert (actual[landing] >= low - 1e-12).all()


def test_errors_have_the_rate_and_the_candidate_its_multiple() -> None:
    bad = Errors(0.005, times=3.0).draw(requests(100), rng())
    assert bad[0].mean() == pytest.approx(0.5, rel=0.03)
    assert bad[1].mean() == pytest.approx(1.5, rel=0.03)


def test_autocorrelated_errors_keep_mean_and_spread_and_repeat_from_second_to_second() -> None:
    bad = Errors(0.005, autocorrelation=0.5).draw(requests(200, runs=40), rng())[0].astype(float)
    assert bad.mean() == pytest.approx(1.0, rel=0.03)
    assert bad.var() == pytest.approx(1.0, rel=0.06), "still Poisson, seen one by one"
    lags = [np.corrcoef(bad[:-lag].ravel(), bad[lag:].ravel())[0, 1] for lag in (1, 2, 3)]
    assert lags == pytest.approx([0.5, 0.25, 0.125], abs=0.02)
    minutes = bad.reshape(60, 60, 40).sum(axis=1)
    assert minutes.var() / minutes.mean() == pytest.approx(3.0, rel=0.15), "(1 + a) / (1 - a)"


def test_a_swing_takes_both_colours_from_lowest_to_highest_within_the_hour() -> None:
    bad = Errors(0.01, swing=10.0).draw(requests(1000, runs=4), rng())
    for colour in bad:
        minutes = colour.reshape(60, 60, 4).mean(axis=1)
        assert (minutes.max(axis=0) / minutes.min(axis=0)) == pytest.approx(10.0, rel=0.25)
    assert np.corrcoef(bad[0][:, 0], bad[1][:, 0])[0, 1] > 0.5


def test_a_burst_of_the_service_hits_both_colours_and_one_of_a_pod_only_one() -> None:
    for scope, together in ((Scope.SERVICE, True), (Scope.POD, False)):
        bursts = Bursts(scope, every=600, length=10, rate=0.9)
        blue, green = Errors(0.0, bursts=bursts).draw(requests(1000, 7200), rng())
        both = ((blue > 0) & (green > 0)).sum() / ((blue > 0) | (green > 0)).sum()
        assert (both > 0.99) == together
        assert (blue > 0).mean() == pytest.approx(10 / 600, rel=0.25)
        assert blue.sum() == pytest.approx(green.sum(), rel=0.3), "neither colour is worse"


def test_an_outage_turns_every_answer_bad_from_its_second_on() -> None:
    bad = Errors(outage=Outage(60, both=False)).draw(requests(10, 120), rng())
    assert (bad[1][60:] == 10).all()
    assert bad[0].max() < 10
    assert bad[1][:60].mean() < 1


def test_latencies_fall_into_buckets_with_the_probabilities_of_their_distribution() -> None:
    counts = Latency(median=0.1, sigma=0.5).draw(requests(100, 600, 4), rng())[0]
    assert counts.sum(axis=2).mean() == 100
    assert counts[:, :, : BOUNDS.index(0.1) + 1].sum() / counts.sum() == pytest.approx(
        0.5, abs=0.01
    )


def test_ten_percent_slower_moves_the_median_by_ten_percent() -> None:
    grid = Latency(times=1.1).probabilities(np.zeros(1), worse=True)[0]
    same = Latency(median=0.11).probabilities(np.zeros(1), worse=False)[0]
    assert grid == pytest.approx(same)


def test_a_heavier_tail_leaves_the_median_where_it_was() -> None:
    latency = Latency(tail=3.0)
    good = latency.probabilities(np.zeros(1), worse=False)[0]
    worse = latency.probabilities(np.zeros(1), worse=True)[0]
    middle = BOUNDS.index(0.1) + 1
    assert worse[:middle] == pytest.approx(good[:middle])
    assert worse[BOUNDS.index(0.5) + 1 :].sum() > 10 * good[BOUNDS.index(0.5) + 1 :].sum()
    assert worse.sum() == pytest.approx(1.0)


def test_quantiles_are_read_as_prometheus_reads_them() -> None:
    counts = np.zeros((3, len(BOUNDS) + 1), dtype=np.int64)
    counts[0, [4, 5]] = 50, 50  # up to 0.1 s, and 0.1 to 0.25 s
    counts[1, -1] = 10
    assert quantile(counts, 0.75)[:2] == pytest.approx([0.175, 10.0])
    assert np.isnan(quantile(counts, 0.75)[2])


def test_gauge_noise_is_autocorrelated_and_a_leak_grows_by_the_hour() -> None:
    gauge = Gauge(level=200, noise=4, autocorrelation=0.5, leak=60)
    baseline, candidate = gauge.draw(3600, 20, rng())
    assert baseline.std() == pytest.approx(4, rel=0.05)
    noise = baseline - 200
    assert np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1] == pytest.approx(0.5, abs=0.02)
    assert candidate[-60:].mean() - baseline[-60:].mean() == pytest.approx(60, rel=0.05)
    steady = replace(gauge, leak=0.0).draw(600, 20, rng())
    assert steady[1].mean() == pytest.approx(200, rel=0.01)
