"""The show of the exposure policy: its estimators are right, its companies are invented alike."""

from collections.abc import Callable

import numpy as np
import pytest

from bench.exposure import offpolicy
from bench.exposure.ramps import BOUNDS, ramp
from bench.exposure.study import Sizes
from bench.exposure.world import company
from judge.exposure import Features, Ladder, RampState, Step

pytestmark = pytest.mark.pure

COUNT = 4000
Estimator = Callable[[offpolicy.Log, offpolicy.Ints], offpolicy.Estimate]


def logged(seed: int, degree: int = 1) -> tuple[offpolicy.Log, offpolicy.Ints, float]:
    """A log with three arms whose best depends on the context, what is wanted, and its truth."""
    rng = np.random.default_rng(seed)
    context = rng.random(COUNT)
    propensity = np.array([0.5, 0.3, 0.2])
    arms = rng.choice(3, COUNT, p=propensity)
    wanted = (context * 3).astype(np.int64)

    def mean_of(arm: offpolicy.Ints) -> offpolicy.Floats:
        return 1 + (arm - 3 * context) ** 2  # a line is the wrong model of it

    outcomes = mean_of(arms) + rng.normal(0, 1, COUNT)
    rows = np.column_stack([context**power for power in range(degree + 1)])
    log = offpolicy.Log(rows, arms, propensity[arms], outcomes)
    return log, wanted, float(mean_of(wanted).mean())


@pytest.mark.parametrize("estimator", [offpolicy.inverse_propensity, offpolicy.doubly_robust])
def test_an_estimate_from_another_policys_log_covers_the_truth(estimator: Estimator) -> None:
    covered = 0
    for seed in range(60):
        log, wanted, truth = logged(seed)
        found = estimator(log, wanted)
        covered += found.lower <= truth <= found.upper
    assert covered >= 52, "a 95 % interval holds the truth in 95 of 100"


def test_a_model_that_fits_makes_the_estimate_surer() -> None:
    log, wanted, _ = logged(1, degree=2)
    plain, robust = offpolicy.inverse_propensity(log, wanted), offpolicy.doubly_robust(log, wanted)
    assert robust.upper - robust.lower < plain.upper - plain.lower


def test_companies_that_were_tuned_on_are_not_reported_on_by_accident() -> None:
    with pytest.raises(ValueError, match="choose 100 or more"):
        Sizes(companies=20, history=10, later=10, seed=90)


def test_a_company_is_the_same_every_time_and_another_one_under_another_seed() -> None:
    assert company(3, 20) == company(3, 20)
    assert company(3, 20) != company(4, 20)
    bad = [release for release in company(3, 300) if release.bad]
    assert all(release.ratio > 1 for release in bad)
    assert 10 < len(bad) < 120


def test_a_ramp_by_the_ladder_takes_the_ladders_time_and_outages_end_at_once() -> None:
    releases = company(5, 80)
    ladder = Ladder(dwell_s=60)

    def choose(_: int, state: RampState) -> Step:
        return ladder.choose(Features(hour=0, weekday=0), state, BOUNDS)

    outcomes = ramp(releases, choose, seed=1, notice_s=600)
    assert np.all(outcomes.seconds[outcomes.arrived] == 240)
    assert np.all(outcomes.failed ^ outcomes.arrived)
    good = np.array([not release.bad for release in releases])
    assert np.all(outcomes.all_harmed[good] == 0), "a good release harms nobody"
    out = np.array([release.ratio > 100 for release in releases])
    assert np.all(outcomes.failed[out])
    assert np.all(outcomes.seconds[out] < 60)
