"""One line of `ticks.jsonl`, read into a `Tick`.

Whatever cannot be read raises; what is merely missing is `NoData`. Deliberately reads no file and
knows no line numbers: whoever reads lines names them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from judge.config import Kind
from judge.errors import ObservationError
from judge.observation import Buckets, Counts, NoData, Pair, Samples, Side, Tick

if TYPE_CHECKING:
    from judge.config import Config

NOT_JUDGED = "so the tick cannot be judged"


def tick(document: Any, config: Config) -> Tick:  # noqa: ANN401 - JSON as parsed
    """Read one tick.

    Args:
        document: as in the issue's example: `t`, `share`, `indicators`, and `users` if counted.
        config: names the indicators and their kinds; others in the document are passed over.

    Raises:
        ObservationError: naming the value, the consequence and the fix.
    """
    if not isinstance(document, Mapping):
        raise ObservationError(
            f"{_short(document)}",
            f"is no JSON object, {NOT_JUDGED}",
            'write `{"t": 12, "share": 0.05, "indicators": {…}}`',
        )
    line = cast("Mapping[str, Any]", document)
    seen = line.get("indicators", {})
    if not isinstance(seen, Mapping):
        raise ObservationError(
            f"indicators {_short(seen)}",
            f"are no JSON object, {NOT_JUDGED}",
            'write `{"errors": {"baseline": …, "candidate": …}}`',
        )
    entries = cast("Mapping[str, Any]", seen)
    return Tick(
        t=_number("t", line.get("t")),
        share=_share(line.get("share")),
        indicators={
            one.name: _pair(one.name, one.kind, entries.get(one.name)) for one in config.indicators
        },
        users=_users(line.get("users")),
    )


def _pair(name: str, kind: Kind, entry: Any) -> Pair | NoData:  # noqa: ANN401 - as parsed
    if entry is None:
        return NoData("missing from the tick")
    if not isinstance(entry, Mapping):
        raise ObservationError(
            f"{name} {_short(entry)}",
            f"is no JSON object, {NOT_JUDGED}",
            'write `{"baseline": …, "candidate": …}`, or leave it out when there is no data',
        )
    sides = cast("Mapping[str, Any]", entry)
    if "noData" in sides:
        return NoData(str(sides["noData"]))
    return Pair(
        _side(f"{name}.baseline", kind, sides.get("baseline")),
        _side(f"{name}.candidate", kind, sides.get("candidate")),
    )


def _side(where: str, kind: Kind, value: Any) -> Side:  # noqa: ANN401 - as parsed
    if value is None:
        return NoData(f"{where} is missing")
    match kind:
        case Kind.RATIO:
            return _counts(where, value)
        case Kind.HISTOGRAM:
            return _buckets(where, value)
        case Kind.GAUGE:
            return _samples(where, value)


def _counts(where: str, value: Any) -> Counts:  # noqa: ANN401 - as parsed
    if not isinstance(value, Mapping):
        raise _misshapen(where, value, "a ratio", '`{"bad": 1, "total": 190}`')
    entry = cast("Mapping[str, Any]", value)
    bad = _count(f"{where}.bad", entry.get("bad"))
    total = _count(f"{where}.total", entry.get("total"))
    if bad > total:
        raise ObservationError(
            f"{where}: {bad} bad of {total}",
            "is more than all, so the two come from different moments or queries",
            "take both increments over the same span, from one scrape",
        )
    return Counts(bad, total)


def _buckets(where: str, value: Any) -> Buckets:  # noqa: ANN401 - as parsed
    buckets = (
        cast("Mapping[str, Any]", value).get("buckets") if isinstance(value, Mapping) else None
    )
    if not isinstance(buckets, Mapping):
        example = '`{"buckets": {"0.1": 150, "+Inf": 190}}`'
        raise _misshapen(where, cast("Any", value), "a histogram", example)
    entries = cast("Mapping[str, Any]", buckets)
    counts = {
        _bound(f"{where}.buckets", key): _count(f"{where}.buckets[{key}]", count)
        for key, count in entries.items()
    }
    bounds = tuple(sorted(counts))
    return Buckets(bounds, tuple(counts[bound] for bound in bounds))


def _samples(where: str, value: Any) -> Samples | NoData:  # noqa: ANN401 - as parsed
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise _misshapen(where, value, "a gauge", "its readings, `[0.41, 0.44]`")
    readings = cast("Sequence[Any]", value)
    if not readings:
        return NoData(f"{where} has no reading")
    return Samples(tuple(_number(f"{where}[{nth}]", one) for nth, one in enumerate(readings)))


def _misshapen(where: str, value: Any, kind: str, example: str) -> ObservationError:  # noqa: ANN401
    return ObservationError(
        f"{where} {_short(value)}", f"is not what {kind} has, {NOT_JUDGED}", f"write {example}"
    )


def _bound(where: str, key: Any) -> float:  # noqa: ANN401 - as parsed
    try:
        bound = float(key)
    except (TypeError, ValueError):
        bound = math.nan
    if math.isnan(bound):
        raise ObservationError(
            f"{where} key {key!r}",
            "is no upper bound, so nobody knows what its count includes",
            'name buckets by their bounds as Prometheus does: "0.1", "0.25", "+Inf"',
        )
    return bound


def _count(where: str, value: Any) -> int:  # noqa: ANN401 - as parsed
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    if not whole or not math.isfinite(value) or value < 0 or value != int(value):
        raise ObservationError(
            f"{where} {_short(value)}",
            "is no whole count of events, and the statistics are exact for counts alone",
            "give the counter's own increment since the tick before; Prometheus' `increase()` "
            "extrapolates to fractions, and a counter that was reset falls: leave that tick out",
        )
    return int(value)


def _share(value: Any) -> float:  # noqa: ANN401 - as parsed
    share = _number("share", value)
    if not 0 <= share <= 1:
        raise ObservationError(
            f"share {share:g}",
            f"is no share of the traffic, {NOT_JUDGED}",
            "write the candidate's part as a number from 0 to 1: 5 % is 0.05",
        )
    return share


def _users(value: Any) -> int | None:  # noqa: ANN401 - as parsed
    return None if value is None else _count("users", value)


def _number(where: str, value: Any) -> float:  # noqa: ANN401 - as parsed
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ObservationError(
            f"{where} {_short(value)}",
            f"is not a finite number, {NOT_JUDGED}",
            f"write `{where.partition('[')[0]}` as a number, or leave out what was not seen",
        )
    return float(value)


def _short(value: Any) -> str:  # noqa: ANN401 - as parsed
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


_SHOWN = 60
"""Characters of a refused value that a message shows."""
