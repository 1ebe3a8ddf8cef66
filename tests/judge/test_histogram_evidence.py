"""Evidence on histograms: quiet when nothing is wrong, quick when something is."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from judge.config import Direction
from judge.histogram import HistogramEvidence
from judge.special import normal_cdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

pytestmark = pytest.mark.pure

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
ALPHA = 0.01
TICK = 10.0
"""Seconds to a tick of the simulations: coarser than in production, for speed."""


def lognormal(median: Floats | float, sigma: float = 0.6) -> Floats:
    """Probability of each bucket."""
    edges = np.log(np.array(BOUNDS[:-1]))
    below = normal_cdf((edges - np.log(median)) / sigma)
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def slower(times: float) -> Callable[[float], Floats]:
    return lambda median: lognormal(median * times)


def slow_tail(median: float) -> Floats:
    """The slowest fiftieth takes far longer; the median stays."""
    usual = lognormal(median) * 0.98
    usual[BOUNDS.index(1.0)] += 0.02
    return usual


def hanging(median: float) -> Floats:
    """Five requests in a thousand hang."""
    usual = lognormal(median) * 0.995
    usual[-1] += 0.005
    return usual


def counts(requests: NDArray[np.int64], chances: Floats, rng: np.random.Generator) -> Floats:
    return rng.multinomial(requests, chances).astype(np.float64)


def ramp(  # noqa: PLR0913 - a scenario
    candidate: Callable[[float], Floats],
    *,
    runs: int = 100,
    seed: int = 1,
    weights: tuple[float, ...] = (0.01, 0.05, 0.25, 0.5),
    dwell: float = 600,
    swing: float = 0.0,
) -> Iterator[tuple[float, Floats, Floats]]:
    """Ticks of a ramp at 200 requests a second; rate and latency swing with the time of day."""
    rng = np.random.default_rng(seed)
    now = 0.0
    for weight in weights:
        for _ in range(int(dwell / TICK)):
            now += TICK
            median = 0.08 * math.exp(swing * math.sin(now / 400))
            rate = 200 * TICK * (1 + swing * math.sin(now / 300))
            yield (
                now,
                counts(rng.poisson(rate * (1 - weight), runs), lognormal(median), rng),
                counts(rng.poisson(rate * weight, runs), candidate(median), rng),
            )


def judged(  # noqa: PLR0913 - a scenario
    candidate: Callable[[float], Floats],
    *,
    direction: Direction = Direction.INCREASE,
    tolerance: float | None = None,
    runs: int = 100,
    swing: float = 0.0,
    seed: int = 1,
    weights: tuple[float, ...] = (0.01, 0.05, 0.25, 0.5),
) -> tuple[Floats, Floats, HistogramEvidence]:
    """Seconds to FAIL and to the first PASS of every run (inf: never), and the evidence."""
    evidence = HistogramEvidence(
        direction=direction, margin=0.1, alpha=ALPHA, shape=(runs,), tolerance=tolerance
    )
    failed, passed = np.full(runs, np.inf), np.full(runs, np.inf)
    for now, baseline, theirs in ramp(
        candidate, runs=runs, swing=swing, seed=seed, weights=weights
    ):
        evidence.update(baseline, theirs, BOUNDS, seconds=TICK)
        failed = np.minimum(failed, np.where(evidence.log_e >= -math.log(ALPHA), now, np.inf))
        passed = np.minimum(passed, np.where(evidence.passes(), now, np.inf))
    return failed, passed, evidence


@pytest.mark.parametrize("swing", [0.0, 0.5], ids=["steady", "swinging with the day"])
def test_equal_colours_are_seldom_stopped_even_by_the_strict_null(swing: float) -> None:
    failed, _, _ = judged(slower(1.0), runs=200, swing=swing, tolerance=0.0)
    assert np.isfinite(failed).mean() <= 0.02, "1 % is promised; 2 % is its 95th percentile here"


def test_a_candidate_as_slow_as_tolerated_is_seldom_stopped() -> None:
    failed, _, _ = judged(slower(1.05), runs=200, swing=0.5)
    assert np.isfinite(failed).mean() <= 0.02, "the tax on the bets must cover the tolerance"


@pytest.mark.parametrize(
    ("candidate", "minutes"),
    [
        (slower(1.3), 3),
        (slower(1.15), 10),
        (slower(1.1), 20),
        (slow_tail, 5),
        (hanging, 8),
    ],
    ids=["+30 %", "+15 %", "+10 %", "p99 alone", "0.5 % hang"],
)
def test_a_slower_candidate_is_stopped_within_minutes(
    candidate: Callable[[float], Floats], minutes: float
) -> None:
    failed, passed, _ = judged(candidate)
    assert np.median(failed) <= 60 * minutes
    assert not (passed < failed).mean() > 0.02, "nor may it pass before it fails"


def test_a_faster_candidate_passes_and_is_never_stopped_for_it() -> None:
    failed, passed, _ = judged(slower(0.8))
    assert not np.isfinite(failed).any()
    assert np.median(passed) < 1500


def test_a_faster_candidate_is_stopped_where_faster_is_worse() -> None:
    failed, _, evidence = judged(slower(0.75), direction=Direction.DECREASE)
    assert np.median(failed) < 400
    _, upper = evidence.interval()
    assert np.median(upper) < 1, "the interval says that it is faster"


@pytest.mark.parametrize("times", [1.3, 0.75])
def test_either_direction_stops_both(times: float) -> None:
    failed, _, _ = judged(slower(times), direction=Direction.EITHER)
    assert np.median(failed) < 500


def test_a_good_candidate_passes_within_the_ramp() -> None:
    _, passed, _ = judged(slower(1.0))
    assert np.quantile(passed, 0.9) < 1800


def test_the_candidates_share_may_be_anything_between_nothing_and_everything() -> None:
    weights = (0.01, 0.9, 0.3, 0.99, 0.0, 1.0, 0.5)
    evidence = HistogramEvidence(
        direction=Direction.INCREASE, margin=0.1, alpha=ALPHA, shape=(200,), tolerance=0.0
    )
    top = np.zeros(200)
    for _, baseline, theirs in ramp(slower(1.0), runs=200, weights=weights, dwell=300, swing=0.5):
        evidence.update(baseline, theirs, BOUNDS, seconds=TICK)
        top = np.maximum(top, evidence.log_e)
    assert (top >= -math.log(ALPHA)).mean() <= 0.02
    assert np.isfinite(top).all()


def test_latency_that_wanders_between_the_colours_is_no_regression() -> None:
    # each colour is slower by 5 % or so for some seconds, on its own
    rng = np.random.default_rng(5)
    runs, slow = 100, np.zeros((2, 100))
    evidence = HistogramEvidence(
        direction=Direction.INCREASE, margin=0.1, alpha=ALPHA, shape=(runs,)
    )
    table = np.array([lognormal(0.08 * math.exp(step / 100)) for step in range(-40, 41)])
    failed = np.zeros(runs, dtype=bool)
    for nth in range(450):
        weight = (0.05, 0.25, 0.5)[nth // 150]
        slow = 0.9 * slow + math.sqrt(1 - 0.81) * rng.standard_normal(slow.shape)
        chances = table[np.clip(np.rint(40 + 5 * slow).astype(int), 0, 80)]
        sizes = np.array([1 - weight, weight]) * 800
        drawn = [
            rng.multinomial(rng.poisson(n, runs), p) for n, p in zip(sizes, chances, strict=True)
        ]
        evidence.update(drawn[0], drawn[1], BOUNDS, seconds=4)
        failed |= evidence.log_e >= -math.log(ALPHA)
    assert failed.mean() <= 0.02, "its wandering is measured and the evidence divided by it"


def test_a_fault_that_begins_under_load_is_still_stopped() -> None:
    evidence = HistogramEvidence(direction=Direction.INCREASE, margin=0.1, alpha=ALPHA, shape=(50,))
    late = np.full(50, np.inf)
    for _, baseline, theirs in ramp(slower(1.0), runs=50, weights=(0.01, 0.05, 0.25)):
        evidence.update(baseline, theirs, BOUNDS, seconds=TICK)
    for now, baseline, theirs in ramp(slower(1.3), runs=50, weights=(0.5,), seed=2):
        evidence.update(baseline, theirs, BOUNDS, seconds=TICK)
        late = np.minimum(late, np.where(evidence.log_e >= -math.log(ALPHA), now, np.inf))
    assert np.median(late) <= 60, "half an hour of good behaviour must not buy minutes of bad"


def test_a_run_in_a_batch_is_the_same_run_alone() -> None:
    together = HistogramEvidence(direction=Direction.EITHER, margin=0.1, alpha=ALPHA, shape=(3,))
    alone = [
        HistogramEvidence(direction=Direction.EITHER, margin=0.1, alpha=ALPHA) for _ in range(3)
    ]
    for _, baseline, theirs in ramp(slower(1.1), runs=3, weights=(0.01, 0.7), dwell=200):
        together.update(baseline, theirs, BOUNDS, seconds=1)
        for run, one in enumerate(alone):
            one.update(baseline[run], theirs[run], BOUNDS, seconds=1)
    assert together.log_e == pytest.approx([float(one.log_e) for one in alone], rel=1e-9)
    for end in (0, 1):
        got = [float(one.interval()[end]) for one in alone]
        assert together.interval()[end] == pytest.approx(got, rel=1e-9)


def test_a_snapshot_through_json_continues_bit_for_bit() -> None:
    def fresh() -> HistogramEvidence:
        return HistogramEvidence(direction=Direction.INCREASE, margin=0.1, alpha=ALPHA)

    whole, cut = fresh(), fresh()
    for nth, (_, baseline, theirs) in enumerate(ramp(slower(1.1), runs=1, weights=(0.05, 0.6))):
        for one in (whole, cut):
            one.update(baseline[0], theirs[0], BOUNDS, seconds=1)
        if nth % 7 == 0:  # in the middle of a span as well
            restored = fresh()
            restored.load(json.loads(json.dumps(cut.state())))
            cut = restored
    assert cut.state() == whole.state()
    assert cut.log_e == whole.log_e
    assert cut.interval() == whole.interval()


def test_bounds_that_change_on_the_way_are_followed() -> None:
    fewer = (0.05, 0.1, 0.5, math.inf)
    evidence = HistogramEvidence(direction=Direction.INCREASE, margin=0.1, alpha=ALPHA)
    for nth, (_, ours, theirs) in enumerate(ramp(slower(1.3), runs=1, weights=(0.3,))):
        if nth % 20 > 10:
            ends = np.array([BOUNDS.index(bound) for bound in fewer])
            joined = (np.diff(one[0].cumsum()[ends], prepend=0) for one in (ours, theirs))
            evidence.update(next(joined), next(joined), fewer, seconds=TICK)
        else:
            evidence.update(ours[0], theirs[0], BOUNDS, seconds=TICK)
    lower, upper = evidence.interval()
    assert evidence.log_e >= -math.log(ALPHA)
    assert 1.1 < lower < 1.35 < upper < 1.7


def test_ticks_without_requests_of_one_colour_change_nothing() -> None:
    evidence = HistogramEvidence(direction=Direction.EITHER, margin=0.1, alpha=ALPHA, shape=(2,))
    nothing = np.zeros((2, len(BOUNDS)))
    evidence.update(nothing, nothing, BOUNDS, seconds=TICK)
    evidence.update(nothing + 5, nothing, BOUNDS, seconds=TICK)
    evidence.update(nothing, nothing + 5, BOUNDS, seconds=TICK)
    assert evidence.log_e.tolist() == pytest.approx([0, 0])
    assert not evidence.passes().any(), "no data is no pass"
    lower, upper = evidence.interval()
    assert lower.tolist() == [0, 0]
    assert upper.tolist() == [math.inf, math.inf]


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        (np.ones(3), "shape \\(3,\\) beside 2 bounds"),
        (np.array([1.0, -2.0]), "counts -2"),
        (np.array([1.0, np.nan]), "counts nan"),
    ],
)
def test_counts_that_cannot_be_are_refused_by_name(counts: Floats, named: str) -> None:
    evidence = HistogramEvidence(direction=Direction.INCREASE, margin=0.1, alpha=ALPHA)
    with pytest.raises(ValueError, match=named):
        evidence.update(np.ones(2), counts, (0.1, math.inf))


def test_the_sentence_can_name_the_bound_that_tells_most() -> None:
    _, _, evidence = judged(hanging, runs=20)
    told = evidence.telling()
    assert np.median(told.bound) == 10.0
    assert np.median(told.slower_candidate) == pytest.approx(0.005, rel=0.2)
    assert np.median(told.slower_baseline) < 0.0005
