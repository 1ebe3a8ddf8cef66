"""The report as one HTML page that needs nothing else: no network, no script. Pure.

The template escapes whatever it is given: a reason is somebody else's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli import output
from cli.release_report import axes, charts
from cli.release_report.reading import listing

if TYPE_CHECKING:
    from cli.release_report.charts import Plot
    from cli.release_report.document import Indicator, ReleaseDocument

TEMPLATES = Path(__file__).parent / "templates"

ROWS = 40
"""Rows of a table behind a chart; the JSON has every look."""

DECISIONS = 250
"""Lines of the list of decisions; the JSON has all."""

MARKS = {
    "promoted": ("good", "✓", "promoted"),
    "rolledBack": ("bad", "✗", "rolled back"),
    "rejected": ("bad", "✗", "rejected"),
    "aborted": ("bad", "✗", "aborted"),
    "underWay": ("waiting", "…", "under way"),
    "unknown": ("waiting", "?", "unknown"),
}
"""Outcome to tone, sign and word: never told by colour alone."""

_UNIT = re.compile(r"(?<=\d) (?=(?:s|ms|%)\b|%)")

TONES = {"PASS": "good", "FAIL": "bad", "HOLD": "waiting"}


@dataclass(frozen=True)
class Card:
    """One indicator with its charts and the figures behind them."""

    indicator: Indicator
    tone: str
    interval: str
    evidence_plot: Plot | None
    interval_plot: Plot | None
    rows: list[dict[str, Any]]


def render(document: ReleaseDocument) -> str:
    """The page."""
    tone, sign, word = MARKS[document.outcome]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            document=document,
            tone=tone,
            sign=sign,
            word=word,
            weights=charts.weights(document),
            cards=[_card(one, document) for one in document.indicators],
            tones=TONES,
            shown=DECISIONS,
            strategy=_strategy(document),
        )
    )


def _card(indicator: Indicator, document: ReleaseDocument) -> Card:
    return Card(
        indicator=indicator,
        tone=TONES.get(indicator.verdict, "waiting"),
        interval=charts.interval_text(indicator),
        evidence_plot=charts.evidence(indicator, document),
        interval_plot=charts.interval(indicator, document),
        rows=_rows(indicator),
    )


def _rows(indicator: Indicator) -> list[dict[str, Any]]:
    """Looks spread over the series, and each at which the verdict changed."""
    series = indicator.series
    count = len(series.t)
    every = max(1, count // ROWS)
    chosen = {
        nth
        for nth in range(count)
        if nth % every == 0
        or nth == count - 1
        or (nth and series.verdict[nth] != series.verdict[nth - 1])
    }
    return [
        {
            "t": series.t[nth],
            "log_e": series.log_e[nth],
            "lower": series.lower[nth],
            "upper": series.upper[nth],
            "verdict": series.verdict[nth],
            "baseline": series.baseline[nth],
            "candidate": series.candidate[nth],
        }
        for nth in sorted(chosen)
    ]


def _strategy(document: ReleaseDocument) -> str:
    """The strategy in one line."""
    spec = document.strategy
    kind = {"blueGreen": "blue-green"}.get(str(spec.get("kind")), str(spec.get("kind") or "?"))
    parts = [kind]
    if kind != "blue-green" and (steps := listing(spec.get("steps"))):
        parts.append("/".join(str(step) for step in steps) + " %")
    if kind != "blue-green" and spec.get("dwell"):
        parts.append(f"{spec['dwell']} a step at least")
    return ", ".join(parts)


def _clock(at: datetime | None) -> str:
    """`14:03:59`, in UTC."""
    return output.NOTHING if at is None else f"{at.astimezone(UTC):%H:%M:%S}"


def _stamp(at: datetime | None) -> str:
    """`2026-11-23 14:03:59`, in UTC."""
    return output.NOTHING if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _duration(seconds: float | None) -> str:
    return output.NOTHING if seconds is None else output.duration(seconds)


def _share(value: float | None) -> str:
    """`12.5 %`."""
    return output.NOTHING if value is None else f"{value * 100:.3g} %"


def _e_value(log_e: float | None) -> str:
    """The e-value of a logarithm, however large."""
    if log_e is None:
        return output.NOTHING
    power = log_e / axes.LN10
    return axes.figure(10.0**power) if abs(power) < 300 else f"10^{power:.0f}"  # noqa: PLR2004 - what a float holds


def _unbroken(text: object) -> str:
    """The text with its figures and their units on one line."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", str(text))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": _clock,
        "stamp": _stamp,
        "duration": _duration,
        "unbroken": _unbroken,
        "share": _share,
        "e_value": _e_value,
        "figure": axes.figure,
        "moment": axes.moment,
        "short": output.short,
    }
    return environment
