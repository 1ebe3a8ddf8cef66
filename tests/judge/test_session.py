"""A release under judgement: verdicts, missing data, snapshots, and what a human reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_ticks import EIGHT, ERRORS, Traffic, ratio_tick

from judge.config import parse
from judge.errors import ObservationError, StateError
from judge.observation import Buckets, Counts, NoData, Pair, Samples, Tick
from judge.panel import FRESH, Panel, RatioTick
from judge.session import Session
from judge.verdict import Report, Verdict

if TYPE_CHECKING:
    from judge.config import Config

pytestmark = pytest.mark.pure


def played(traffic: Traffic, ticks: int, config: Config = ERRORS) -> list[Report]:
    session = Session(config)
    return [session.tick(traffic.tick(t)) for t in range(ticks)]


def test_a_regression_fails_and_stays_failed() -> None:
    reports = played(Traffic(seed=1, share=0.25, times=6.0), 400)
    verdicts = [one.verdict for one in reports]
    first = verdicts.index(Verdict.FAIL)
    assert first < 240, "six times the errors at 25 % must not take minutes"
    assert set(verdicts[first:]) == {Verdict.FAIL}
    assert reports[-1].indicators["errors"].interval.lower >= 1


def test_an_equal_candidate_neither_fails_nor_passes_too_soon() -> None:
    reports = played(Traffic(seed=2, share=0.5), 300)
    assert {one.verdict for one in reports} == {Verdict.HOLD}
    assert not reports[-1].indicators["errors"].interval.excludes(1.1)


def test_a_pass_comes_with_an_interval_that_excludes_the_margin() -> None:
    config = parse({"indicators": [{"name": "errors", "kind": "ratio", "margin": 0.5}]})
    reports = played(Traffic(seed=3, share=0.5, rate=0.05), 600, config)
    passed = [one for one in reports if one.verdict is Verdict.PASS]
    assert passed
    assert all(one.indicators["errors"].interval.excludes(1.5) for one in passed)
    assert "excluded" in passed[-1].indicators["errors"].sentence


def test_no_data_is_typed_and_never_passes() -> None:
    config = parse({"indicators": [{"name": "errors", "kind": "ratio", "margin": 0.5}]})
    session = Session(config)
    traffic = Traffic(seed=3, share=0.5, rate=0.05)
    reports = [session.tick(traffic.tick(t)) for t in range(600)]
    assert reports[-1].verdict is Verdict.PASS
    gone: list[dict[str, Pair | NoData]] = [
        {},
        {"errors": NoData("Prometheus is away")},
        {"errors": Pair(Counts(0, 10), NoData("no series"))},
    ]
    for later, missing in enumerate(gone):
        report = session.tick(Tick(t=600 + later, share=0.5, indicators=missing))
        assert report.verdict is Verdict.HOLD
        assert report.indicators["errors"].no_data
        assert "no data is not a pass" in report.reason
    assert session.tick(traffic.tick(700)).verdict is Verdict.PASS, "the evidence was kept"


def test_silence_on_one_side_ends_a_pass() -> None:
    config = parse({"indicators": [{"name": "errors", "kind": "ratio", "margin": 0.5}]})
    session = Session(config)
    traffic = Traffic(seed=3, share=0.5, rate=0.05)
    for t in range(600):
        session.tick(traffic.tick(t))
    silent = [session.tick(ratio_tick(600 + t, (5, 100), (0, 0))) for t in range(60)]
    assert silent[5].verdict is Verdict.PASS, "a quiet second is no missing data"
    assert silent[-1].verdict is Verdict.HOLD
    assert "one side" in (silent[int(FRESH) + 5].indicators["errors"].no_data or "")


def test_nothing_at_all_holds_with_the_reason() -> None:
    report = Session(ERRORS).tick(ratio_tick(0, (0, 0), (0, 0)))
    assert report.verdict is Verdict.HOLD
    assert "no events on both sides yet" in report.reason


def test_low_traffic_holds_and_says_what_would_help() -> None:
    reports = played(Traffic(seed=5, share=0.5, requests=0.5), 600)
    assert {one.verdict for one in reports} == {Verdict.HOLD}
    assert "more traffic, a larger share or a wider margin would help" in (
        reports[-1].indicators["errors"].sentence
    )


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("share", [0.01, 0.5])
def test_a_total_outage_stops_within_five_seconds_of_traffic(*, both: bool, share: float) -> None:
    slowest = 0
    for seed in range(8):
        session, traffic = Session(ERRORS), Traffic(seed=seed, share=share)
        for t in range(60):
            session.tick(traffic.tick(t))
        outage = Traffic(seed=seed + 100, share=share, outage="both" if both else "candidate")
        seconds, t = 0, 60
        report = None
        while report is None or report.verdict is not Verdict.FAIL:
            tick = outage.tick(t)
            pair = tick.indicators["errors"]
            assert isinstance(pair, Pair)
            assert isinstance(pair.candidate, Counts)
            seconds += pair.candidate.total > 0
            report = session.tick(tick)
            t += 1
        slowest = max(slowest, seconds)
        assert (report.tripped or "").startswith("storm")
    assert slowest <= 5


def test_both_colours_breaking_the_objective_trip_the_wire() -> None:
    config = parse({"indicators": [{"name": "errors", "kind": "ratio", "objective": 0.01}]})
    session = Session(config)
    good, bad = Traffic(seed=7, share=0.25), Traffic(seed=8, share=0.25, rate=0.04)
    for t in range(300):
        assert session.tick(good.tick(t)).verdict is Verdict.HOLD
    reports = [session.tick(bad.tick(300 + t)) for t in range(180)]
    assert reports[-1].verdict is Verdict.FAIL
    assert (reports[-1].tripped or "").startswith("objective")
    assert "1 %" in reports[-1].reason


def test_exposure_and_users_add_up() -> None:
    session = Session(ERRORS)
    session.tick(ratio_tick(0, (0, 90), (0, 10), users=4))
    report = session.tick(ratio_tick(1, (0, 80), (1, 20)))
    assert (report.requests_exposed, report.users_exposed) == (30, 4)
    assert report.indicators["errors"].exposure.baseline == 170
    assert Session(ERRORS).tick(ratio_tick(0, (0, 9), (0, 1))).users_exposed is None


def test_a_sentence_can_be_checked_by_hand() -> None:
    reports = played(Traffic(seed=9, share=0.25, times=6.0), 300)
    sentence = reports[-1].indicators["errors"].sentence
    found = re.search(r"(\d[\d,]*) of (\d[\d,]*) bad at the candidate \(([\d.]+) %\)", sentence)
    assert found
    bad, total, percent = (float(one.replace(",", "")) for one in found.groups())
    assert 100 * bad / total == pytest.approx(percent, rel=0.01)
    assert "fails" in sentence


def test_a_report_is_one_json_object_without_infinities() -> None:
    report = Session(EIGHT).tick(Traffic(seed=1, share=0.05).eight(0))
    text = json.dumps(report.to_json(), allow_nan=False)
    told = json.loads(text)
    assert told["t"] == 0
    assert told["verdict"] == "HOLD"
    assert told["indicators"]["errors"]["interval"][1] is None
    assert {"verdict", "e", "interval", "exposure", "sentence", "no_data"} <= set(
        told["indicators"]["latency"]
    )


def test_time_must_move_on_and_sides_must_fit() -> None:
    session = Session(EIGHT)
    traffic = Traffic(seed=1, share=0.05)
    session.tick(traffic.eight(5))
    before = session.snapshot()
    with pytest.raises(ObservationError, match="order of time"):
        session.tick(traffic.eight(5))
    crossed = Tick(6, 0.05, {"errors": Pair(Counts(0, 10), Samples((1.0,)))})
    with pytest.raises(ObservationError, match="two sides of a ratio"):
        session.tick(crossed)
    with pytest.raises(ObservationError, match="two sides of a ratio"):
        session.tick(Tick(6, 0.05, {"errors": Pair(Samples((1.0,)), Samples((1.0,)))}))
    with pytest.raises(ObservationError, match="11 bad of 10"):
        session.tick(Tick(6, 0.05, {"errors": Pair(Counts(11, 10), Counts(0, 1))}))
    assert session.snapshot() == before, "a refused tick leaves no trace"


def test_a_reading_that_is_no_number_is_no_data() -> None:
    pair = Pair(Samples((float("nan"),)), Samples((1.0,)))
    report = Session(EIGHT).tick(Tick(0, 0.5, {"cpu": pair}))
    assert "no finite number" in (report.indicators["cpu"].no_data or "")


def test_histograms_without_a_common_bucket_are_no_data() -> None:
    pair = Pair(Buckets((0.1, float("inf")), (1, 2)), Buckets((0.2, float("inf")), (1, 2)))
    report = Session(EIGHT).tick(Tick(0, 0.5, {"latency": pair}))
    assert "share no bucket" in (report.indicators["latency"].no_data or "")


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 40), st.integers(0, 3))
def test_a_restored_session_gives_bit_equal_reports(cut: int, seed: int) -> None:
    traffic = Traffic(seed=seed, share=0.25, times=2.0)
    ticks = [traffic.eight(t) for t in range(cut + 40)]
    whole = Session(EIGHT)
    for tick in ticks[:cut]:
        whole.tick(tick)
    text = whole.snapshot()
    assert len(text) < 16 * 1024, "the snapshot is kept in a Kubernetes object"
    again = Session.restore(EIGHT, text)
    assert again.snapshot() == text
    for tick in ticks[cut:]:
        assert again.tick(tick) == whole.tick(tick)


def test_a_snapshot_of_another_judge_is_refused() -> None:
    text = Session(ERRORS).snapshot()
    with pytest.raises(StateError, match="another judge"):
        Session.restore(EIGHT, text)
    with pytest.raises(StateError, match="cannot be read"):
        Session.restore(ERRORS, text[:-7])
    with pytest.raises(StateError, match="cannot be read"):
        Session.restore(ERRORS, "nonsense")


def test_a_panel_of_runs_is_as_many_sessions() -> None:
    runs, ticks = 3, 150
    rng = np.random.default_rng(11)
    totals = rng.poisson((150, 50), (ticks, runs, 2))
    bad = rng.binomial(totals, (0.01, 0.03))
    panel, sessions = Panel(ERRORS, (runs,)), [Session(ERRORS) for _ in range(runs)]
    for t in range(ticks):
        (bad_b, bad_c), (total_b, total_c) = bad[t].T * 1.0, totals[t].T * 1.0
        panel.update(float(t), {"errors": RatioTick(bad_b, total_b, bad_c, total_c)})
        reports = [
            session.tick(
                ratio_tick(
                    t, (bad[t, run, 0], totals[t, run, 0]), (bad[t, run, 1], totals[t, run, 1])
                )
            )
            for run, session in enumerate(sessions)
        ]
        told = [one.indicators["errors"].log_e for one in reports]
        np.testing.assert_allclose(panel.watches["errors"].evidence.log_e, told, rtol=1e-12)
        ends = [one.indicators["errors"].interval for one in reports]
        lower, upper = panel.interval("errors")
        np.testing.assert_array_equal(lower, [one.lower for one in ends])
        np.testing.assert_array_equal(upper, [one.upper for one in ends])
        assert [one.verdict is Verdict.FAIL for one in reports] == panel.failed.tolist()


def test_the_baselines_past_is_no_evidence() -> None:
    session, traffic = Session(ERRORS), Traffic(seed=4, share=0.0)
    reports = [session.tick(traffic.tick(t)) for t in range(200)]
    assert reports[-1].indicators["errors"].e == pytest.approx(1.0)
    assert reports[-1].requests_exposed == 0
    assert reports[-1].verdict is Verdict.HOLD
