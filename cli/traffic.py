"""Requests a second per colour, as the data plane counts them.

No data is told as no data, with the reason, and never as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from cli.prometheus import API, ask, number
from cli.rest import dig, objects
from cli.views import COLOURS

if TYPE_CHECKING:
    from cli.rest import Object, Rest

PROMETHEUS = f"{API}/query"
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
    answer, why = ask(rest, "query", query=QUERY.format(twin=twin, window=WINDOW))
    if why:
        return _nothing(why)
    return parse(answer)


def parse(answer: Object) -> Traffic:
    """Read an instant vector of Prometheus' HTTP API."""
    found: dict[str, ColourTraffic] = {}
    for series in objects(answer, "data", "result"):
        colour, rate = dig(series, "metric", "colour"), number(dig(series, "value", 1))
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
