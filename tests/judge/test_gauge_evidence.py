"""Evidence on gauges: quiet on dependent and wild series, awake to shifts and leaks."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.config import Direction
from judge.gauge import GaugeEvidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

pytestmark = pytest.mark.pure

ALPHA = 0.01
LEVEL = 200.0
SECONDS = 1500


def noise(
    memory: float, *, runs: int, size: float = 0.05, freedom: float = math.inf, seed: int = 3
) -> Floats:
    """An autoregressive series, `(seconds, runs)`, relative to the level; t-distributed shocks."""
    rng = np.random.default_rng(seed)
    shape = (SECONDS, runs)
    shocks = rng.standard_normal(shape)
    if math.isfinite(freedom):
        shocks = rng.standard_t(freedom, shape)
    series = np.empty(shape)
    series[0] = shocks[0]
    for at in range(1, SECONDS):
        series[at] = memory * series[at - 1] + math.sqrt(1 - memory**2) * shocks[at]
    return np.asarray(size * series, dtype=np.float64)


def judged(
    series: Floats,
    effect: Callable[[float], float] = lambda _: 0.0,
    **settings: Any,  # noqa: ANN401 - the kernel's own settings
) -> tuple[Floats, Floats, GaugeEvidence]:
    """Seconds to FAIL and to the first PASS (inf: never), and the evidence."""
    runs = series.shape[1]
    kept: dict[str, Any] = {"direction": Direction.INCREASE, "margin": 0.1, "alpha": ALPHA}
    evidence = GaugeEvidence(shape=(runs,), **(kept | settings))
    failed, passed = np.full(runs, np.inf), np.full(runs, np.inf)
    for at, now in enumerate(series):
        evidence.update(np.full(runs, LEVEL), LEVEL * (1 + effect(at) + now))
        failed = np.minimum(failed, np.where(evidence.log_e >= -math.log(ALPHA), at, np.inf))
        passed = np.minimum(passed, np.where(evidence.passes(), at, np.inf))
    return failed, passed, evidence


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.98, 0.999])
def test_however_long_the_gauge_remembers_a_tolerated_difference_seldom_fails(
    memory: float,
) -> None:
    failed, _, _ = judged(noise(memory, runs=200), lambda _: 0.05)
    assert np.isfinite(failed).mean() <= 0.02, "at the edge of the null; 1 % is promised"


def test_a_random_walk_is_never_taken_for_a_regression() -> None:
    walk = np.cumsum(np.random.default_rng(4).standard_normal((SECONDS, 200)), axis=0) * 0.01
    failed, _, _ = judged(walk)
    assert np.isfinite(failed).mean() <= 0.02


def test_fast_noise_does_not_hide_slow_swings() -> None:
    # most of the variance is white, and what matters is beneath it
    series = noise(0.0, runs=200, size=0.08) + noise(0.98, runs=200, size=0.02, seed=9)
    failed, _, _ = judged(series)
    assert np.isfinite(failed).mean() <= 0.02


@pytest.mark.parametrize("freedom", [2.0, 1.0], ids=["no variance", "no mean"])
def test_heavy_tails_raise_no_alarm_and_hide_no_shift(freedom: float) -> None:
    series = noise(0.0, runs=100, freedom=freedom, size=0.02)
    failed, _, _ = judged(series, lambda _: 0.05)
    assert np.isfinite(failed).mean() <= 0.03
    failed, _, _ = judged(series, lambda _: 0.25)
    assert np.median(failed) < 400, "the bets on signs need no moments"


@pytest.mark.parametrize(("memory", "seconds"), [(0.0, 120), (0.5, 200), (0.9, 1000)])
def test_a_shift_by_a_tenth_is_found(memory: float, seconds: float) -> None:
    failed, passed, _ = judged(noise(memory, runs=50), lambda _: 0.1)
    assert np.median(failed) <= seconds
    assert not np.isfinite(passed).mean() > 0.02


@pytest.mark.parametrize(("memory", "seconds"), [(0.0, 560), (0.5, 720), (0.9, 1200)])
def test_a_leak_is_found_soon_after_it_passes_the_tolerance(memory: float, seconds: float) -> None:
    failed, _, _ = judged(noise(memory, runs=50, size=0.03), lambda at: 0.01 * at / 60)
    assert np.quantile(failed, 0.1) > 240, "before that it is within the tolerance"
    assert np.median(failed) <= seconds


def test_a_leak_with_no_tolerance_is_found_while_it_is_small() -> None:
    failed, _, _ = judged(noise(0.0, runs=50, size=0.03), lambda at: 0.01 * at / 60, tolerance=0.0)
    assert np.median(failed) <= 240


def test_a_shift_that_begins_late_is_found() -> None:
    failed, _, _ = judged(noise(0.0, runs=50), lambda at: 0.0 if at < 900 else 0.12)
    assert 900 < np.median(failed) <= 1150, "a quarter of an hour of calm must not hide it"


def test_an_equal_gauge_passes_and_never_fails() -> None:
    failed, passed, evidence = judged(noise(0.5, runs=100))
    assert not np.isfinite(failed).any()
    assert np.median(passed) < 300
    lower, upper = evidence.interval()
    assert ((lower < 0) & (upper > 0)).mean() > 0.97, "the interval holds the truth"


def test_the_interval_misses_the_true_difference_at_any_time_as_seldom_as_promised() -> None:
    series = noise(0.5, runs=200)
    evidence = GaugeEvidence(
        direction=Direction.EITHER, margin=0.1, alpha=0.05, shape=(200,), tolerance=0.0
    )
    missed = np.zeros(200, dtype=bool)
    for now in series:
        evidence.update(np.full(200, LEVEL), LEVEL * (1.03 + now))
        lower, upper = evidence.interval()
        missed |= (lower > 0.03) | (upper < 0.03)
    assert missed.mean() <= 0.07


def test_a_pass_waits_while_the_difference_grows_towards_the_margin() -> None:
    failed, passed, _ = judged(noise(0.9, runs=50, size=0.03), lambda at: 0.015 * at / 60)
    assert np.isfinite(passed).mean() <= 0.2, "the mean so far is small; what it grows to is not"
    assert np.isfinite(failed).mean() > 0.8


def test_lower_is_worse_where_the_direction_says_so() -> None:
    failed, _, _ = judged(noise(0.0, runs=20), lambda _: -0.12, direction=Direction.DECREASE)
    assert np.median(failed) < 120
    failed, passed, _ = judged(noise(0.0, runs=20), lambda _: 0.12, direction=Direction.DECREASE)
    assert not np.isfinite(failed).any()
    assert np.isfinite(passed).all()


@pytest.mark.parametrize("shift", [0.12, -0.12])
def test_either_direction_fails_both(shift: float) -> None:
    failed, _, _ = judged(noise(0.0, runs=20), lambda _: shift, direction=Direction.EITHER)
    assert np.median(failed) < 120


def test_a_constant_gauge_is_judged_without_a_division_by_its_noise() -> None:
    series = np.zeros((200, 3))
    failed, passed, _ = judged(series)
    assert not np.isfinite(failed).any()
    assert np.isfinite(passed).all()
    failed, _, _ = judged(series, lambda _: 0.2)
    assert np.isfinite(failed).all(), "a configured limit that is higher is a shift without noise"


def test_without_a_level_nothing_relative_is_claimed() -> None:
    evidence = GaugeEvidence(direction=Direction.INCREASE, margin=0.1, alpha=ALPHA)
    rng = np.random.default_rng(1)
    for _ in range(200):
        evidence.update(0.0, abs(rng.standard_normal()) * 1e-9)
    assert evidence.interval() == (-math.inf, math.inf)
    assert not evidence.passes(), "no share of nothing can be excluded"


def test_missing_readings_teach_nothing() -> None:
    evidence = GaugeEvidence(direction=Direction.EITHER, margin=0.1, alpha=ALPHA, shape=(2,))
    for _ in range(100):
        evidence.update(np.array([np.nan, 1.0]), np.array([2.0, np.nan]))
    assert evidence.log_e.tolist() == [0, 0]
    assert not evidence.passes().any(), "no data is no pass"


def test_gaps_in_one_run_leave_the_others_as_they_were() -> None:
    series = noise(0.5, runs=3)[:600] + 0.08
    rng = np.random.default_rng(8)
    kept: dict[str, Any] = {"direction": Direction.INCREASE, "margin": 0.1, "alpha": ALPHA}
    together = GaugeEvidence(shape=(3,), **kept)
    alone = [GaugeEvidence(**kept) for _ in range(3)]
    for now in series:
        candidate = LEVEL * (1 + now)
        candidate[0] = candidate[0] if rng.random() > 0.3 else np.nan
        together.update(np.full(3, LEVEL), candidate)
        for run, one in enumerate(alone):
            one.update(LEVEL, candidate[run])
    assert together.log_e == pytest.approx([float(one.log_e) for one in alone], rel=1e-9)
    for end in (0, 1):
        got = [float(one.interval()[end]) for one in alone]
        assert together.interval()[end] == pytest.approx(got, rel=1e-9)


def test_a_snapshot_through_json_continues_bit_for_bit() -> None:
    def fresh() -> GaugeEvidence:
        return GaugeEvidence(direction=Direction.EITHER, margin=0.1, alpha=ALPHA)

    whole, cut = fresh(), fresh()
    for nth, now in enumerate(noise(0.8, runs=1)[:400, 0]):
        for one in (whole, cut):
            one.update(LEVEL, LEVEL * (1.06 + now))
        if nth % 13 == 0:
            restored = fresh()
            restored.load(json.loads(json.dumps(cut.state())))
            cut = restored
    assert cut.state() == whole.state()
    assert cut.log_e == whole.log_e
    assert cut.interval() == whole.interval()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=30, max_size=60),
    st.floats(0.1, 1e3),
)
def test_the_evidence_knows_no_unit_and_is_never_nan(
    readings: list[tuple[float, float]], unit: float
) -> None:
    ours, theirs = (
        GaugeEvidence(direction=Direction.EITHER, margin=0.1, alpha=ALPHA) for _ in range(2)
    )
    for baseline, candidate in readings:
        ours.update(baseline, candidate)
        theirs.update(baseline * unit, candidate * unit)
    assert not math.isnan(float(ours.log_e))
    lower, upper = ours.interval()
    assert lower <= upper
    scale = max(abs(one) for pair in readings for one in pair)
    if scale > 1e-3:
        assert theirs.log_e == pytest.approx(float(ours.log_e), rel=1e-3, abs=1e-3)
