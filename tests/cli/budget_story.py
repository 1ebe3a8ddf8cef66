"""What Prometheus records of the shop's objectives, as its HTTP API would answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cli.budget_reading import BUCKETS
from cli.prometheus import API

if TYPE_CHECKING:
    from fake_kube import FakeApi

Object = dict[str, Any]
HOUR = 3600.0
ASKED = {
    "slos": [
        {"name": "availability", "objective": 0.99, "windowSeconds": HOUR},
        {"name": "latency", "objective": 0.95, "windowSeconds": HOUR},
    ]
}


def objective(
    name: str, share: float, bad: float, total: float, *, ratios: dict[str, float] | None = None
) -> list[Object]:
    """The series of one objective of the shop, over an hour."""
    values = {
        "slo:objective:ratio": share,
        "slo:time_period:days": HOUR / 86_400,
        "slo:period_coverage:ratio": 1.0,
        "slo:period_events:total": total,
        "slo:period_events:bad": bad,
        **{f"slo:sli_error:ratio_rate{window}": ratio for window, ratio in (ratios or {}).items()},
    }
    labels = {"twin": "shop", "sloth_slo": name, "sloth_service": "shop"}
    return [
        {"metric": {"__name__": record, **labels}, "value": [time.time(), repr(value)]}
        for record, value in values.items()
    ]


def answers(api: FakeApi, *series: list[Object]) -> None:
    """Prometheus answers these series to any instant query."""
    result = [one for some in series for one in some]
    api.documents[f"{API}/query"] = {
        "status": "success",
        "data": {"resultType": "vector", "result": result},
    }


def happened(api: FakeApi, name: str, bad: list[float]) -> None:
    """Prometheus answers this many bad events in each part of the hour, the oldest first."""
    assert len(bad) == BUCKETS
    part, now = HOUR / BUCKETS, time.time()
    values = [
        [now - (BUCKETS - 1 - place) * part, repr(count / part)]
        for place, count in enumerate(bad)
        if count
    ]
    api.documents[f"{API}/query_range"] = {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [{"metric": {"twin": "shop", "sloth_slo": name}, "values": values}],
        },
    }
