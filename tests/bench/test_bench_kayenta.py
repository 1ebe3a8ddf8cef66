"""The Kayenta peer does what NetflixACAJudge does, mistakes included."""

import numpy as np
import pytest

from bench.judge.peers.kayenta import Classifier, Direction, Kayenta, Label
from bench.judge.peers.mann_whitney import shift
from bench.judge.scenarios import SCENARIOS

pytestmark = pytest.mark.pure

RNG = np.random.default_rng(4)
TEN = RNG.normal(10.0, 2.0, 30)
TWENTY = RNG.normal(20.0, 2.0, 30)
NONE = np.array([])


def test_a_metric_twice_as_high_is_high_and_half_as_high_is_low() -> None:
    assert Classifier().label(TEN, TWENTY) is Label.HIGH
    assert Classifier().label(TWENTY, TEN) is Label.LOW
    assert Classifier().label(TEN, RNG.normal(10.0, 2.0, 30)) is Label.PASS


def test_a_change_in_the_other_direction_passes() -> None:
    assert Classifier(Direction.DECREASE).label(TEN, TWENTY) is Label.PASS
    assert Classifier(Direction.INCREASE).label(TWENTY, TEN) is Label.PASS


def test_an_effect_below_the_allowed_one_passes() -> None:
    assert Classifier(allowed_increase=1.5).label(TEN, TWENTY) is Label.HIGH
    assert Classifier(allowed_increase=3.0).label(TEN, TWENTY) is Label.PASS


def test_identical_and_constant_points_pass() -> None:
    assert Classifier().label(np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 2.0])) is Label.PASS
    assert Classifier().label(np.ones(2), np.ones(3)) is Label.PASS


def test_two_different_constants_are_told_apart_by_noise() -> None:
    assert Classifier().label(np.full(30, 1.0), np.full(30, 2.0)) is Label.HIGH


def test_missing_points_are_dropped_or_read_as_zero() -> None:
    gaps = np.concatenate((TWENTY, [np.nan] * 60))
    assert Classifier().label(TEN, gaps) is Label.HIGH
    assert Classifier(replace_nan=True).label(TEN, gaps) is not Label.HIGH
    assert Classifier().label(TEN, NONE) is Label.NODATA
    assert Classifier(replace_nan=True).label(TEN, NONE) is Label.PASS


def test_outliers_go_only_when_asked_for_and_only_beyond_both_fences() -> None:
    with_outlier = np.concatenate((np.tile(TEN, 5), [1e6]))
    kept = Classifier(remove_outliers=True).clean(with_outlier)
    assert len(kept) == len(with_outlier) - 1
    assert len(Classifier().clean(with_outlier)) == len(with_outlier)


def test_many_runs_are_labelled_as_one_by_one() -> None:
    control, experiment = RNG.normal(0, 1, (12, 40)), RNG.normal(0.8, 1, (12, 40))
    experiment[3, 7] = np.nan
    control[:, 9] = np.nan
    at_once = Classifier().labels(control, experiment)
    singly = [Classifier().label(control[:, run], experiment[:, run]) for run in range(40)]
    assert at_once.tolist() == [int(label) for label in singly]


def test_the_score_is_the_share_that_passes_and_half_without_data_is_zero() -> None:
    good, high = (TEN[:, None], TEN[:, None] + 0.0), (TEN[:, None], TWENTY[:, None])
    none = (np.full((30, 1), np.nan), TEN[:, None])
    assert Kayenta().scores([good, good, good, high])[0] == 75.0
    assert Kayenta().scores([good, good, good, none])[0] == 100.0, (
        "no data leaves the rest to score"
    )
    assert Kayenta().scores([good, none])[0] == 0.0, "half of the metrics without data fails"


def test_the_stage_stops_a_release_that_is_five_times_worse() -> None:
    stopped = Kayenta().stops(SCENARIOS["errors-5x"].traffic(1, 0, 20))
    assert (stopped <= 1800).all()


def test_looking_more_often_stops_more_good_releases() -> None:
    traffic = SCENARIOS["aa"].traffic(1, 0, 60)
    seldom = np.isfinite(Kayenta().stops(traffic)).mean()
    often = np.isfinite(Kayenta(interval=1, first=2).stops(traffic)).mean()
    assert often > seldom + 0.1, "a fixed-sample test that is repeated has no false-alarm rate"


def test_the_figures_reported_in_spinnaker_6278_come_out() -> None:
    experiment, control = np.array([[100.0] * 7 + [1.0] * 3]), np.ones((1, 10))
    found = shift(experiment, control, 0.98)
    assert found.estimate[0] == pytest.approx(98.99993, abs=1e-4)
    assert found.upper[0] == pytest.approx(99.0, abs=1e-4)
    assert 0 < found.lower[0] <= 1e-4, "reported as 6.8e-5: the edge of a step, from above"
