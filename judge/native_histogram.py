"""Prometheus native histograms, read onto the axis that the judge compares on.

A native histogram of schema `n`, -4 to 8, has the upper bounds `2^(i 2^-n)` for all integers `i`,
and stores the buckets that hold something. It comes in two forms, after the specification "Native
Histograms" (https://prometheus.io/docs/specs/native_histograms/):

- as remote write and the protobuf exposition have it: spans of consecutive buckets, and their
  counts as differences from one bucket to the next (integers) or as they are (floats); `of_spans`;
- as the HTTP API answers queries: `[rule, left, right, count]` for each bucket that holds something
  (https://prometheus.io/docs/prometheus/latest/querying/api/#native-histograms); `of_api`.

Schemas nest: halving the resolution joins two neighbours, so two histograms are always comparable
at the lower of their schemas, without interpolation. The axis is the same for all of them: the
bounds of schema 1, a factor of 1.41 apart, from 2^-12 to 2^20. With seconds that is a quarter of a
millisecond to days, with milliseconds a quarter of a microsecond to a quarter of an hour. A
histogram of a lower schema, or of a zero bucket wider than the lowest bounds, knows fewer of them
and tells only those; `buckets.align` then intersects.

Custom buckets (schema -53) are classic histograms in another dress and keep their bounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from judge.errors import ObservationError
from judge.observation import Buckets, NoData

LOWEST_SCHEMA, HIGHEST_SCHEMA = -4, 8
"""What the specification calls standard exponential schemas."""
CUSTOM = -53
"""The schema of custom buckets."""
AXIS_SCHEMA = 1
"""Of the axis: bounds a factor of 1.41 apart, finer than the defaults of any client."""
AXIS = (-24, 40)
"""First and last index of its bounds: 2^-12 to 2^20."""
BEYOND = 2**40
"""Index that stands for the bucket of infinite observations: above every bound of every schema."""
CLOSE = 1e-9
"""Relative difference up to which two bounds are one: the API prints shortened floats."""


@dataclass(frozen=True, slots=True)
class NativeHistogram:
    """Sparse buckets of one histogram, or of the difference of two.

    Args:
        schema: resolution; -4 to 8, or -53 for custom buckets.
        count: all observations.
        zero_count: observations in the zero bucket.
        zero_threshold: width of the zero bucket.
        positive: count by index, of `(base^(i-1), base^i]`; with custom buckets of
            `(custom[i-1], custom[i]]`.
        negative: the same of negative observations.
        custom: upper bounds of custom buckets, rising, without +Inf.
    """

    schema: int
    count: float
    zero_count: float = 0.0
    zero_threshold: float = 0.0
    positive: Mapping[int, float] = field(default_factory=dict[int, float])
    negative: Mapping[int, float] = field(default_factory=dict[int, float])
    custom: tuple[float, ...] = ()

    def coarser(self, schema: int) -> NativeHistogram:
        """The same observations at a lower resolution.

        Raises:
            ValueError: when `schema` is higher than this one's, or one of them is custom.
        """
        if CUSTOM in (schema, self.schema) or schema > self.schema:
            raise ValueError(
                f"schema {self.schema} cannot become {schema}: buckets can be joined, not split"
            )
        by = self.schema - schema
        return NativeHistogram(
            schema,
            self.count,
            self.zero_count,
            self.zero_threshold,
            _joined(self.positive, by),
            _joined(self.negative, by),
        )

    def since(self, earlier: NativeHistogram) -> NativeHistogram | NoData:
        """What was observed after `earlier`, an older sample of the same counter.

        A counter that was reset, or one whose zero bucket or custom bounds changed, is no data.
        """
        if (self.custom, self.zero_threshold) != (earlier.custom, earlier.zero_threshold):
            return NoData("the histogram's zero bucket or custom bounds changed between two reads")
        new, old = self, earlier
        if self.schema != earlier.schema:
            lower = min(self.schema, earlier.schema)
            new, old = self.coarser(lower), earlier.coarser(lower)
        grown = NativeHistogram(
            new.schema,
            new.count - old.count,
            new.zero_count - old.zero_count,
            new.zero_threshold,
            _less(new.positive, old.positive),
            _less(new.negative, old.negative),
            new.custom,
        )
        counts = (grown.count, grown.zero_count, *grown.positive.values(), *grown.negative.values())
        if min(counts) < 0:
            return NoData("the histogram was reset between two reads")
        return grown

    def buckets(self) -> Buckets:
        """Cumulative counts on the axis, as a classic histogram would have them.

        Negative observations and the zero bucket lie below the first bound; bounds inside the zero
        bucket are left out, for nobody knows what lies below them. Observations that are NaN lie
        in no bucket, and so above every bound.
        """
        if self.schema == CUSTOM:
            return self._custom_buckets()
        least = min(self.schema, AXIS_SCHEMA)
        coarse = self.coarser(least)
        apart = 2 ** (AXIS_SCHEMA - least)
        below = self.zero_count + math.fsum(self.negative.values())
        bounds, cumulative = list[float](), list[float]()
        for at in range(AXIS[0], AXIS[1] + 1):
            bound = 2.0 ** (at / 2**AXIS_SCHEMA)
            if at % apart or bound < self.zero_threshold:
                continue
            bounds.append(bound)
            last = at // apart
            inside = math.fsum(n for index, n in coarse.positive.items() if index <= last)
            cumulative.append(below + inside)
        return Buckets((*bounds, math.inf), _whole((*cumulative, self.count)))

    def _custom_buckets(self) -> Buckets:
        running, cumulative = 0.0, list[float]()
        for index in range(len(self.custom)):
            running += self.positive.get(index, 0.0)
            cumulative.append(running)
        return Buckets((*self.custom, math.inf), _whole((*cumulative, self.count)))


def of_spans(document: Mapping[str, Any]) -> NativeHistogram:
    """Decode spans and deltas, as remote write and the protobuf exposition have them.

    Args:
        document: `schema`, `count`, `zeroThreshold`, `zeroCount`, `positiveSpans` and
            `negativeSpans` (lists of `{offset, length}`: the first offset is the first bucket's
            index, a later one the gap since the span before), and either `positiveDeltas` (each
            count as its difference from the one before) or `positiveCounts` (as they are);
            `customValues` with schema -53. Names may be in snake_case; numbers may be text.

    Raises:
        ObservationError: naming what cannot be.
    """
    told = {_camel(str(key)): value for key, value in document.items()}
    schema = int(_number("schema", told.get("schema", 0)))
    if schema != CUSTOM and not LOWEST_SCHEMA <= schema <= HIGHEST_SCHEMA:
        raise ObservationError(
            f"native histogram of schema {schema}",
            "has bounds that nobody defined",
            f"expose one from {LOWEST_SCHEMA} to {HIGHEST_SCHEMA}, or {CUSTOM} for custom buckets",
        )
    custom = tuple(_number("customValues", one) for one in told.get("customValues") or ())
    positive, negative = _side(told, "positive"), _side(told, "negative")
    if schema == CUSTOM and (negative or any(not 0 <= at <= len(custom) for at in positive)):
        raise ObservationError(
            f"custom buckets {sorted(positive)} beside {len(custom)} bounds",
            "have no place",
            "give one bucket a custom bound, and one above the last",
        )
    zero = _number("zeroCount", told.get("zeroCount") or told.get("zeroCountFloat") or 0)
    return _checked(
        NativeHistogram(
            schema,
            _number("count", told.get("count", told.get("countFloat", math.nan))),
            zero,
            _number("zeroThreshold", told.get("zeroThreshold") or 0),
            positive,
            negative,
            custom,
        )
    )


def of_api(document: Mapping[str, Any]) -> NativeHistogram:
    """Decode what the HTTP API answers, such as of `increase(latency_seconds[1s])`.

    Args:
        document: `{"count": "10", "sum": "…", "buckets": [[rule, left, right, count], …]}`; the
            rule says which ends are included and may be passed over, for counts are continuous
            there. The schema follows from any bucket's ends.

    Raises:
        ObservationError: naming what cannot be.
    """
    count = _number("count", document.get("count", math.nan))
    zero_count, zero_threshold = 0.0, 0.0
    found = dict[int, dict[float, tuple[float, float]]]({1: {}, -1: {}})
    for entry in cast("Sequence[Any]", document.get("buckets") or ()):
        if not isinstance(entry, Sequence) or len(cast("Sequence[Any]", entry)) != 4:  # noqa: PLR2004
            raise _misshapen(entry)
        _, *rest = cast("Sequence[Any]", entry)
        left, right, inside = (_number("bucket", one) for one in rest)
        if not left < right:
            raise _misshapen(entry)
        if left <= 0 <= right:
            zero_count, zero_threshold = zero_count + inside, max(right, -left)
        elif left > 0:
            found[1][right] = (left, inside)
        else:
            found[-1][-left] = (-right, inside)
    schema = _schema(found)
    sides = {
        sign: {_index(right, schema): inside for right, (_, inside) in side.items()}
        for sign, side in found.items()
    }
    return _checked(NativeHistogram(schema, count, zero_count, zero_threshold, sides[1], sides[-1]))


def _schema(found: Mapping[int, Mapping[float, tuple[float, float]]]) -> int:
    """The schema whose buckets these are; the highest when there are none to tell."""
    schemas = set[int]()
    for side in found.values():
        for right, (left, _) in side.items():
            if math.inf in (right, left):
                continue  # the bucket of infinite observations, the same in every schema
            exact = -math.log2(math.log2(right / left))
            schema = round(exact)
            if abs(exact - schema) > 1e-3 or not LOWEST_SCHEMA <= schema <= HIGHEST_SCHEMA:  # noqa: PLR2004
                raise ObservationError(
                    f"bucket ({left:g}, {right:g}]",
                    "is not one of a standard exponential schema",
                    "query a native histogram; give one with custom buckets as a classic one",
                )
            schemas.add(schema)
    if len(schemas) > 1:
        raise ObservationError(
            f"buckets of the schemas {sorted(schemas)}",
            "stand in one histogram",
            "query one series, or an aggregation by Prometheus, which merges them",
        )
    return next(iter(schemas), HIGHEST_SCHEMA)


def _index(right: float, schema: int) -> int:
    return BEYOND if right == math.inf else round(math.log2(right) * 2.0**schema)


def _side(told: Mapping[str, Any], name: str) -> dict[int, float]:
    spans = cast("Sequence[Mapping[str, Any]]", told.get(f"{name}Spans") or ())
    deltas, counts = told.get(f"{name}Deltas") or (), told.get(f"{name}Counts") or ()
    if deltas and counts:
        raise ObservationError(
            f"{name}Deltas beside {name}Counts", "say the same twice", "keep one of them"
        )
    values = [_number(f"{name} bucket", one) for one in deltas or counts]
    if deltas:
        running, absolute = 0.0, list[float]()
        for delta in values:
            running += delta
            absolute.append(running)
        values = absolute
    indices, at = list[int](), 0
    for nth, span in enumerate(spans):
        offset, length = (int(_number(key, span.get(key, 0))) for key in ("offset", "length"))
        if length < 0 or (nth and offset < 0):
            raise ObservationError(
                f"{name}Spans {dict(span)}", "run backwards", "keep later offsets and lengths >= 0"
            )
        at += offset
        indices += range(at, at + length)
        at += length
    if len(indices) != len(values):
        raise ObservationError(
            f"{name}Spans over {len(indices)} buckets beside {len(values)} counts",
            "leave counts without a bucket",
            "give one count for each bucket of the spans",
        )
    return {index: value for index, value in zip(indices, values, strict=True) if value}


def _checked(histogram: NativeHistogram) -> NativeHistogram:
    for name, side in (("positive", histogram.positive), ("negative", histogram.negative)):
        for index, inside in side.items():
            if not (math.isfinite(inside) and inside >= 0):
                raise ObservationError(
                    f"{name} bucket {index} counts {inside:g}",
                    "cannot be: a bucket holds no less than nothing",
                    "check whether deltas were given as counts; drop a sample that was reset",
                )
    inside = math.fsum((*histogram.positive.values(), *histogram.negative.values()))
    inside += histogram.zero_count
    # NaN observations are counted and lie in no bucket; a sum of rates is exact to rounding alone
    if not inside <= histogram.count * (1 + CLOSE) + CLOSE or histogram.zero_count < 0:
        raise ObservationError(
            f"count {histogram.count:g} beside {inside:g} in the buckets",
            "cannot both be true",
            "give the histogram as Prometheus has it",
        )
    return histogram


def _joined(side: Mapping[int, float], by: int) -> dict[int, float]:
    """Buckets of a schema lower by `by`: index `i` becomes `ceil(i / 2^by)`."""
    joined = dict[int, float]()
    for index, inside in side.items():
        lower = -((-index) >> by)
        joined[lower] = joined.get(lower, 0.0) + inside
    return joined


def _less(new: Mapping[int, float], old: Mapping[int, float]) -> dict[int, float]:
    left = {index: new.get(index, 0.0) - old.get(index, 0.0) for index in {*new, *old}}
    return {index: inside for index, inside in left.items() if inside}


def _whole(counts: tuple[float, ...]) -> tuple[int, ...]:
    """Never falling, though sums of floats may by a rounding error."""
    risen, top = list[float](), 0.0
    for count in counts:
        top = max(top, count)
        risen.append(top)
    return cast("tuple[int, ...]", tuple(int(one) if one == int(one) else one for one in risen))


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _number(name: str, value: Any) -> float:  # noqa: ANN401 - a document as parsed
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ObservationError(
            f"{name} {value!r}", "is not a number", "give the histogram as Prometheus has it"
        ) from None


def _misshapen(entry: Any) -> ObservationError:  # noqa: ANN401 - a document as parsed
    return ObservationError(
        f"bucket {entry!r}",
        "is not what the API answers",
        'give `[rule, "left", "right", "count"]` with left < right',
    )
