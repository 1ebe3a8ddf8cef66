"""A file's queries as PromQL with a window to fill in.

OpenSLO leaves the query's language to the data source. Two ways of writing are understood:

- Sloth's: PromQL that takes its own rate over `[{{.window}}]`, used as it is;
- OpenSLO's examples': a counter, `requests_total{code="500"}` or `sum(requests_total{…})`, of which
  the rate is taken here.

Anything else would need a PromQL parser to be sure of, and is refused.
"""

import re
from decimal import Decimal

from slo.model import TWIN, WINDOW

_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_SELECTOR = re.compile(
    rf"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?P<braces>\{{(?:[^{{}}\"']|{_STRING}|\{{\{{\.twin\}}\}})*\}})?"
)
_SUM = re.compile(r"sum\s*\(\s*(?P<inner>.*?)\s*\)", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_BUCKET = "_bucket"
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class QueryError(ValueError):
    """A query that cannot be used.

    Attributes:
        consequence: what it would do.
        fix: what to write.
    """

    def __init__(self, consequence: str, fix: str) -> None:
        super().__init__(f"{consequence}; {fix}")
        self.consequence = consequence
        self.fix = fix


def rate(query: str, *, counter: bool) -> str:
    """Events a second, over a window to fill in.

    Args:
        query: as the file has it.
        counter: whether the file calls the metric a counter.

    Raises:
        QueryError: it is neither of the two ways of writing.
    """
    query = _normal(query)
    if WINDOW in query:
        return query
    selector = _selector(query)
    if selector is None:
        raise QueryError(
            "it takes no rate over a window and is no plain counter, so events cannot be counted",
            f"write PromQL with `[{WINDOW}]`, such as `sum(rate(requests_total[{WINDOW}]))`",
        )
    if not counter:
        raise QueryError(
            "a gauge of events cannot be added up over a window",
            f"name a counter with `counter: true`, or take the rate yourself over `[{WINDOW}]`",
        )
    return f"sum(rate({selector[0]}[{WINDOW}]))"


def error_ratio(query: str, *, of_failures: bool) -> str:
    """The error ratio of a `raw` query, which is a ratio of successes or of failures.

    Raises:
        QueryError: the query says no window.
    """
    query = _normal(query)
    if WINDOW not in query:
        raise QueryError(
            "without a window the ratio is that of one moment, which no budget can be charged with",
            f"take it over `[{WINDOW}]`, such as `avg_over_time(error_ratio[{WINDOW}])`",
        )
    return query if of_failures else f"1 - ({query})"


def histogram(query: str, value: float) -> tuple[str, str]:
    """Good and all events of a classic histogram: good are those in the buckets up to a bound.

    Args:
        query: selector of the histogram's `_bucket` series, without `le`.
        value: the bound, in the metric's unit; must be one of the histogram's.

    Raises:
        QueryError: it is no such selector.
    """
    selector = _selector(_normal(query))
    if selector is None or not selector[1].endswith(_BUCKET):
        raise QueryError(
            "only the buckets of a histogram can be compared with a threshold event by event",
            'write the selector of its buckets, such as `request_seconds_bucket{route="/"}`, '
            "or count with a ratioMetric",
        )
    if re.search(r"\ble\s*[=!]", selector[2]):
        raise QueryError(
            "it picks buckets by `le` already, so the objective's value would be a second bound",
            "leave `le` out: it is made from the objective's `value`",
        )
    matchers = selector[2].strip("{} ,")
    among = f"{matchers},{_le(value)}" if matchers else _le(value)
    stem = selector[1].removesuffix(_BUCKET)
    good = f"sum(rate({stem}{_BUCKET}{{{among}}}[{WINDOW}]))"
    return good, f"sum(rate({stem}_count{selector[2]}[{WINDOW}]))"


def fill(query: str, *, window: str, twin: str) -> str:
    """The query of one rule."""
    return query.replace(WINDOW, window).replace(TWIN, twin)


def _le(value: float) -> str:
    """A matcher of the bucket, however its client writes the bound: `1`, `1.0`, `5e-05`."""
    exact = repr(float(value))
    plain = format(Decimal(exact).normalize(), "f")
    spellings = sorted({exact, exact.removesuffix(".0"), plain})
    if len(spellings) == 1:
        return f'le="{plain}"'
    escaped = "|".join(one.replace(".", "[.]").replace("+", "[+]") for one in spellings)
    return f'le=~"{escaped}"'


def _normal(query: str) -> str:
    """The query with its placeholders in one spelling, and known.

    Raises:
        QueryError: there is another placeholder, or a bracket without its other half.
    """
    if not _paired(query):
        raise QueryError(
            "its brackets or quotes do not pair up, and one query that Prometheus cannot read "
            "stops it altogether",
            "close what is open",
        )
    found = set[str](_PLACEHOLDER.findall(query)) - {".window", ".twin"}
    if found:
        raise QueryError(
            f"nothing is known to put in for {{{{{min(found)}}}}}, so Prometheus would refuse it",
            f"use {WINDOW} and {TWIN} alone",
        )
    return _PLACEHOLDER.sub(lambda match: f"{{{{{match[1]}}}}}", query.strip())


def _paired(query: str) -> bool:
    """Whether every bracket outside of strings has its other half, and every string ends."""
    rest = re.sub(_STRING, "", query)
    opened: list[str] = []
    for letter in rest:
        if letter in "([{":
            opened.append(_CLOSING[letter])
        elif letter in ")]}" and (not opened or opened.pop() != letter):
            return False
    return not opened and not set(rest) & {'"', "'"}


def _selector(query: str) -> tuple[str, str, str] | None:
    """The whole, name and braces of a plain selector, also within `sum(…)`; None otherwise."""
    summed = _SUM.fullmatch(query)
    found = _SELECTOR.fullmatch((summed["inner"] if summed else query).strip())
    return (found[0], found["name"], found["braces"] or "") if found else None
