"""A service level objective as this project uses it, whatever file it came from."""

from dataclasses import dataclass
from decimal import Decimal

WINDOW = "{{.window}}"
"""In a query: the window of a rate, put in for each rule. Sloth's notation."""

TWIN = "{{.twin}}"
"""In a query: the name of the twin, so that one file serves several."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """An indicator that counts: PromQL of rates (events a second), each with `{{.window}}`.

    Attributes:
        bad: events that failed; derived from total and good when the file counts good ones.
        total: all events.
    """

    bad: str
    total: str


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """An indicator that is an error ratio already: PromQL with `{{.window}}`.

    Attributes:
        error: bad events by all events, 0 to 1.
    """

    error: str


@dataclass(frozen=True, kw_only=True)
class BurnAlert:
    """One more alert than the standard ones: an OpenSLO AlertPolicy with a burn-rate condition.

    Attributes:
        name: of the condition.
        severity: as the file says, such as `page`.
        threshold: burn rate above which it fires; 1 spends the budget in exactly the window.
        lookback: seconds over which the burn rate is taken.
        after: seconds for which it must be so.
        when_breaching: whether it fires on the burn rate.
        when_no_data: whether it fires on the absence of the indicator.
        targets: names of the notification targets, for a router of alerts.
    """

    name: str
    severity: str
    threshold: float
    lookback: int
    after: int
    when_breaching: bool
    when_no_data: bool
    targets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Slo:
    """One objective of one indicator over one rolling window.

    Attributes:
        name: unique among the SLOs of a twin.
        service: what it is about, as its users name it.
        title: for people.
        description: why this objective; may be empty.
        objective: share of events that are to be good, 0 < objective < 1.
        window: seconds; rolling.
        indicator: how good and bad are told apart.
        alerts: what is alerted on beside the standard burn-rate alerts.
        labels: the file's own labels, put on every rule.
        source: the file, for messages.
    """

    name: str
    service: str
    title: str
    description: str
    objective: float
    window: int
    indicator: Events | Ratio
    alerts: tuple[BurnAlert, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    source: str = ""

    @property
    def budget(self) -> float:
        """Share of events that may be bad: 1 - objective, without binary noise (0.001, not …01)."""
        return float(1 - Decimal(repr(self.objective)))

    @property
    def id(self) -> str:
        """Sloth's identity: the service and the name."""
        return f"{self.service}-{self.name}"
