"""Verdicts as sentences that a human can check: counts, rates, interval, evidence and its bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.config import Direction, Kind
from judge.histogram import HistogramEvidence
from judge.ratio_group import RatioRow
from judge.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.interval import Interval
    from judge.panel import Panel, Watch
    from judge.verdict import IndicatorReport

ENOUGH = 2.0
"""A pass needs evidence of about this many times `log(1/alpha)` in nats: the wealth that is bet
against the margin grows half as fast as its likelihood ratio while the estimate still moves."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an indicator's sentence is about, besides its counts."""

    verdict: Verdict
    e: float
    interval: Interval
    no_data: str | None
    """Why this tick had none; None when it had."""


def of_watch(watch: Watch, told: Told) -> str:
    """One indicator after a tick."""
    kind = watch.indicator.kind
    within = f"{_INTERVAL[kind]} in {_ends(told.interval)}"
    evidence = f"e = {_figure(told.e)}, {_figure(1 / watch.alpha)} fails"
    match told.verdict:
        case Verdict.FAIL:
            close = evidence
        case Verdict.PASS:
            close = f"a regression beyond {_percent(watch.indicator.margin)} is excluded"
        case Verdict.HOLD if told.no_data is not None:
            close = f"no data now ({told.no_data}), and no data is not a pass"
        case Verdict.HOLD:
            close = f"{evidence}; a pass needs {_needed(watch)}"
    return f"{_COUNTS[kind](watch)}; {within}; {close}"


def of_release(
    panel: Panel, reports: Mapping[str, IndicatorReport], missing: Mapping[str, str]
) -> str:
    """Why the release stands as it does."""
    if panel.failed.any():
        return _failed(panel, reports)
    if missing:
        listed = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        return f"no data is not a pass: {listed}"
    held = [name for name, one in reports.items() if one.verdict is not Verdict.PASS]
    if not held:
        return "every indicator excludes a regression beyond its margin"
    whole = np.exp(panel.log_e)
    bound = 1 / panel.family.average
    return (
        f"{', '.join(held)}: neither a regression nor its absence is shown yet "
        f"(e = {_figure(float(whole))}, {_figure(bound)} fails)"
    )


def tripped(panel: Panel) -> str | None:
    """What ended the release other than indicators' evidence; None when nothing did."""
    for name, watch in panel.watches.items():
        if isinstance(watch.evidence, RatioRow) and bool(watch.storm):
            return (
                f"storm: nearly all of the candidate's requests count as bad ({name}), where the "
                f"baseline's past allows {_percent(float(watch.evidence.measure))} at most"
            )
    for name, watch in panel.watches.items():
        wire = watch.tripwire
        if wire is not None and watch.tripped:
            total = float(watch.exposure.sum())
            rate = float(watch.bad.sum()) / max(total, 1.0)
            return (
                f"objective: both colours together break {name}'s objective of "
                f"{_percent(wire.objective)} bad ({_percent(rate)} of {_count(total)} since the "
                "release began)"
            )
    return None


def _failed(panel: Panel, reports: Mapping[str, IndicatorReport]) -> str:
    wire = tripped(panel)
    if wire is not None:
        return wire
    rate = f"{_percent(panel.config.false_alarm_rate)} false alarms a release"
    worse = [one.sentence for one in reports.values() if one.verdict is Verdict.FAIL]
    if worse:
        return f"the candidate is worse (at {rate}): {'. '.join(worse)}"
    most = max(reports.values(), key=lambda one: one.log_e - math.log(one.bound))
    return f"all indicators together show a worse candidate (at {rate}); most: {most.sentence}"


def _ratio(watch: Watch) -> str:
    (bad_b, bad_c), (total_b, total_c) = watch.bad, watch.exposure
    return (
        f"{watch.indicator.name}: {_count(bad_c)} of {_count(total_c)} bad at the candidate"
        f"{_rate(bad_c, total_c)}, {_count(bad_b)} of {_count(total_b)} at the baseline"
        f"{_rate(bad_b, total_b)}"
    )


def _histogram(watch: Watch) -> str:
    total_b, total_c = watch.exposure
    told = (
        f"{watch.indicator.name}: {_count(total_c)} at the candidate, "
        f"{_count(total_b)} at the baseline"
    )
    if isinstance(watch.evidence, HistogramEvidence) and min(total_b, total_c) > 0:
        one = watch.evidence.telling()
        if math.isfinite(float(one.bound)):
            told += (
                f", of which {_percent(float(one.slower_candidate))} and "
                f"{_percent(float(one.slower_baseline))} above {float(one.bound):g}"
            )
    return told


def _gauge(watch: Watch) -> str:
    readings_b, readings_c = watch.exposure
    return (
        f"{watch.indicator.name}: {_count(readings_c)} readings of the candidate, "
        f"{_count(readings_b)} of the baseline"
    )


_COUNTS = {Kind.RATIO: _ratio, Kind.HISTOGRAM: _histogram, Kind.GAUGE: _gauge}
_INTERVAL = {
    Kind.RATIO: "candidate's rate over the baseline's",
    Kind.HISTOGRAM: "candidate's time over the baseline's at equal rank",
    Kind.GAUGE: "relative difference",
}


def _needed(watch: Watch) -> str:
    """What a pass asks of the interval, and for a ratio how much data that is."""
    margin, direction = watch.indicator.margin, watch.indicator.direction
    neutral = 0.0 if watch.indicator.kind is Kind.GAUGE else 1.0
    limit = neutral + margin
    if direction is Direction.DECREASE:
        text = f"it above {neutral - margin:.4g}"
    elif direction is Direction.EITHER:
        text = f"it within {_percent(margin)} of {neutral:g}"
    else:
        text = f"it below {limit:.4g}"
    if watch.indicator.kind is Kind.RATIO:
        text += _how_much(watch)
    return text


def _how_much(watch: Watch) -> str:
    """Bad events that a pass takes when both rates are equal, and how many there were."""
    total_b, total_c = watch.exposure
    if min(total_b, total_c) <= 0:
        return ", and there was no traffic on both sides yet"
    share = total_c / (total_b + total_c)
    each = 0.5 * share * (1 - share) * math.log1p(watch.indicator.margin) ** 2
    wanted = ENOUGH * -math.log(watch.alpha_pass) / each
    seen = float(watch.bad.sum())
    if seen >= wanted:
        return ""
    return (
        f": about {_count(_rounded(wanted))} bad events of both at this share, {_count(seen)} so "
        "far; more traffic, a larger share or a wider margin would help"
    )


def _rounded(number: float) -> float:
    digits = max(0, int(math.log10(max(number, 1.0))) - 1)
    return round(number / 10**digits) * 10**digits


def _rate(bad: float, total: float) -> str:
    return f" ({_percent(bad / total)})" if total else ""


def _count(number: float) -> str:
    return f"{round(float(number)):,}"


def _percent(part: float) -> str:
    return f"{100 * part:.3g} %"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= _LARGE else f"{number:.3g}"


def _ends(interval: Interval) -> str:
    upper = "∞" if math.isinf(interval.upper) else f"{interval.upper:.3g}"
    lower = "-∞" if math.isinf(interval.lower) else f"{interval.lower:.3g}"
    return f"[{lower}, {upper}]"


_LARGE = 1000
"""From here on an e-value is shown whole."""
