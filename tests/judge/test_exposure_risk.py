"""The learnt risk: sane without history, calibrated with it, reproducible, and explained."""

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import (  # pyright: ignore[reportMissingTypeStubs]
    LogisticRegression,
)

from judge.exposure import Features, Past, Policy, RiskError, RiskModel, logistic
from judge.exposure.features import FADE, learnable, recent_failures

pytestmark = pytest.mark.pure

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SERVICES = ("cart", "payment", "search")
TYPICAL = Features(hour=9.0, weekday=0, change_size=100, services=("cart",), budget_left=1.0)


def past(number: int, *, bad: bool, **changes: object) -> Past:
    at = START + timedelta(hours=5 * number)
    made = Past(
        release=f"r{number}",
        twin="shop",
        at=at,
        outcome="rolledBack" if bad else "promoted",
        hour=float(at.hour),
        change_size=100.0,
        services=("cart",),
        budget_left=1.0,
    )
    return replace(made, **changes)


def invented(count: int, seed: int, size_weight: float = 1.0, base: float = -2.0) -> list[Past]:
    """Releases whose badness follows a law of the model's own form."""
    rng = random.Random(seed)  # noqa: S311 - invented releases
    releases: list[Past] = []
    for number in range(count):
        size = math.exp(rng.gauss(math.log(101), 1.2)) - 1
        log_odds = base + size_weight * math.log((1 + size) / 101)
        services = tuple(sorted(rng.sample(SERVICES, rng.randint(1, 2))))
        log_odds += 0.8 * ("payment" in services)
        bad = rng.random() < 1 / (1 + math.exp(-log_odds))
        twin = rng.choice(["shop", "bank"])
        more = past(number, bad=bad, change_size=max(size, 0), services=services, twin=twin)
        releases.append(more)
    return releases


features = st.builds(
    Features,
    hour=st.floats(0, 23.99),
    weekday=st.integers(0, 6),
    change_size=st.none() | st.floats(0, 1e6),
    services=st.lists(st.sampled_from([*SERVICES, "unheard-of"]), unique=True).map(tuple),
    recent_failures=st.floats(0, 3.3),
    budget_left=st.none() | st.floats(-3, 1),
)
LEARNT = RiskModel.fit(invented(150, seed=1))


@pytest.mark.parametrize("base_rate", [0.02, 0.15, 0.4])
@pytest.mark.parametrize("moment", [(0.0, 0), (9.5, 4), (23.9, 6)])
def test_without_history_a_typical_release_is_bad_at_the_base_rate(
    base_rate: float, moment: tuple[float, int]
) -> None:
    model = RiskModel.fit([], base_rate)
    risk = model.assess(replace(TYPICAL, hour=moment[0], weekday=moment[1]))
    assert risk.probability == pytest.approx(base_rate, abs=1e-6)
    assert risk.cautious > 1.5 * base_rate, "what is not known must slow a release down"


def test_with_hardly_any_history_larger_wider_poorer_and_unluckier_is_riskier() -> None:
    model = RiskModel.fit([past(0, bad=False, outcome="promoted")])
    plain = model.assess(TYPICAL).probability
    for worse in (
        replace(TYPICAL, change_size=2000),
        replace(TYPICAL, services=SERVICES),
        replace(TYPICAL, budget_left=0.0),
        replace(TYPICAL, recent_failures=1.0),
    ):
        assert model.assess(worse).probability > plain


def test_what_is_not_known_counts_as_typical() -> None:
    unknown = replace(TYPICAL, change_size=None, budget_left=None)
    model = RiskModel.fit([past(0, bad=False)])
    assert model.assess(unknown).log_odds == model.assess(TYPICAL).log_odds


@pytest.mark.parametrize("unit", [0.01, 1.0, 250.0])
def test_the_unit_of_the_change_size_does_not_matter(unit: float) -> None:
    history = invented(60, seed=9)
    scaled = [replace(p, change_size=(p.change_size or 0) * unit) for p in history]
    release = replace(TYPICAL, change_size=300.0)
    said = RiskModel.fit(history).assess(release).probability
    same = RiskModel.fit(scaled).assess(replace(release, change_size=300.0 * unit)).probability
    assert said == pytest.approx(same, abs=1e-4)


@given(features)
def test_the_contributions_sum_to_the_log_odds(release: Features) -> None:
    risk = LEARNT.assess(release)
    total = math.fsum(part.log_odds for part in risk.contributions)
    assert total == pytest.approx(risk.log_odds, abs=1e-9), "an explanation must leave nothing out"


@given(features)
def test_every_contribution_is_in_words_and_caution_is_above_the_mode(release: Features) -> None:
    risk = LEARNT.assess(release)
    assert all(part.words in part.sentence for part in risk.contributions)
    assert 0 < risk.probability < 1
    assert risk.cautious > 1 / (1 + math.exp(-risk.log_odds))


@given(st.randoms(use_true_random=False), st.integers(0, 40))
@settings(max_examples=20, deadline=None)
def test_the_same_history_gives_the_same_text_in_whatever_order_it_comes(
    order: random.Random, count: int
) -> None:
    history = invented(count, seed=3)
    text = Policy.learn(history).dump()
    order.shuffle(history)
    assert Policy.learn(history).dump() == text


def test_a_policy_comes_back_from_its_text_as_it_was() -> None:
    policy = Policy.learn(invented(80, seed=5))
    text = policy.dump()
    assert Policy.load(text) == policy
    assert Policy.load(text).dump() == text
    assert len(text) < 16_384, "it goes into a status or a ConfigMap"


