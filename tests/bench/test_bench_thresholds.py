"""The peers that compare the canary with a threshold: Flagger's loop, Argo Rollouts, a z-test."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.judge.peers.argo_rollouts import Analysis, ArgoRollouts, Limits
from bench.judge.peers.flagger import Flagger
from bench.judge.peers.z_test import ZTest
from bench.judge.scenarios import SCENARIOS
from bench.judge.traffic import Histograms, Pair, Ratios, Traffic

if TYPE_CHECKING:
    from bench.judge.ramp import Counts

pytestmark = pytest.mark.pure

MINUTES = 10


def traffic(pair: Pair) -> Traffic:
    requests = np.full((MINUTES * 60, 1), 10)
    return Traffic(
        SCENARIOS["aa"], np.full((MINUTES * 60, 1), 0.5), (requests, requests), {"errors": pair}
    )


def ratio(bad_minutes: list[int]) -> Traffic:
    """A candidate that answers a tenth of its requests badly in the minutes named."""
    totals: Counts = np.full((MINUTES * 60, 1), 10)
    bad = np.zeros_like(totals)
    for minute in bad_minutes:
        bad[minute * 60 : (minute + 1) * 60] = 1
    return traffic(Ratios((totals, totals), (np.zeros_like(totals), bad)))


def test_flagger_rolls_back_at_the_visit_after_the_last_failed_check() -> None:
    assert Flagger(threshold=3).stops(ratio([0, 2, 4]))[0] == 6 * 60
    assert np.isnan(Flagger(threshold=4).stops(ratio([0, 2, 4]))[0])


def test_flagger_counts_failed_checks_that_are_not_in_a_row() -> None:
    assert Flagger(threshold=2).stops(ratio([0, 5]))[0] == 7 * 60, "they never go down"


def test_flagger_fails_a_check_without_values() -> None:
    empty: Counts = np.zeros((MINUTES * 60, 1), dtype=np.int64)
    assert Flagger(threshold=2).stops(traffic(Ratios((empty, empty), (empty, empty))))[0] == 180


def test_flagger_and_argo_watch_the_99th_percentile() -> None:
    fast: Counts = np.zeros((MINUTES * 60, 1, 12), dtype=np.int64)
    fast[:, :, 3] = 10
    slow = fast.copy()
    slow[:, :, 8] = 1  # one in eleven takes 1 to 2.5 s
    assert np.isnan(Flagger().stops(traffic(Histograms((fast, fast))))[0])
    assert Flagger(threshold=1).stops(traffic(Histograms((fast, slow))))[0] == 120
    assert np.isnan(ArgoRollouts().stops(traffic(Histograms((fast, fast))))[0])
    assert ArgoRollouts().stops(traffic(Histograms((fast, slow))))[0] == 240


def test_argo_fails_beyond_the_failure_limit_not_at_it() -> None:
    assert ArgoRollouts().stops(ratio([0, 1, 4, 7]))[0] == 8 * 60
    assert np.isnan(ArgoRollouts().stops(ratio([0, 1, 4]))[0])


def test_argo_is_inconclusive_between_its_two_conditions() -> None:
    analysis = Analysis(success=0.99, failure=0.95, limits=Limits(inconclusive=1))
    values = np.array([[0.999], [0.97], [0.96], [0.999]])
    assert analysis.stops(values)[0] == 3
    assert np.isnan(analysis.stops(values[:2])[0])


def test_argo_errs_after_five_errors_in_a_row_and_a_measurement_resets_them() -> None:
    values = np.ones((12, 1))
    empty = np.ones((12, 1), dtype=np.bool_)
    assert Analysis(success=0.9).stops(values, empty=empty)[0] == 5
    empty[4] = False
    assert Analysis(success=0.9).stops(values, empty=empty)[0] == 10


def test_argo_reads_a_division_by_no_requests_as_a_failure() -> None:
    assert Analysis(success=0.9).stops(np.full((5, 1), np.nan))[0] == 4


def test_the_z_test_stops_many_good_releases_when_it_is_looked_at_every_minute() -> None:
    stopped = np.isfinite(ZTest().stops(SCENARIOS["aa"].traffic(2, 0, 300))).mean()
    assert stopped > 0.3, "40 looks at 1 % each, and sparse errors on top"


def test_the_z_test_stops_five_times_the_errors_within_minutes() -> None:
    stopped = ZTest().stops(SCENARIOS["errors-5x"].traffic(2, 0, 50))
    assert np.median(stopped) <= 240
