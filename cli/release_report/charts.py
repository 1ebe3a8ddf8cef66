"""The report's charts as geometry: what lies where, in percent of the plot. Pure.

Deliberately not a picture yet: the template draws it, lines as SVG that stretches with the page and
labels as text that does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.release_report import axes
from cli.release_report.axes import LN10, Axis, Tick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cli.release_report.document import Gap, Indicator, ReleaseDocument

COLUMNS = 300
"""Finer than that no screen shows a curve of this size; extremes are kept."""

HOVERS = 60
"""Places at which a pointer is told the figures."""

FARTHEST = 8.0
"""As wide a ratio as the axis shows, but for the last look, which is always in sight."""

QUANTITIES = {
    "ratio": "Candidate's rate over the baseline's",
    "histogram": "Candidate's time over the baseline's, at equal rank",
    "gauge": "Candidate's level less the baseline's, relative to it",
}
"""By kind of indicator, what its interval is an interval of."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Rule:
    """A line across the plot.

    Attributes:
        place: percent from the top.
        label: for people.
        role: `bound`, `limit` or `null`: how it is painted.
    """

    place: float
    label: str
    role: str


@dataclass(frozen=True)
class Stretch:
    """A part of the time.

    Attributes:
        left: percent.
        width: percent.
        label: for people.
    """

    left: float
    width: float
    label: str


@dataclass(frozen=True)
class Plot:
    """One chart.

    Attributes:
        title: what it shows.
        alt: what is to be seen, for those who do not see it.
        columns: of the time axis, with labels; places in percent.
        rows: of the other axis; places in percent from the top.
        area: SVG path that is filled; empty for none.
        lines: SVG paths.
        rules: lines across.
        gaps: when nothing was recorded or seen.
        strip: the phases.
        hovers: what a pointer is told.
    """

    title: str
    alt: str
    columns: list[Tick]
    rows: list[Tick]
    area: str = ""
    lines: list[str] = field(default_factory=list[str])
    rules: list[Rule] = field(default_factory=list[Rule])
    gaps: list[Stretch] = field(default_factory=list[Stretch])
    strip: list[Stretch] = field(default_factory=list[Stretch])
    hovers: list[Stretch] = field(default_factory=list[Stretch])


def span(document: ReleaseDocument) -> float:
    """Seconds that the charts show: the release, or what is known of it so far."""
    known = [
        # a little of what came after: the last step is a step, too
        (document.duration_s or _seen_for(document)) * 1.015,
        *(one.t for one in document.weights),
        *(one.t for one in document.phases),
        *(one.series.t[-1] for one in document.indicators if one.series.t),
    ]
    return max(known)


def _seen_for(document: ReleaseDocument) -> float:
    """Seconds for which a release under way has been seen."""
    until, began = document.recording.last, document.started_at
    return (until - began).total_seconds() if until and began else 0.0


def weights(document: ReleaseDocument) -> Plot:
    """The candidate's share of the traffic over time."""
    seconds = span(document)
    time, columns = axes.time_axis(seconds)
    share, rows = axes.share_axis(max((one.weight for one in document.weights), default=100.0))
    d = ""
    for one in document.weights:
        x, y = _percent(time.place(one.t)), _percent(1 - share.place(one.weight))
        d += f"H{x} V{y}" if d else f"M{x} {y}"
    d += "H100" if d else ""
    steps = ", ".join(f"{one.weight:g} % at {axes.moment(one.t)}" for one in document.weights)
    return Plot(
        title=f"Share of the traffic that {document.to or 'the candidate'} had",
        alt=f"A staircase over {axes.moment(seconds)}: {steps or 'no weight was ever seen'}.",
        columns=_columns(columns),
        rows=_rows(rows),
        area=f"{d} V100 H0 Z" if d else "",
        lines=[d] if d else [],
        gaps=_gaps(document.recording.gaps, time),
        strip=_strip(document, time),
        hovers=_hovers(seconds, lambda t: f"{axes.moment(t)}: {_weight_at(document, t):g} %"),
    )


def evidence(indicator: Indicator, document: ReleaseDocument) -> Plot | None:
    """The e-value over time; None when there is none."""
    series = indicator.series
    known = [value for value in series.log_e if value is not None]
    if not known:
        return None
    seconds = span(document)
    time, columns = axes.time_axis(seconds)
    axis, rows = axes.evidence_axis(known, indicator.bound)
    points = [
        (time.place(t), None if log_e is None or not seen else 1 - axis.place(log_e / LN10))
        for t, log_e, seen in zip(series.t, series.log_e, series.has_data, strict=True)
    ]
    rules = [_rule(1 - axis.place(0.0), "no evidence", "null")]
    if indicator.bound:
        place = 1 - axis.place(math.log10(indicator.bound))
        rules.append(_rule(place, f"alone fails at {axes.figure(indicator.bound)}", "bound"))
    highest = math.exp(min(max(known), 690.0))
    return Plot(
        title="Evidence that it is worse (e-value)",
        alt=f"The e-value of {indicator.name} over time, on a logarithmic axis: it ended at "
        f"{axes.figure(indicator.e)} and was {axes.figure(highest)} at the highest; "
        + (f"it fails at {axes.figure(indicator.bound)}." if indicator.bound else "no bound told."),
        columns=_columns(columns),
        rows=_rows(rows),
        lines=[
            _path(run) for run in _runs(thin(points), _cuts(_gaps(document.recording.gaps, time)))
        ],
        rules=rules,
        gaps=[*_gaps(document.recording.gaps, time), *_blind(indicator, time)],
        hovers=_hovers(seconds, lambda t: _told_e(indicator, t)),
    )


