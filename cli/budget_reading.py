"""What Prometheus knows of a twin's error budgets, and when a spent one recovers.

One instant query for the state, one range query for when the bad events happened. What is missing
stays missing: an objective without counts is no data, with the reason, and never a full budget.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from cli.prometheus import ask, number
from cli.rest import dig, objects
from judge.budget import Budget, NoBudget, measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.rest import Object, Rest

STATE = (
    '{{__name__=~"slo:(objective|period_coverage):ratio|slo:time_period:days|'
    'slo:period_events:(total|bad)|slo:sli_error:ratio_rate.+",twin="{twin}"}}'
)
PAST = 'avg_over_time({{__name__=~"slo:sli_bad_events:rate.+",twin="{twin}"}}[{step}s])'
BUCKETS = 60
"""Parts of a window in which bad events are looked for: 60, so a minute of an hour."""

_RATIO = "slo:sli_error:ratio_rate"
_DAY = 86_400.0


@dataclass(frozen=True)
class Known:
    """What is known of one objective.

    Attributes:
        name: of the objective.
        service: what it is about; None when only the switch names it.
        objective: share of events that are to be good.
        window_s: seconds.
        budget: what its window has seen, or that it is not known.
        error_ratios: seconds-and-units of a window, such as `1h`, to bad events by all events.
        recovers_in_s: seconds until a spent budget has something left, should nothing else fail;
            None when it is not spent, or when that is not known.
    """

    name: str
    service: str | None
    objective: float | None
    window_s: float | None
    budget: Budget | NoBudget
    error_ratios: Mapping[str, float] = field(default_factory=dict[str, float])
    recovers_in_s: float | None = None


def read(rest: Rest, twin: str, asked: Mapping[str, tuple[float, float]]) -> list[Known]:
    """Everything that is known of a twin's objectives. Never raises for Prometheus' sake.

    Args:
        rest: of the cluster.
        twin: its name.
        asked: name of an objective to its share and window in seconds, as the switch has them.
    """
    answer, why = ask(rest, "query", query=STATE.format(twin=twin))
    series = _by_objective(answer)
    known = [
        _known(name, series.get(name, {}), asked.get(name), why)
        for name in sorted({*series, *asked})
    ]
    return [_with_recovery(rest, twin, one) for one in known]


def recovers_in(
    bad: Sequence[float], part_s: float, allowed: float, coverage: float = 1.0
) -> float | None:
    """Seconds until the budget has something left, should nothing else fail.

    The oldest bad events leave a rolling window first; the traffic is taken to go on as it was, by
    which a window that is young allows more with every part.

    Args:
        bad: bad events in equal parts of the window, the oldest first.
        part_s: seconds of a part.
        allowed: bad events that the window allows now.
        coverage: share of the window of which there are samples.

    Returns:
        None when that never happens, for nothing is allowed.
    """
    left = sum(bad)
    for gone in range(len(bad) + 1):
        left -= bad[gone - 1] if gone else 0.0
        if left < allowed * min(1.0, coverage + gone / len(bad)) / coverage:
            return gone * part_s
    return None


def _by_objective(answer: Object) -> dict[str, dict[str, Object]]:
    """Series by objective and name of the record."""
    found: dict[str, dict[str, Object]] = {}
    for series in objects(answer, "data", "result"):
        objective, record = dig(series, "metric", "sloth_slo"), dig(series, "metric", "__name__")
        if isinstance(objective, str) and isinstance(record, str):
            found.setdefault(objective, {})[record] = series
    return found


def _known(
    name: str, series: dict[str, Object], asked: tuple[float, float] | None, why: str
) -> Known:
    def value(record: str) -> float | None:
        return number(dig(series.get(record), "value", 1))

    days = value("slo:time_period:days")
    objective = asked[0] if asked else value("slo:objective:ratio")
    window = asked[1] if asked else (None if days is None else days * _DAY)
    service = next((dig(one, "metric", "sloth_service") for one in series.values()), None)
    if objective is None or window is None:
        budget: Budget | NoBudget = NoBudget("neither Prometheus nor the switch tells it", name)
    elif why:
        budget = NoBudget(why, name)
    else:
        budget = measured(
            objective,
            window,
            value("slo:period_events:bad"),
            value("slo:period_events:total"),
            coverage=value("slo:period_coverage:ratio"),
            name=name,
        )
    ratios = {
        record.removeprefix(_RATIO): ratio
        for record in series
        if record.startswith(_RATIO) and (ratio := value(record)) is not None
    }
    return Known(name, service, objective, window, budget, ratios)


def _with_recovery(rest: Rest, twin: str, one: Known) -> Known:
    """The same, with when a spent budget recovers."""
    if not isinstance(one.budget, Budget) or one.budget.remaining > 0:
        return one
    part = one.budget.window_s / BUCKETS
    end = time.time()
    answer, why = ask(
        rest,
        "query_range",
        query=PAST.format(twin=twin, step=max(1, round(part))),
        start=f"{end - one.budget.window_s + part:.3f}",
        end=f"{end:.3f}",
        step=f"{part:.3f}",
    )
    if why:
        return one
    for series in objects(answer, "data", "result"):
        if dig(series, "metric", "sloth_slo") == one.name:
            rates = _aligned(cast("object", dig(series, "values")), end, part)
            recovery = recovers_in(
                [rate * part for rate in rates], part, one.budget.allowed, one.budget.coverage
            )
            return replace(one, recovers_in_s=recovery)
    return one


def _aligned(samples: object, end: float, part: float) -> list[float]:
    """Rates of the parts of a window, the oldest first; parts without a sample saw nothing."""
    rates = [0.0] * BUCKETS
    for sample in cast("list[Any]", samples) if isinstance(samples, list) else []:
        at, rate = number(dig(sample, 0)), number(dig(sample, 1))
        if at is None or rate is None:
            continue
        place = BUCKETS - 1 - round((end - at) / part)
        if 0 <= place < BUCKETS:
            rates[place] = rate
    return rates
