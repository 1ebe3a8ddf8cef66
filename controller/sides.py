"""One indicator's pair for one span of time, made of both colours' series. Pure.

Whatever is missing, stale or makes no sense becomes the judge's NoData with its reason, for that
side of that indicator and that span alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from controller.phases import Colour
from controller.series import NonsenseError, Series, newest
from judge.observation import Buckets, Counts, NoData, Pair, Samples, Side

COLOUR = "colour"
"""Label by which a series says whose it is."""
STALE = 5.0
"""Seconds after which the newest sample says nothing about now: 5, several scrapes."""

Found = Mapping[str, Sequence[Series]]
"""Selector to series."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: after one moment, up to another."""

    after: float
    until: float
    stale: float = STALE


def pair(
    kind: str, selectors: Mapping[str, str | None], found: Found, span: Span, candidate: Colour
) -> Pair | NoData:
    """Both sides of an indicator.

    Args:
        kind: ratio, histogram or gauge.
        selectors: what of the indicator is found by which selector.
        found: the series by selector.
        span: when.
        candidate: which colour is the candidate.
    """
    parts = {what: selector for what, selector in selectors.items() if selector}
    if not parts:
        return NoData("it has no query, so nothing can be found")
    sides: dict[Colour, Side] = {}
    for colour in Colour:
        of_colour = {what: _of(found[selector], colour) for what, selector in parts.items()}
        sides[colour] = _unusable(of_colour, span, colour) or _side(kind, of_colour, span, colour)
    return Pair(baseline=sides[candidate.other], candidate=sides[candidate])


def _of(series: Sequence[Series], colour: Colour) -> list[Series]:
    return [one for one in series if one.labels.get(COLOUR) == colour.value]


def _unusable(parts: Mapping[str, list[Series]], span: Span, colour: Colour) -> NoData | None:
    """Why there is nothing to count; None when there is something."""
    for what, series in parts.items():
        at = newest(series, span.until)
        if at is None:
            return NoData(f"no series of {colour} for {what}")
        if (age := span.until - at) > span.stale:
            return NoData(f"{what} of {colour} is stale: its newest sample is {age:.0f} s old")
    return None


def _side(kind: str, parts: Mapping[str, list[Series]], span: Span, colour: Colour) -> Side:
    try:
        if kind == "ratio":
            return _counts(parts, span)
        if kind == "histogram":
            return _buckets(parts["buckets"], span)
        return _values(parts["values"], span, colour)
    except NonsenseError as error:
        return NoData(f"nonsense from {colour}: {error}")
    except KeyError as error:
        return NoData(f"it has no query for {error}")


def _counts(parts: Mapping[str, list[Series]], span: Span) -> Side:
    bad, total = (
        round(sum(one.increment(span.after, span.until) for one in parts[what]))
        for what in ("bad", "total")
    )
    if bad > total:
        raise NonsenseError(f"{bad} bad events among {total}")
    return Counts(bad, total)


def _buckets(series: Sequence[Series], span: Span) -> Side:
    """Classic buckets, summed over processes, each of which must itself make sense."""
    if any(one.histograms for one in series):
        return NoData("native histograms are not read yet; name the classic `_bucket` series")
    processes: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for one in series:
        bound = _bound(one)
        who = frozenset((k, v) for k, v in one.labels.items() if k != "le")
        processes.setdefault(who, {})[bound] = one.increment(span.after, span.until)
    layouts = {tuple(sorted(buckets)) for buckets in processes.values()}
    if len(layouts) != 1:
        raise NonsenseError("its processes have different buckets, so they cannot be added up")
    bounds = next(iter(layouts))
    if not math.isinf(bounds[-1]):
        raise NonsenseError("there is no bucket +Inf, so nobody knows how many events there were")
    for buckets in processes.values():
        counts = [buckets[bound] for bound in bounds]
        if any(later < sooner for sooner, later in pairwise(counts)):
            raise NonsenseError("its buckets are cumulative and yet fall")
    totals = (round(sum(buckets[bound] for buckets in processes.values())) for bound in bounds)
    return Buckets(bounds, tuple(totals))


def _bound(series: Series) -> float:
    text = series.labels.get("le", "")
    try:
        bound = float(text)
    except ValueError:
        bound = math.nan
    if math.isnan(bound):
        raise NonsenseError(f"{series.name} has the bound {text!r}, which is no number")
    return bound


def _values(series: Sequence[Series], span: Span, colour: Colour) -> Side:
    """The newest value of each process; one that left meanwhile has none."""
    values = [
        value
        for one in series
        if (value := one.last(span.until - span.stale, span.until)) is not None
    ]
    return Samples(tuple(values)) if values else NoData(f"no series of {colour} for values")
