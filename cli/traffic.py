"""Requests a second per colour, as the data plane counts them.

Asks the cluster's Prometheus through the API server's service proxy, so that no port needs to be
open. No data is told as no data, with the reason, and never as zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from cli.errors import Unreachable
from cli.rest import dig, objects
from cli.views import COLOURS

if TYPE_CHECKING:
    from cli.rest import Object, Rest

PROMETHEUS = "/api/v1/namespaces/observability/services/prometheus:9090/proxy/api/v1/query"
WINDOW = "10s"
"""Long enough for several scrapes, short enough to show a cutover while it is watched."""
QUERY = (
    "sum by (colour, outcome) "
    '(rate(switchyard_gateway_requests_total{{twin="{twin}",outcome=~"all|error"}}[{window}]))'
)


class ColourTraffic(BaseModel):
    """One colour's traffic; null means no data."""

    requests_per_second: float | None = None
    errors_per_second: float | None = None


class Traffic(BaseModel):
    """Both colours' traffic, or why there is none to tell."""

    colours: dict[str, ColourTraffic] = Field(default_factory=dict[str, ColourTraffic])
    no_data_because: str | None = None


def read(rest: Rest, twin: str) -> Traffic:
    """Ask once. Never raises: the view it is for goes on without."""
    try:
        answer = rest.get(PROMETHEUS, query=QUERY.format(twin=twin, window=WINDOW))
    except Unreachable as error:
        return _nothing(f"Prometheus does not answer ({error.consequence})")
    if answer is None:
        return _nothing("the cluster has no Service prometheus in namespace observability")
    return parse(answer)


def parse(answer: Object) -> Traffic:
    """Read an instant vector of Prometheus' HTTP API."""
    if answer.get("status") != "success":
        return _nothing(f"Prometheus refused the query ({answer.get('error')})")
    found: dict[str, ColourTraffic] = {}
    for series in objects(answer, "data", "result"):
        colour, rate = dig(series, "metric", "colour"), _number(dig(series, "value", 1))
        if colour not in COLOURS or rate is None:
            continue
        traffic = found.setdefault(colour, ColourTraffic())
        if dig(series, "metric", "outcome") == "error":
            traffic.errors_per_second = rate
        else:
            traffic.requests_per_second = rate
    if not found:
        return _nothing("Prometheus has no such series yet")
    return Traffic(colours={colour: found.get(colour, ColourTraffic()) for colour in COLOURS})


def _nothing(why: str) -> Traffic:
    return Traffic(colours={colour: ColourTraffic() for colour in COLOURS}, no_data_because=why)


def _number(text: object) -> float | None:
    """A sample's value; None for NaN and infinities, which are no data."""
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
