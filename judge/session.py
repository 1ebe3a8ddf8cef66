"""One release under judgement: ticks go in, reports come out.

Holds no clock and does no input or output. A session may be cut at any tick: what `snapshot` tells,
`restore` becomes, and its reports are bit for bit those that would have come.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from judge import sentences
from judge.batch_tick import GaugeTick, HistogramTick, RatioTick
from judge.buckets import align
from judge.config import Kind
from judge.errors import ObservationError, StateError
from judge.interval import Interval
from judge.observation import Buckets, Counts, NoData, Pair, Samples
from judge.panel import FRESH, Panel
from judge.sentences import Told
from judge.verdict import Exposure, IndicatorReport, Report, Verdict, readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from judge.batch_tick import Observed
    from judge.buckets import Aligned
    from judge.config import Config
    from judge.observation import Tick
    from judge.panel import Watch

VERSION = 1
"""Of a snapshot; another version's is refused."""


class Session:
    """The judge of one release.

    Args:
        config: what it is judged by.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._panel = Panel(config)
        self._requests = 0
        self._users: int | None = None

    def tick(self, tick: Tick) -> Report:
        """Take in one tick and say how the release stands.

        Raises:
            ObservationError: when the tick is not later than the one before, or its data do not fit
                the indicators; the session is then as it was.
        """
        last = self._panel.t
        if last is not None and not tick.t > last:
            raise ObservationError(
                f"t {tick.t:g} after {last:g}",
                "does not move on, so the tick may have been counted already",
                "send each tick once, in order of time",
            )
        observed: dict[str, Observed] = {}
        missing: dict[str, str] = {}
        for name, watch in self._panel.watches.items():
            seen = _observed(watch, tick.indicators.get(name, NoData("missing from the tick")))
            if isinstance(seen, str):
                missing[name] = seen
            else:
                observed[name] = seen
        self._panel.update(tick.t, observed)
        self._requests += max(
            (int(seen.exposed[1]) for seen in observed.values() if not isinstance(seen, GaugeTick)),
            default=0,
        )
        if tick.users is not None:
            self._users = (self._users or 0) + tick.users
        return self._report(tick.t, missing)

    def _report(self, t: float, missing: dict[str, str]) -> Report:
        reports: dict[str, IndicatorReport] = {}
        for name, watch in self._panel.watches.items():
            silence = float(watch.silent)
            if name not in missing and silence > FRESH:
                missing[name] = (
                    "no events on both sides yet"
                    if silence == float("inf")
                    else f"no events on one side for {silence:.0f} s"
                )
            reports[name] = _indicator(watch, missing.get(name))
        if bool(self._panel.failed):
            verdict = Verdict.FAIL
        elif all(one.verdict is Verdict.PASS for one in reports.values()):
            verdict = Verdict.PASS
        else:
            verdict = Verdict.HOLD
        return Report(
            t=t,
            verdict=verdict,
            reason=sentences.of_release(self._panel, reports, missing),
            requests_exposed=self._requests,
            users_exposed=self._users,
            indicators=reports,
            tripped=sentences.tripped(self._panel) if verdict is Verdict.FAIL else None,
        )

    def snapshot(self) -> str:
        """All that later reports depend on, as one line of text."""
        state = {
            "version": VERSION,
            "config": _digest(self.config),
            "requests": self._requests,
            "users": self._users,
            "panel": self._panel.state(),
        }
        packed = zlib.compress(json.dumps(_pack(state)).encode(), 9)
        return base64.b85encode(packed).decode()

    @classmethod
    def restore(cls, config: Config, text: str) -> Session:
        """The session that told `text`.

        Raises:
            StateError: when the text is no snapshot, or one of another version or configuration.
        """
        try:
            state = _unpack(json.loads(zlib.decompress(base64.b85decode(text))))
            version, digest = state["version"], state["config"]
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            raise StateError(
                f"snapshot of {len(text)} characters",
                "cannot be read, so the evidence so far is lost",
                "begin a new session; its verdict will rest on what comes",
            ) from error
        if (version, digest) != (VERSION, _digest(config)):
            raise StateError(
                f"snapshot of version {version}, configuration {digest}",
                f"was told by another judge than this one ({VERSION}, {_digest(config)})",
                "begin a new session; evidence for other questions answers none of these",
            )
        session = cls(config)
        session._panel.load(state["panel"])
        session._requests, session._users = state["requests"], state["users"]
        return session


def _observed(watch: Watch, pair: Pair | NoData) -> Observed | str:
    """The tick's data as arrays, or why there are none."""
    sides = (pair,) if isinstance(pair, NoData) else (pair.baseline, pair.candidate)
    missing = next((side.reason for side in sides if isinstance(side, NoData)), None)
    if isinstance(pair, NoData) or missing is not None:
        return missing or "no data"
    match watch.indicator.kind, pair.baseline, pair.candidate:
        case Kind.RATIO, Counts() as baseline, Counts() as candidate:
            _check_counts(watch, baseline, candidate)
            counts = (baseline.bad, baseline.total, candidate.bad, candidate.total)
            return RatioTick(*(np.asarray(one, dtype=np.float64) for one in counts))
        case Kind.HISTOGRAM, Buckets() as baseline, Buckets() as candidate:
            aligned = _aligned(watch, baseline, candidate)
            if aligned is None:
                return "the two colours share no bucket"
            return HistogramTick(aligned.bounds, aligned.baseline, aligned.candidate)
        case Kind.GAUGE, Samples() as baseline, Samples() as candidate:
            means = _mean(baseline), _mean(candidate)
            if not np.isfinite(means).all():
                return "a reading is no finite number"
            return GaugeTick(*means)
        case kind, _, _:
            name = watch.indicator.name
            raise ObservationError(
                f"{name}: {type(pair.baseline).__name__} beside {type(pair.candidate).__name__}",
                f"are not the two sides of a {kind.value}, so they cannot be compared",
                f"give both sides of {name} as a {kind.value}'s",
            )


