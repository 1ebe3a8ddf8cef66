"""How soon the judge would see a regression: held to simulation and to scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats  # pyright: ignore[reportMissingTypeStubs]

from judge.config import Config, Indicator, Kind
from judge.exposure import Belief, detection
from judge.exposure.belief import RATIOS
from judge.panel import Panel, RatioTick
from judge.wealth import STRETCH

pytestmark = pytest.mark.pure

heights = st.floats(0.1, 12)
nats = st.floats(0, 60)


@pytest.mark.parametrize("height", [0.5, 4.6, 6.6, 11.0])
@pytest.mark.parametrize("spent", [0.3, 2.0, 7.0, 20.0])
def test_first_passage_is_the_inverse_gaussian(height: float, spent: float) -> None:
    # drift 1 and variance 2 a nat: mean `height`, shape height² / 2
    oracle = stats.invgauss(mu=2 / height, scale=height**2 / 2)
    assert float(detection.unseen(height, spent)) == pytest.approx(oracle.sf(spent), abs=2e-3)


@pytest.mark.parametrize("height", [0.5, 4.6, 6.6])
@pytest.mark.parametrize("spent", [0.3, 2.0, 7.0, 20.0])
def test_the_time_waited_is_the_integral_of_not_yet_seen(height: float, spent: float) -> None:
    integral, _ = integrate.quad(lambda x: float(detection.unseen(height, x)), 0, spent)
    assert float(detection.waited(height, spent)) == pytest.approx(integral, abs=5e-3)


@given(heights, nats, nats)
def test_more_evidence_leaves_less_unseen_and_takes_no_less_time(
    height: float, one: float, other: float
) -> None:
    less, more = sorted([one, other])
    assert detection.unseen(height, less) >= detection.unseen(height, more) - 1e-5
    assert detection.waited(height, less) <= detection.waited(height, more) + 1e-3
    assert 0 <= detection.waited(height, more) <= more


@given(heights, st.floats(0.05, 0.95))
def test_what_is_needed_is_where_power_is_reached(height: float, power: float) -> None:
    enough = detection.needed(height, power)
    assert 1 - float(detection.unseen(height, enough)) == pytest.approx(power, abs=1e-3)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5])
@pytest.mark.parametrize("ratio", [1.2, 2.0, 30.0])
def test_evidence_an_error_is_that_of_its_being_the_candidates(ratio: float, share: float) -> None:
    before, after = share, share * ratio / (1 - share + share * ratio)
    divergence = stats.entropy([after, 1 - after], [before, 1 - before])
    errors = 1 - share + share * ratio  # per error of the baseline at all traffic
    assert float(detection.nats_per_error(ratio, share)) == pytest.approx(errors * divergence)


def test_the_walk_is_as_slow_as_a_simulated_likelihood_ratio() -> None:
    rng = np.random.default_rng(4)
    ratio, share, errors = 2.0, 0.1, 1.0
    expected = errors * (1 - share + share * ratio)
    part = share * ratio / (1 - share + share * ratio)
    bad = rng.poisson(expected, (4000, 900))
    of_candidate = rng.binomial(bad, part)
    walk = np.cumsum(of_candidate * math.log(ratio) - bad * math.log(1 - share + share * ratio), 1)
    height = 4.6
    seen = (walk >= height).any(axis=1).mean()
    said = 1 - detection.unseen(height, 900 * detection.nats_per_error(ratio, share) * errors)
    assert seen == pytest.approx(float(said), abs=0.05), "the power rule stands on this"


counts = st.tuples(
    st.integers(0, 50), st.integers(0, 5000), st.integers(0, 50), st.integers(0, 500)
)


@given(st.lists(counts, max_size=6))
def test_looks_at_one_weight_may_be_summed_before_they_are_added(
    looks: list[tuple[int, int, int, int]],
) -> None:
    # the same share of traffic in every look: then one addition of the sums says the same
    even = [(b, 9000, c, 1000, 5) for b, _, c, _ in looks]
    belief = Belief()
    for look in even:
        belief = belief.add(*look)
    if even:
        whole = Belief().add(*(sum(column) for column in zip(*even, strict=True)))
        assert belief.log_likelihood == pytest.approx(whole.log_likelihood)
        assert belief.reach == pytest.approx(whole.reach)


def test_the_likelihood_is_that_of_the_binomial() -> None:
    belief = Belief().add(40, 9000, 11, 1000, 60)
    share = 0.1
    for ratio, said in zip(RATIOS, belief.log_likelihood, strict=True):
        worse = share * ratio / (1 - share + share * ratio)
        oracle = stats.binom.logpmf(11, 51, worse) - stats.binom.logpmf(11, 51, share)
        assert said == pytest.approx(oracle, abs=1e-9)


def test_belief_goes_to_the_size_that_is_seen() -> None:
    belief = Belief().add(900, 180_000, 300, 20_000, 900)  # 0.5 % and 1.5 %
    assert RATIOS[int(np.argmax(belief.sizes))] == 3.0
    assert belief.log_factor > 50
    assert belief.sizes.sum() == pytest.approx(1)


def test_counts_without_fault_speak_for_the_release() -> None:
    assert Belief().add(900, 180_000, 100, 20_000, 900).log_factor < -1


@given(counts, counts)
def test_a_belief_comes_back_from_its_text(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    belief = Belief()
    for bad_b, good_b, bad_c, good_c in (one, other):
        belief = belief.add(bad_b, bad_b + good_b, bad_c, bad_c + good_c, 60)
    assert Belief.load(belief.dump()) == belief
    assert len(belief.dump()) < 1500, "it is kept in the status of a custom resource"


def test_with_one_side_alone_there_is_nothing_to_compare() -> None:
    assert Belief().add(5, 1000, 0, 0, 60) == Belief()


def test_what_was_collected_for_a_size_lies_between_its_neighbours() -> None:
    belief = Belief().add(40, 9000, 4, 1000, 60)
    known = dict(zip(RATIOS, belief.collected(0.005), strict=True))
    assert belief.collected_for(1.5, 0.005) == pytest.approx(known[1.5])
    assert known[1.35] < belief.collected_for(1.4, 0.005) < known[1.5]


def test_many_errors_in_a_short_time_are_no_more_than_the_judge_can_win_in_it() -> None:
    quick, slow = (Belief().add(4500, 900_000, 500, 100_000, s) for s in (60, 6000))
    assert quick.collected_for(1.5, 0.005) < slow.collected_for(1.5, 0.005)


@pytest.mark.parametrize(("ratio", "share"), [(2.0, 0.05), (1.5, 0.25), (3.0, 0.5)])
def test_the_judge_itself_fails_a_regression_with_the_power_that_is_claimed(
    ratio: float, share: float
) -> None:
    """200 releases at 200 requests/s and 0.5 % errors, looked at every other second."""
    speed = float(detection.speed(ratio, share, 1.0))
    seconds = detection.needed(detection.bar(0.01), 0.8) / speed + STRETCH
    rng, runs = np.random.default_rng(8), 200
    panel = Panel(Config((Indicator("errors", Kind.RATIO),)), (runs,))
    for look in range(1, round(seconds / 2) + 1):
        candidate, baseline = rng.poisson(400 * share, runs), rng.poisson(400 * (1 - share), runs)
        bad = rng.binomial(baseline, 0.005), rng.binomial(candidate, 0.005 * ratio)
        counted = np.array([bad[0], baseline, bad[1], candidate], dtype=float)
        panel.update(2.0 * look, {"errors": RatioTick(*counted)})
    assert panel.failed.mean() > 0.75, "100 % would be reached without the power to see it"


@pytest.mark.parametrize(
    "wrong", [(2, 1, 0, 1, 5), (-1, 1, 0, 1, 5), (0, math.inf, 0, 1, 5), (0, 1, 0, 1, math.nan)]
)
def test_what_is_no_count_is_refused(wrong: tuple[float, float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="give increments"):
        Belief().add(*wrong)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", Belief().dump().replace("1.2,", "1.3,"), Belief().dump()[:-1]]
)
def test_a_text_that_is_no_belief_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ValueError, match="start again from Belief"):
        Belief.load(text)