def interval(indicator: Indicator, document: ReleaseDocument) -> Plot | None:
    """The confidence interval over time, with its margin; None when there is none."""
    series = indicator.series
    ends = [
        (t, lower, upper)
        for t, lower, upper, seen in zip(
            series.t, series.lower, series.upper, series.has_data, strict=True
        )
        if seen and (lower is not None or upper is not None)
    ]
    if not ends:
        return None
    seconds = span(document)
    time, columns = axes.time_axis(seconds)
    by_ratio = indicator.null == 1.0
    axis, rows = _interval_axis(indicator, ends, by_ratio=by_ratio)

    def place(value: float | None, unbounded: float) -> float:
        """Percent from the top, as a share; an unbounded end is at the edge."""
        if value is None or (by_ratio and value <= 0):
            return unbounded
        return 1 - axis.place(math.log(value) if by_ratio else value)

    lows = [(time.place(t), place(lower, 1.0)) for t, lower, _ in ends]
    highs = [(time.place(t), place(upper, 0.0)) for t, _, upper in ends]
    cuts = _cuts([*_gaps(document.recording.gaps, time), *_blind(indicator, time)])
    upper_runs = list(_runs(thin(highs, keep=min), cuts))
    lower_runs = list(_runs(thin(lows, keep=max), cuts))
    rules = [] if indicator.null is None else [_rule(place(indicator.null, 1.0), "alike", "null")]
    rules += [_rule(place(x, 1.0), f"margin {x:g}", "limit") for x in indicator.limits]
    return Plot(
        title=QUANTITIES.get(indicator.kind or "", "Candidate against baseline"),
        alt=f"The confidence interval of {indicator.name} over time; it ended at "
        f"{interval_text(indicator)}, the margin is {_margins(indicator)}.",
        columns=_columns(columns),
        rows=_rows(rows),
        area=" ".join(_ring(*pair) for pair in zip(upper_runs, lower_runs, strict=False)),
        lines=[_path(run) for run in (*upper_runs, *lower_runs)],
        rules=rules,
        gaps=[*_gaps(document.recording.gaps, time), *_blind(indicator, time)],
        hovers=_hovers(seconds, lambda t: _told_interval(indicator, t)),
    )


def interval_text(indicator: Indicator) -> str:
    """`0.91 to 1.04`; an unbounded end as a word."""
    lower, upper = indicator.interval
    if lower is None and upper is None:
        return "not bounded yet"
    low = "unbounded" if lower is None else axes.figure(lower)
    return f"{low} to {'unbounded' if upper is None else axes.figure(upper)}"


def _margins(indicator: Indicator) -> str:
    return " and ".join(f"{limit:g}" for limit in indicator.limits) or "not known"


