"""Asks the cluster's Prometheus, through the API server's service proxy: no port needs to be open.

No data is told as no data, with the reason, and never as zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cli.errors import Unreachable

if TYPE_CHECKING:
    from cli.rest import Object, Rest

API = "/api/v1/namespaces/observability/services/prometheus:9090/proxy/api/v1"
"""Where Prometheus' HTTP API is."""


def ask(rest: Rest, verb: str, **parameters: str) -> tuple[Object, str]:
    """An answer of the HTTP API, or nothing and the reason. Never raises.

    Args:
        rest: of the cluster.
        verb: `query` or `query_range`.
        parameters: of the query.
    """
    try:
        answer = rest.get(f"{API}/{verb}", **parameters)
    except Unreachable as error:
        return {}, f"Prometheus cannot be asked: {error.consequence}"
    if answer is None:
        return {}, "the cluster has no Service prometheus in namespace observability"
    if answer.get("status") != "success":
        return {}, f"Prometheus refused the query ({answer.get('error')})"
    return answer, ""


def number(text: object) -> float | None:
    """A sample's value; None for NaN and infinities, which are no data."""
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
