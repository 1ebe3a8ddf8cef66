"""Multi-window, multi-burn-rate alerting: which windows, and from which burn rate on.

From "Alerting on SLOs", The Site Reliability Workbook, table 5-8 (Google, 2018): an alert fires
when a long window has burnt a notable share of the budget, and a short one shows that it still
burns. Checked against Sloth's published windows (slok/sloth, internal/alert/windows/google-30d.yaml
and google-28d.yaml) and its formula (`getBurnRateFactor` in internal/alert/window.go):

    factor = budget share x SLO window / long window

For SLO windows of 28 days and more the alert windows are the workbook's, and the factor follows
from the formula (28 days: 13.44, 5.6, 2.8, 0.93). Sloth has no windows for shorter ones and asks
for a table; here theirs are the workbook's in proportion (7 days: 1h becomes 14m), so the share
spent when an alert fires and the factors (14.4, 6, 3, 1) stay the workbook's. A window too short
for the scrape interval is lengthened to hold enough samples, and keeps its factor: it then fires
after a larger share of so small a budget, and never on the noise of two samples.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from slo.durations import DAY, HOUR, MINUTE

REFERENCE = 30 * DAY
"""Seconds: the SLO window for which the workbook gives its alert windows."""

SHORTEST_AS_IS = 28 * DAY
"""Seconds: from here on the workbook's alert windows are taken as they are, as Sloth does."""

SAMPLES = 5
"""Scrapes in the shortest window: 5, because a rate over fewer swings with a single late scrape."""

LEAST = 10
"""Seconds of the shortest window: 10, or a busy machine that misses a few evaluations would make a
gap of it, which is no data."""

LONG_BY_SHORT = 3
"""A lengthened long window is at least 3 short ones, or both would say the same."""


@dataclass(frozen=True)
class AlertWindow:
    """A pair of windows and the burn rate from which on both together alert.

    Attributes:
        budget_percent: percent of the budget that is spent when it fires, from the workbook.
        short: seconds; shows that it still burns.
        long: seconds; shows that it matters.
        factor: burn rate; 1 spends the budget in exactly the SLO's window.
    """

    budget_percent: float
    short: int
    long: int
    factor: float


@dataclass(frozen=True)
class AlertWindows:
    """The four pairs: two that page a person, two that write a ticket."""

    page_quick: AlertWindow
    page_slow: AlertWindow
    ticket_quick: AlertWindow
    ticket_slow: AlertWindow

    def __iter__(self) -> Iterator[AlertWindow]:
        """The pairs, the most urgent first."""
        return (getattr(self, field.name) for field in fields(self))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Seconds of every window in use, the shortest first, each once."""
        return tuple(sorted({length for pair in self for length in (pair.short, pair.long)}))

    @property
    def base(self) -> int:
        """Seconds of the window from which the period is added up: the quickest page's short."""
        return self.page_quick.short


_WORKBOOK = (
    (2.0, 5 * MINUTE, 1 * HOUR),
    (5.0, 30 * MINUTE, 6 * HOUR),
    (10.0, 2 * HOUR, 1 * DAY),
    (10.0, 6 * HOUR, 3 * DAY),
)
"""Percent of the budget, short and long window, for a window of 30 days; table 5-8."""


def burn_rate_factor(period: int, budget_percent: float, long: int) -> float:
    """The burn rate that spends a share of a period's budget within the long window.

    The operations are Sloth's, in Sloth's order, so that the figures are equal to the last bit.

    Args:
        period: seconds of the SLO's window.
        budget_percent: percent of the budget.
        long: seconds of the long window.
    """
    hours_to_consume = budget_percent * (period / HOUR) / 100
    return hours_to_consume / (long / HOUR)


def alert_windows(period: int, scrape_interval: float) -> AlertWindows:
    """The windows of the alerts of an SLO.

    Args:
        period: seconds of the SLO's window.
        scrape_interval: seconds between two samples of the indicator.
    """
    pairs = [_pair(period, scrape_interval, *row) for row in _WORKBOOK]
    return AlertWindows(*pairs)


def shortest_period(scrape_interval: float) -> int:
    """Seconds of the shortest SLO window in which the longest alert window fits twice."""
    return 2 * LONG_BY_SHORT * _shortest(scrape_interval)


def evaluation_interval(windows: AlertWindows, scrape_interval: float) -> int:
    """Seconds between two evaluations: five in the shortest window, at most 30, whole scrapes."""
    wanted = min(30.0, windows.base / SAMPLES)
    return max(1, round(max(wanted, scrape_interval)))


def _pair(
    period: int, scrape_interval: float, percent: float, short: int, long: int
) -> AlertWindow:
    if period >= SHORTEST_AS_IS:
        return AlertWindow(percent, short, long, burn_rate_factor(period, percent, long))
    scale = period / REFERENCE
    least = _shortest(scrape_interval)
    factor = burn_rate_factor(REFERENCE, percent, long)
    return AlertWindow(
        percent,
        max(least, round(short * scale)),
        max(LONG_BY_SHORT * least, round(long * scale)),
        factor,
    )


def _shortest(scrape_interval: float) -> int:
    return max(LEAST, round(SAMPLES * scrape_interval))