def _interval_axis(
    indicator: Indicator,
    ends: Sequence[tuple[float, float | None, float | None]],
    *,
    by_ratio: bool,
) -> tuple[Axis, list[Tick]]:
    """The axis that the margin, "alike" and all but the first, wide looks fit on."""
    must = [*indicator.limits, *([] if indicator.null is None else [indicator.null])]
    last = [end for end in ends[-1][1:] if end is not None]
    late = [end for one in ends[len(ends) // 4 :] for end in one[1:] if end is not None]
    if by_ratio:
        near = [end for end in late if 1 / FARTHEST <= end <= FARTHEST]
        # an end without a bound lies beyond the margin, on either side, and has to be seen to
        must += [far for limit in indicator.limits for far in (limit**2, 1 / limit)]
        return axes.ratio_axis([value for value in (*must, *near, *last) if value > 0])
    return axes.plain_axis([*must, *last, *late])


def thin(
    points: Sequence[tuple[float, float | None]],
    keep: Callable[[list[Point]], Point] | None = None,
) -> list[tuple[float, float | None]]:
    """As many points as a screen shows; of each column its extremes, or the one to keep."""
    if len(points) <= COLUMNS * 2:
        return list(points)
    columns: dict[int, list[tuple[float, float | None]]] = {}
    for point in points:
        columns.setdefault(min(COLUMNS - 1, int(point[0] * COLUMNS)), []).append(point)
    kept: list[tuple[float, float | None]] = []
    for column in columns.values():
        known = [(y, x) for x, y in column if y is not None]
        if known:
            chosen = [min(known), max(known)] if keep is None else [keep(known)]
            kept += sorted({(x, y) for y, x in chosen})
        if len(known) < len(column):
            kept.append((column[-1][0], None))
    return kept


def _runs(
    points: Sequence[tuple[float, float | None]], cuts: Sequence[float]
) -> Iterator[list[Point]]:
    """The stretches without a hole: what is not known is not drawn through."""
    run: list[Point] = []
    for x, y in points:
        if run and (y is None or any(run[-1][0] < cut <= x for cut in cuts)):
            yield run
            run = []
        if y is not None:
            run.append((x, y))
    if run:
        yield run


def _path(run: Sequence[Point]) -> str:
    points = [f"{_percent(x)} {_percent(y)}" for x, y in run]
    # a single look is a dot: a line of no length with round ends
    return f"M{points[0]} L{' '.join(points[1:] or points)}"


def _ring(above: Sequence[Point], below: Sequence[Point]) -> str:
    points = [f"{_percent(x)} {_percent(y)}" for x, y in (*above, *reversed(below))]
    return f"M{' L'.join(points)} Z"


def _rule(place: float, label: str, role: str) -> Rule:
    return Rule(round(place * 100, 2), label, role)


def _columns(ticks: Sequence[Tick]) -> list[Tick]:
    return [Tick(round(tick.place * 100, 2), tick.label) for tick in ticks]


def _rows(ticks: Sequence[Tick]) -> list[Tick]:
    return [Tick(round((1 - tick.place) * 100, 2), tick.label) for tick in ticks]


def _gaps(gaps: Sequence[Gap], time: Axis) -> list[Stretch]:
    found: list[Stretch] = []
    for gap in gaps:
        left, right = (time.place(t) * 100 for t in gap.t)
        found.append(Stretch(round(left, 2), round(right - left, 2), gap.sentence))
    return found


def _cuts(gaps: Sequence[Stretch]) -> list[float]:
    """Where no line may be drawn across, as shares of the time axis."""
    return [(gap.left + gap.width) / 100 for gap in gaps]


def _blind(indicator: Indicator, time: Axis) -> list[Stretch]:
    """The stretches in which the judge had no data of this indicator."""
    found: list[Stretch] = []
    series, since = indicator.series, None
    for t, seen in [*zip(series.t, series.has_data, strict=True), (time.high, True)]:
        if not seen and since is None:
            since = t
        elif seen and since is not None:
            left, right = time.place(since) * 100, time.place(t) * 100
            found.append(Stretch(round(left, 2), round(right - left, 2), "no data"))
            since = None
    return found


def _strip(document: ReleaseDocument, time: Axis) -> list[Stretch]:
    """The phases; the last one of a release under way lasts until now."""
    found: list[Stretch] = []
    for phase in document.phases:
        if phase.lasted_s is None and document.ended_at is not None:
            continue
        until = time.high if phase.lasted_s is None else phase.t + phase.lasted_s
        left, right = time.place(phase.t) * 100, time.place(until) * 100
        if found and found[-1].label == phase.phase:
            left = found.pop().left
        found.append(Stretch(round(left, 2), round(right - left, 2), phase.phase))
    return found


def _hovers(seconds: float, told: Callable[[float], str]) -> list[Stretch]:
    width = 100 / HOVERS
    return [
        Stretch(round(nth * width, 3), round(width, 3), told((nth + 0.5) / HOVERS * seconds))
        for nth in range(HOVERS)
    ]


def _weight_at(document: ReleaseDocument, t: float) -> float:
    return next((one.weight for one in reversed(document.weights) if one.t <= t), 0.0)


def look_at(indicator: Indicator, t: float) -> int | None:
    """The place in the series of the last look at or before `t` seconds; None before the first."""
    found = [nth for nth, at in enumerate(indicator.series.t) if at <= t]
    return found[-1] if found else None


def _told_e(indicator: Indicator, t: float) -> str:
    nth = look_at(indicator, t)
    log_e = None if nth is None else indicator.series.log_e[nth]
    e = None if log_e is None else math.exp(min(log_e, 690.0))
    return f"{axes.moment(t)}: e {axes.figure(e)}"


def _told_interval(indicator: Indicator, t: float) -> str:
    nth = look_at(indicator, t)
    if nth is None:
        return f"{axes.moment(t)}: nothing yet"
    ends = indicator.series.lower[nth], indicator.series.upper[nth]
    return f"{axes.moment(t)}: {axes.figure(ends[0])} to {axes.figure(ends[1])}"


def _percent(share: float) -> str:
    return f"{share * 100:.2f}".rstrip("0").rstrip(".")