def _aligned(watch: Watch, baseline: Buckets, candidate: Buckets) -> Aligned | None:
    try:
        return align(baseline.bounds, baseline.cumulative, candidate.bounds, candidate.cumulative)
    except ObservationError as error:
        value = f"{watch.indicator.name}: {error.value}"
        raise ObservationError(value, error.consequence, error.fix) from error


def _check_counts(watch: Watch, *sides: Counts) -> None:
    for side in sides:
        if not 0 <= side.bad <= side.total:
            raise ObservationError(
                f"{watch.indicator.name}: {side.bad} bad of {side.total}",
                "cannot be, so the tick is not counted",
                "give increments of both counters over the same span; after a reset, no data",
            )


def _mean(samples: Samples) -> NDArray[np.float64]:
    values = samples.values
    return np.asarray(sum(values) / len(values) if values else math.nan)


def _indicator(watch: Watch, no_data: str | None) -> IndicatorReport:
    log_e = float(watch.evidence.log_e)
    lower, upper = watch.evidence.interval()
    interval = Interval(float(lower), float(upper))
    if watch.fails:
        verdict = Verdict.FAIL
    elif no_data is None and bool(watch.evidence.passes()):
        verdict = Verdict.PASS
    else:
        verdict = Verdict.HOLD
    baseline, candidate = watch.exposure
    told = Told(verdict=verdict, e=readable(log_e), interval=interval, no_data=no_data)
    return IndicatorReport(
        indicator=watch.indicator,
        verdict=verdict,
        log_e=log_e,
        bound=1 / watch.alpha,
        interval=interval,
        exposure=Exposure(float(baseline), float(candidate)),
        sentence=sentences.of_watch(watch, told),
        no_data=no_data,
    )


def _digest(config: Config) -> str:
    return hashlib.sha256(repr(config).encode()).hexdigest()[:12]


def _pack(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Lists of floats as the bytes they are: short, and exact without a thought."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _pack(one) for key, one in entries.items()}
    if not isinstance(value, list):
        return value
    items = cast("list[Any]", value)
    if not items or not _numbers(items):
        return [_pack(one) for one in items]
    array = np.asarray(items, dtype=np.float64)
    return {"shape": array.shape, "float64": base64.b85encode(array.tobytes()).decode()}


def _numbers(value: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return all(_numbers(one) for one in cast("list[Any]", value))
    return isinstance(value, int | float)


def _unpack(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if set(entries) != {"shape", "float64"}:
            return {key: _unpack(one) for key, one in entries.items()}
        array = np.frombuffer(base64.b85decode(entries["float64"]), dtype=np.float64)
        return array.reshape(entries["shape"]).tolist()
    if isinstance(value, list):
        return [_unpack(one) for one in cast("list[Any]", value)]
    return value
