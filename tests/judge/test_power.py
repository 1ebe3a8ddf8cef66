"""The power plan: its figures hold for the kernels themselves, and its sentences say them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.config import Direction
from judge.histogram import HistogramEvidence
from judge.power import (
    USEFUL,
    Outcome,
    plan,
    smallest_detectable,
    smallest_slowdown,
    smallest_tail,
)
from judge.ratio import RatioEvidence
from judge.special import normal_cdf

pytestmark = pytest.mark.pure

HONEST = (0.65, 0.97)
"""Between these lies the true probability where 0.8 is told."""
RUNS = 200
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)


def found_errors(  # noqa: PLR0913 - a situation
    times: float, *, rate: float, rps: float, weight: float, dwell_s: float, alpha: float
) -> float:
    """How often the kernel itself finds that many times the errors within the step."""
    rng = np.random.default_rng(11)
    evidence = RatioEvidence(direction=Direction.INCREASE, margin=0.1, alpha=alpha, shape=(RUNS,))
    found = np.zeros(RUNS, dtype=np.bool_)
    for _ in range(int(dwell_s)):
        both = rng.poisson(rps, RUNS)
        candidate = rng.binomial(both, weight)
        baseline = both - candidate
        evidence.update(
            rng.binomial(baseline, rate),
            baseline,
            rng.binomial(candidate, min(1.0, rate * times)),
            candidate,
        )
        found |= evidence.log_e >= -math.log(alpha) - 1e-9
    return float(found.mean())


def lognormal(median: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    below = normal_cdf((np.log(np.array(BOUNDS[:-1])) - math.log(median)) / 0.5)
    return np.diff(np.array([0.0, *below.tolist(), 1.0]))


def found_latency(
    candidate: np.ndarray[tuple[int], np.dtype[np.float64]],
    *,
    weight: float,
    dwell_s: float,
    alpha: float,
    tolerance: float,
) -> float:
    """How often the kernel itself finds that latency at 200 requests a second within the step."""
    rng = np.random.default_rng(12)
    evidence = HistogramEvidence(
        direction=Direction.INCREASE, margin=0.1, alpha=alpha, shape=(RUNS,), tolerance=tolerance
    )
    found = np.zeros(RUNS, dtype=np.bool_)
    for _ in range(int(dwell_s / 4)):
        requests = (rng.poisson(800 * part, RUNS) for part in (1 - weight, weight))
        sides = (
            rng.multinomial(next(requests), chances) for chances in (lognormal(0.1), candidate)
        )
        evidence.update(next(sides), next(sides), BOUNDS, seconds=4)
        found |= evidence.log_e >= -math.log(alpha)
    return float(found.mean())


@pytest.mark.parametrize(
    ("rate", "rps", "weight", "dwell_s", "alpha"),
    [
        (0.005, 200, 0.01, 600, 0.01),
        (0.005, 200, 0.05, 600, 0.00125),
        (0.005, 200, 0.25, 300, 0.01),
        (0.05, 100, 0.05, 300, 0.01),
        (0.005, 20, 0.25, 600, 0.01),
    ],
)
def test_four_of_five_regressions_of_the_ratio_told_are_found_by_the_kernel(
    rate: float, rps: float, weight: float, dwell_s: float, alpha: float
) -> None:
    times = smallest_detectable(rate, rps, weight, dwell_s, alpha)
    got = found_errors(times, rate=rate, rps=rps, weight=weight, dwell_s=dwell_s, alpha=alpha)
    assert HONEST[0] <= got <= HONEST[1], f"{times:.2f} times is found in {got:.0%}"


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
@pytest.mark.parametrize(
    ("weight", "dwell_s", "alpha"),
    [(0.01, 600, 0.01), (0.05, 300, 0.00125), (0.25, 300, 0.01)],
)
def test_four_of_five_slowdowns_of_the_size_told_are_found_by_the_kernel(
    weight: float, dwell_s: float, alpha: float, tolerance: float
) -> None:
    times = smallest_slowdown(200, weight, dwell_s, alpha, tolerance=tolerance)
    candidate = lognormal(0.1 * times)
    got = found_latency(candidate, weight=weight, dwell_s=dwell_s, alpha=alpha, tolerance=tolerance)
    assert HONEST[0] <= got <= HONEST[1], f"{times:.3f} times is found in {got:.0%}"


@pytest.mark.parametrize(("weight", "dwell_s"), [(0.01, 600), (0.05, 600), (0.25, 300)])
def test_four_of_five_tails_of_the_size_told_are_found_by_the_kernel(
    weight: float, dwell_s: float
) -> None:
    usual = lognormal(0.1)
    beyond = np.arange(len(BOUNDS)) > BOUNDS.index(0.25)
    share = float(usual[beyond].sum())
    times = smallest_tail(share, 200, weight, dwell_s, 0.01)
    candidate = np.where(beyond, usual * times, usual * (1 - share * times) / (1 - share))
    got = found_latency(candidate, weight=weight, dwell_s=dwell_s, alpha=0.01, tolerance=0.0)
    assert HONEST[0] <= got <= HONEST[1], f"{times:.2f} times is found in {got:.0%}"


SITUATIONS = {
    "rate": st.floats(1e-4, 0.2),
    "rps": st.floats(0.1, 5000),
    "weight": st.floats(0.001, 0.9),
    "dwell_s": st.floats(300, 7200),
}


@settings(deadline=None, max_examples=50)
@given(**SITUATIONS)
def test_more_time_traffic_errors_or_risk_never_hide_a_regression(
    rate: float, rps: float, weight: float, dwell_s: float
) -> None:
    usual = smallest_detectable(rate, rps, weight, dwell_s, 0.01)
    assert usual > 1
    for better in (
        smallest_detectable(rate, rps, weight, 2 * dwell_s, 0.01),
        smallest_detectable(rate, rps, weight, dwell_s, 0.1),
        smallest_detectable(rate, rps, weight, dwell_s, 0.01, power=0.5),
    ):
        assert better <= usual * 1.01
    # the judge lets sparse errors convict faster, each, than many: see `detection.most_per_second`
    assert smallest_detectable(rate, 2 * rps, weight, dwell_s, 0.01) <= usual * 1.2


def test_the_ladder_of_the_readme_sees_more_with_every_step() -> None:
    steps = plan(
        [(0.01, 600), (0.05, 600), (0.25, 600), (0.5, 600), (1.0, 0)],
        rate=0.005,
        rps=200,
        alpha=0.01,
    )
    assert [step.weight for step in steps] == [0.01, 0.05, 0.25, 0.5], "100 % has no baseline"
    assert {step.verdict for step in steps} == {Outcome.OK}
    seen = [step.detectable or math.inf for step in steps]
    assert seen == sorted(seen, reverse=True), "evidence is carried from step to step"
    alone = smallest_detectable(0.005, 200, 0.05, 600, 0.01)
    assert seen[1] < alone


def test_a_step_that_sees_too_little_is_lengthened_to_where_it_sees_enough() -> None:
    (step,) = plan([(0.25, 600)], rate=0.001, rps=5, alpha=0.01)
    assert step.verdict is Outcome.LENGTHENED
    assert 600 < step.dwell_s <= 3600
    assert smallest_detectable(0.001, 5, 0.25, step.dwell_s, 0.01) <= USEFUL * 1.01
    assert smallest_detectable(0.001, 5, 0.25, step.dwell_s * 0.95, 0.01) > USEFUL
    assert "lengthened to" in step.sentence
    assert "10 min at 25 % of 5 requests/s" in step.sentence


def test_a_step_that_would_see_too_little_in_any_time_is_refused_with_the_figure() -> None:
    (step,) = plan([(0.01, 600)], rate=0.001, rps=5, alpha=0.01)
    assert step.verdict is Outcome.REFUSED
    assert step.dwell_s == 600
    assert step.detectable is not None
    assert f"{step.detectable:.1f} times the errors, more than 5; refused" in step.sentence
    assert "would help" in step.sentence, "the operator is told what to do"


def test_no_figure_is_invented_where_nothing_can_be_seen() -> None:
    (step,) = plan([(0.01, 10)], rate=0.001, rps=0.1, alpha=0.01)
    assert step.verdict is Outcome.REFUSED
    assert step.detectable is None
    assert "no regression of any size" in step.sentence
    assert smallest_detectable(0.001, 0.1, 0.01, 10, 0.01) == math.inf


def test_a_lengthened_step_helps_the_ones_after_it() -> None:
    first, second = plan([(0.25, 600), (0.26, 60)], rate=0.001, rps=5, alpha=0.01)
    assert first.verdict is Outcome.LENGTHENED
    assert second.verdict is Outcome.OK


@pytest.mark.parametrize(
    ("situation", "named"),
    [
        ((0.0, 200, 0.05, 600), "rate 0"),
        ((0.01, 0, 0.05, 600), "rps 0"),
        ((0.01, 200, 0.0, 600), "weight 0"),
        ((0.01, 200, 1.0, 600), "weight 1"),
        ((0.01, 200, 0.05, -1), "dwell_s -1"),
        ((math.nan, 200, 0.05, 600), "rate nan"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_name(
    situation: tuple[float, float, float, float], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        smallest_detectable(*situation, 0.01)
