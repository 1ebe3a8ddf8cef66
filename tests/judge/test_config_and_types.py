"""What the judge is told: configuration, intervals, and what it refuses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.config import Config, Direction, Indicator, Kind, parse
from judge.errors import ConfigError
from judge.family import Family
from judge.gauge import GaugeEvidence
from judge.histogram import HistogramEvidence
from judge.interval import Interval
from judge.ratio import RatioEvidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from judge.evidence import Evidence

pytestmark = pytest.mark.pure

ERRORS = {"name": "errors", "kind": "ratio"}


def test_defaults_are_those_of_the_design() -> None:
    config = parse({"indicators": [ERRORS]})
    assert config == Config(
        (Indicator("errors", Kind.RATIO, Direction.INCREASE, 0.1, None),), 0.01, 0.1
    )


def test_an_indicator_has_its_own_margin_or_the_common_one() -> None:
    block = {"margin": 0.2, "indicators": [ERRORS, ERRORS | {"name": "b", "margin": 0.5}]}
    assert [one.margin for one in parse(block).indicators] == [0.2, 0.5]


def test_the_controllers_own_keys_are_passed_over() -> None:
    block = {"indicators": [ERRORS | {"query": "sum(x)", "objective": 0.01}], "interval": "1s"}
    assert parse(block).indicators[0].objective == 0.01


@pytest.mark.parametrize("wrap", [lambda b: {"judge": b}, lambda b: {"spec": {"judge": b}}])
def test_a_whole_traffic_switch_will_do(wrap: Callable[[object], dict[str, Any]]) -> None:
    block = {"indicators": [ERRORS]}
    assert parse(wrap(block)) == parse(block)


@pytest.mark.parametrize(
    ("block", "value", "fix"),
    [
        ({}, "indicators None", "indicators: ["),
        ({"indicators": []}, "indicators []", "at least one"),
        ({"indicators": "errors"}, "indicators 'errors'", "a list"),
        ({"indicators": ["errors"]}, "indicators[0] 'errors'", "kind: ratio"),
        ({"indicators": [{"kind": "ratio"}]}, "indicators[0].name None", "name"),
        ({"indicators": [{"name": "e"}]}, "e.kind None", "ratio, histogram, gauge"),
        ({"indicators": [{"name": "e", "kind": "counter"}]}, "'counter'", "ratio"),
        ({"indicators": [ERRORS | {"direction": "up"}]}, "'up'", "increase"),
        ({"indicators": [ERRORS, ERRORS]}, "'errors'", "a name of its own"),
        ({"indicators": [ERRORS], "falseAlarmRate": 0}, "falseAlarmRate 0", "0.01"),
        ({"indicators": [ERRORS], "falseAlarmRate": "1 %"}, "'1 %'", "number"),
        ({"indicators": [ERRORS], "falseAlarmRate": math.nan}, "nan", "number"),
        ({"indicators": [ERRORS], "falseAlarmRate": True}, "True", "number"),
        ({"indicators": [ERRORS], "margin": 0}, "margin 0", "above 0"),
        ({"indicators": [ERRORS | {"margin": -1}]}, "errors.margin -1", "above 0"),
        ({"indicators": [ERRORS], "falseAlarmrate": 0.1}, "'falseAlarmrate'", "falseAlarmRate"),
        ({"indicators": [ERRORS | {"dirction": "either"}]}, "'dirction'", "direction"),
        ({"indicators": [ERRORS | {"objective": 1}]}, "errors.objective 1", "0.001"),
        (
            {"indicators": [{"name": "l", "kind": "histogram", "objective": 0.1}]},
            "l.objective",
            "ratio",
        ),
        (
            {"indicators": [ERRORS | {"direction": "decrease", "margin": 1}]},
            "errors.margin 1",
            "below 1",
        ),
        ([], "[]", "indicators"),
        (None, "None", "indicators"),
    ],
)
def test_a_refusal_names_value_and_fix(block: dict[str, Any], value: str, fix: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(block)
    assert value in refused.value.value
    assert fix in refused.value.fix
    assert refused.value.consequence


@given(st.floats(), st.floats())
def test_an_interval_is_never_upside_down(lower: float, upper: float) -> None:
    if lower <= upper:
        interval = Interval(lower, upper)
        assert lower in interval
        assert upper in interval
        assert interval.width >= 0
    else:
        with pytest.raises(ValueError, match=r"upside down|not a number"):
            Interval(lower, upper)


def test_an_interval_excludes_what_is_outside() -> None:
    interval = Interval(0.5, math.inf)
    assert interval.excludes(0.4)
    assert not interval.excludes(1e9)
    assert str(interval) == "[0.5, inf]"
    assert Interval(math.inf, math.inf).width == 0


@given(
    st.integers(1, 20),
    st.floats(1e-6, 0.5),
    st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_all_shares_together_are_at_most_the_false_alarm_rate(
    count: int, rate: float, guarded: list[bool]
) -> None:
    indicators = tuple(
        Indicator(f"i{nth}", Kind.RATIO, objective=0.01 if guarded[nth] else None)
        for nth in range(count)
    )
    family = Family.of(Config(indicators, rate))
    weights = sum(family.indicators.values()) + sum(family.tripwires.values())
    assert weights == pytest.approx(1.0), "an average of e-values has weights that make 1"
    assert family.average + family.storm <= rate * (1 + 1e-12)


def test_every_kernel_is_evidence() -> None:
    kernels: list[Evidence] = [
        kernel(direction=Direction.EITHER, margin=0.1, alpha=0.01, shape=(2,))
        for kernel in (RatioEvidence, HistogramEvidence, GaugeEvidence)
    ]
    for kernel in kernels:
        assert kernel.log_e.shape == (2,)
        assert (kernel.log_e <= 1e-12).all(), "nothing was seen"
        lower, upper = kernel.interval()
        assert (lower <= upper).all()
        assert not kernel.passes().any(), "no data is not a pass"
        kernel.load(kernel.state())
