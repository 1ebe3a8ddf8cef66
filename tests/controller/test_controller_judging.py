"""Evidence as a function of samples: whoever looked, and however often somebody died."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from controller_simulator import make_spec

from controller import judging
from controller.api import Attempt, Spec
from controller.observed import Judgement
from controller.phases import Colour
from controller.ramp_api import Ramp, Weighing
from controller.series import Series
from controller.sight import Unknown

pytestmark = pytest.mark.pure

START = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = START.timestamp()
INDICATORS: list[dict[str, Any]] = [
    {
        "name": "errors",
        "kind": "ratio",
        "objective": 0.01,
        "query": {"bad": "bad", "total": "all"},
    },
    {"name": "latency", "kind": "histogram", "margin": 0.25, "query": {"buckets": "latency"}},
    {"name": "memory", "kind": "gauge", "margin": 0.5, "query": {"values": "memory"}},
]


@dataclass
class Traffic:
    """What Prometheus holds of a release: a sample a second and series."""

    seconds: int = 120
    share: float = 0.2
    rate: int = 100
    errors: dict[str, float] = field(default_factory=lambda: {"blue": 0.005, "green": 0.005})
    slow: dict[str, float] = field(default_factory=lambda: {"blue": 0.1, "green": 0.1})
    lost: dict[str, range] = field(default_factory=dict[str, range])
    """Seconds without samples of a colour."""

    def series(self) -> dict[str, list[Series]]:
        rng = random.Random(7)  # noqa: S311 - a seeded simulation
        found: dict[str, list[Series]] = {"bad": [], "all": [], "latency": [], "memory": []}
        for colour in ("blue", "green"):
            part = self.share if colour == "green" else 1 - self.share
            total, bad, fast = 1000, 5, 900
            samples: dict[str, list[tuple[float, float]]] = {
                key: [] for key in ("all", "bad", "fast", "memory")
            }
            for second in range(-10, self.seconds):
                count = round(self.rate * part)
                total += count
                bad += sum(rng.random() < self.errors[colour] for _ in range(count))
                fast += sum(rng.random() >= self.slow[colour] for _ in range(count))
                if second in self.lost.get(colour, range(0)):
                    continue
                at = ORIGIN + second + 0.3
                samples["all"].append((at, total))
                samples["bad"].append((at, bad))
                samples["fast"].append((at, fast))
                samples["memory"].append((at, 30e6 * (1 + rng.random() / 50)))
            labels = {"colour": colour, "pod": f"{colour}-0"}
            found["all"].append(Series(labels, tuple(samples["all"])))
            found["bad"].append(Series(labels, tuple(samples["bad"])))
            found["memory"].append(Series(labels, tuple(samples["memory"])))
            for bound, key in (("0.1", "fast"), ("+Inf", "all")):
                found["latency"].append(Series({**labels, "le": bound}, tuple(samples[key])))
        return found


def spec(indicators: list[dict[str, Any]] | None = None) -> Spec:
    judge = {"indicators": indicators or INDICATORS}
    return Spec.model_validate({**make_spec("green", "v2"), "judge": judge})


def judged(
    found: dict[str, list[Series]],
    looks: list[float],
    *,
    wanted: Spec | None = None,
    weight: int = 20,
) -> list[Judgement]:
    """What is said by looks at these seconds, each in a process of its own."""
    wanted = wanted or spec()
    attempt = Attempt(
        release=wanted.release,
        to=Colour.GREEN,
        revision=wanted.candidate.revision,
        digests=wanted.candidate.digests,
        services=wanted.services,
        started_at=START,
    )
    ramp = Ramp.model_validate(
        {
            "step": 0,
            "weight": weight,
            "since": START,
            "dwell": "1m",
            "weights": [Weighing(at=START, weight=weight)],
        }
    )
    text: str | None = None
    said: list[Judgement] = []
    for look in looks:
        one = judging.advance(
            spec=wanted, attempt=attempt, ramp=ramp, text=text, found=found, now=ORIGIN + look
        )
        if one is None:
            continue
        assert isinstance(one, Judgement), one
        text = one.state
        said.append(one)
    return said


def test_the_evidence_does_not_depend_on_who_looked_when() -> None:
    found = Traffic().series()
    each_second = judged(found, [float(second) for second in range(120)])
    rarely = judged(found, [3.2, 40.7, 41.0, 100.0, 119.0])
    assert rarely[-1].state == each_second[-1].state, "bit for bit, whoever was dead meanwhile"
    assert rarely[-1].evidence == each_second[-1].evidence
    assert sum(one.seconds for one in rarely) == sum(one.seconds for one in each_second)
    assert rarely[-1].exposed == pytest.approx(117 * 20, abs=40)


def test_a_look_before_a_span_is_over_says_nothing() -> None:
    assert judged(Traffic().series(), [0.5, 1.0]) == []


def test_a_much_worse_candidate_fails_and_the_harm_is_counted() -> None:
    traffic = Traffic(seconds=240, errors={"blue": 0.005, "green": 0.3})
    said = judged(traffic.series(), [float(second) for second in range(0, 240, 5)])
    assert said[-1].verdict == "FAIL", said[-1].reason
    assert said[-1].harmed > 50


def test_a_good_candidate_is_never_failed_and_its_power_grows() -> None:
    said = judged(Traffic(seconds=240).series(), [float(s) for s in range(0, 240, 10)])
    assert {one.verdict for one in said} <= {"HOLD", "PASS"}
    powers = [one.detectable for one in said if one.detectable]
    assert powers == sorted(powers, reverse=True), "more evidence shows smaller regressions"
    assert powers[-1] < 5


def test_few_requests_show_nothing_and_say_what_would_help() -> None:
    traffic = Traffic(rate=1, share=1.0)  # nothing is left for the baseline to compare with
    said = judged(traffic.series(), [60.0])
    assert said[-1].detectable is None
    assert "would help" in said[-1].power


def test_a_colour_that_falls_silent_is_no_data_from_then_on() -> None:
    traffic = Traffic(lost={"green": range(60, 200)})
    said = judged(traffic.series(), [float(second) for second in range(119)])
    assert said[-1].missing is not None
    assert "stale" in said[-1].missing
    assert said[-1].seconds == 0, "time without data is no time judged"
    assert said[-1].at.timestamp() < ORIGIN + 70, "the newest data is known to be old"
    named = {one.name: one.no_data for one in said[-1].evidence}
    assert all(named.values()), named


def test_a_gauge_is_not_compared_once_the_candidate_carries_more() -> None:
    said = judged(Traffic(share=0.75).series(), [60.0], weight=75)
    memory = next(one for one in said[-1].evidence if one.name == "memory")
    assert memory.no_data is None, "it does not hold the ramp either"
    assert said[-1].missing is None


def test_an_indicator_without_series_holds_with_its_name() -> None:
    other = [*INDICATORS, {"name": "sales", "kind": "gauge", "query": {"values": "nowhere"}}]
    found = {**Traffic().series(), "nowhere": []}
    said = judged(found, [60.0], wanted=spec(other))
    assert said[-1].missing == "sales: no series of blue for values"


def test_a_state_of_another_version_is_refused_and_not_guessed_at() -> None:
    wanted = spec()
    attempt = Attempt(
        release="r", to=Colour.GREEN, revision="a" * 40, digests={}, services=(), started_at=START
    )
    ramp = Ramp.model_validate({"step": 0, "weight": 5, "since": START, "dwell": "1m"})
    said = judging.advance(
        spec=wanted, attempt=attempt, ramp=ramp, text='[2,0,"",0,0,"[]"]', found={}, now=ORIGIN
    )
    assert isinstance(said, Unknown)
    assert "version 2" in said.reason


def test_the_window_reaches_back_to_the_sample_before_the_first_that_counts() -> None:
    state = judging.State(counted=ORIGIN)
    assert judging.window(state, ORIGIN + 2, 1.0) == 7.0