def test_a_model_names_its_history() -> None:
    history = invented(30, seed=5)
    assert RiskModel.fit(history).version != RiskModel.fit(history[1:]).version
    assert RiskModel.fit(history).version == RiskModel.fit(list(reversed(history))).version


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "{",
        lambda _: "null",
        lambda c: json.dumps({**c, "model": {**c["model"], "schema": 99}}),
        lambda c: json.dumps({**c, "model": {**c["model"], "mean": [1.0]}}),
        lambda c: json.dumps({**c, "model": {**c["model"], "covariance": [[1.0]]}}),
        lambda c: json.dumps({**c, "model": {k: v for k, v in c["model"].items() if k != "bad"}}),
        lambda c: json.dumps({**c, "prices": {"time": 0, "notice_s": 1}}),
        lambda c: json.dumps({**c, "prices": {"haste": 1}}),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_the_way_out(
    spoil: Callable[[Any], str],
) -> None:
    content = json.loads(Policy.learn([]).dump())
    with pytest.raises(RiskError, match="learn it anew from the history"):
        Policy.load(spoil(content))


def test_the_mode_is_that_of_penalised_regression() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(300, 4))
    labels = (rng.random(300) < 0.3).astype(float)
    mean, deviation = np.zeros(4), np.full(4, 0.7)
    ours, covariance = logistic.fit(rows, labels, mean, deviation)
    oracle = LogisticRegression(C=0.7**2, fit_intercept=False, tol=1e-12, max_iter=10_000)
    oracle.fit(rows, labels)
    assert ours == pytest.approx(oracle.coef_[0], abs=1e-5)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)


def test_a_history_that_separates_perfectly_leaves_finite_weights() -> None:
    history = [past(n, bad=n % 2 == 0, change_size=10_000.0 * (n % 2 == 0)) for n in range(60)]
    model = RiskModel.fit(history)
    assert all(math.isfinite(weight) for weight in model.mean)
    large = model.assess(replace(TYPICAL, change_size=10_000)).probability
    assert large > 0.6
    assert model.assess(replace(TYPICAL, change_size=0)).probability < 0.2


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_on_releases_it_has_not_seen_it_says_as_often_bad_as_they_are(seed: int) -> None:
    everything = invented(2400, seed=seed)
    model = RiskModel.fit(everything[:400])
    rows, labels = learnable(everything)
    said = np.array([model.assess(row).probability for row in rows[400:]])
    were = np.array(labels[400:], dtype=float)
    assert abs(said.mean() - were.mean()) < 0.05
    order = np.argsort(said)
    for part in np.array_split(order, 5):
        spread = math.sqrt(said[part].mean() * (1 - said[part].mean()) / len(part))
        gap = abs(said[part].mean() - were[part].mean())
        assert gap < 0.06 + 3 * spread, "said and seen must agree among the safe and the risky"
    share = np.mean(labels[:400])
    assert np.mean((said - were) ** 2) < np.mean((share - were) ** 2), "or the share would do"


def test_history_narrows_the_doubt_and_overrules_the_prior() -> None:
    good = [past(n, bad=False) for n in range(400)]
    model = RiskModel.fit(good)
    before, after = RiskModel.fit([]).assess(TYPICAL), model.assess(TYPICAL)
    assert after.deviation < before.deviation
    assert after.cautious < 0.05, "four hundred good releases are a reason to trust the next"


def test_releases_that_traffic_did_not_judge_teach_nothing() -> None:
    history = invented(40, seed=7)
    aborted = [past(100 + n, bad=True, outcome="aborted") for n in range(40)]
    with_them, without = RiskModel.fit([*history, *aborted]), RiskModel.fit(history)
    assert with_them.mean == without.mean
    assert with_them.releases == 40


def test_a_failure_fades_with_the_releases_after_it() -> None:
    failed_then_good = [past(0, bad=True), past(1, bad=False), past(2, bad=False)]
    assert recent_failures(failed_then_good) == pytest.approx(FADE**2)
    known = Features.of(failed_then_good, twin="shop", at=START + timedelta(days=9))
    assert known.recent_failures == pytest.approx(FADE**2)
    other = Features.of(failed_then_good, twin="bank", at=START + timedelta(days=9))
    assert other.recent_failures == 0, "another twin's failures are its own"


def test_a_release_is_not_told_its_own_outcome_or_a_later_one() -> None:
    rows, labels = learnable([past(0, bad=True), past(1, bad=True)])
    assert [row.recent_failures for row in rows] == [0.0, 1.0]
    assert labels == [True, True]
    early = Features.of([past(1, bad=True)], twin="shop", at=START)
    assert early.recent_failures == 0


def test_many_services_keep_the_model_small() -> None:
    history = [past(n, bad=n % 5 == 0, services=(f"svc-{n % 60:02d}",)) for n in range(300)]
    text = Policy.learn(history).dump()
    assert len(text) < 16_384
    Policy.load(text).explain(replace(TYPICAL, services=("svc-59", "never-seen")))


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1])
def test_a_base_rate_that_nothing_could_change_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="no history could change"):
        RiskModel.fit([], rate)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hour": 24.0},
        {"hour": math.nan},
        {"weekday": 7},
        {"change_size": -1.0},
        {"change_size": math.inf},
        {"recent_failures": math.nan},
        {"budget_left": math.nan},
    ],
)
def test_features_that_are_no_measurement_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give"):
        replace(TYPICAL, **wrong)
