"""What a `TrafficSwitch` says of a ramp: how it is to be judged, and how far it has come.

Part of the contract in `api.py`; here because a ramp is a noun of its own.
"""

from datetime import timedelta

from pydantic import Field

from controller.model import Duration, Model, Moment


class Query(Model):
    """Where one indicator's samples are: selectors of raw series, which carry `colour`.

    Selectors, not expressions: increments are taken here, series by series, so that the restart of
    a pod is seen as one and nothing is extrapolated.
    """

    bad: str | None = None
    """Ratio: the counter of bad events."""
    total: str | None = None
    """Ratio: the counter of all events."""
    buckets: str | None = None
    """Histogram: its cumulative buckets, with `le`; or a native histogram."""
    values: str | None = None
    """Gauge: its values, one series a pod."""


class Indicator(Model):
    """One thing that the judge compares between the colours."""

    name: str
    kind: str
    """ratio, histogram or gauge."""
    direction: str = "increase"
    """Which change is a regression: increase, decrease or either."""
    margin: float | None = None
    """Default: the judge's."""
    objective: float | None = None
    """Ratio: the share of bad events that the service's objective allows, for the tripwire."""
    query: Query = Query()


class Judge(Model):
    """How a candidate is compared with what serves."""

    indicators: tuple[Indicator, ...] = ()
    false_alarm_rate: float = 0.01
    """Over the whole release and all indicators, however often one looks."""
    margin: float = 0.1
    """A pass must exclude a regression larger than this."""
    interval: Duration = timedelta(seconds=1)
    """Time between two looks; not below the scrape interval of the series."""
    detectable: float = 5.0
    """The smallest regression, as a factor, that the evidence must have been able to show before
    all of the traffic moves."""


class Sticky(Model):
    """By what a user is known, so that every request of theirs gets the same colour."""

    cookie: str | None = None


class Slo(Model):
    """An objective, as its rules record it."""

    name: str
    objective: float
    """Share of events that are to be good."""
    window_seconds: float


class ErrorBudget(Model):
    """The objectives whose remaining budget sets the pace."""

    slos: tuple[Slo, ...] = ()


class Exposure(Model):
    """What evidence rests on: events, observations or readings."""

    baseline: float
    candidate: float


class Evidence(Model):
    """What the judge holds of one indicator."""

    name: str
    verdict: str
    kind: str = ""
    direction: str = ""
    margin: float | None = None
    e: float | None = None
    """The e-value, capped; absent without data."""
    log_e: float | None = None
    bound: float | None = None
    """The e-value at which it fails."""
    interval: tuple[float | None, ...] = ()
    """Lower and upper end of the confidence sequence; null is unbounded."""
    exposure: Exposure | None = None
    sentence: str = ""
    no_data: str | None = None


class JudgeState(Model):
    """What the judge said last, and what it needs to go on after a restart."""

    state: str
    """Nobody else understands it."""
    at: Moment
    """Until when every indicator had data."""
    verdict: str
    reason: str
    requests_exposed: float = 0.0
    """Requests that the candidate has answered under judgement."""
    requests_harmed: float = 0.0
    """Bad ones among them."""
    rps: float = 0.0
    """Requests a second of both colours."""
    error_rate: float = 0.0
    """The baseline's share of bad requests."""
    tripped: str | None = None
    """What ended the ramp other than an indicator's evidence."""
    users_exposed: int | None = None


class Weighing(Model):
    """From when on the candidate had which share of the traffic."""

    at: Moment
    weight: int
    reason: str = ""


class Ramp(Model):
    """How far a ramp has come."""

    step: int
    """Counted from 0."""
    weight: int
    """The candidate's share in percent that this step asks for."""
    since: Moment
    """When this step began."""
    seen_at: Moment | None = None
    """When the data plane had shown the weight."""
    dwell: Duration
    """For how long data must have been judged at this weight."""
    judged: float = 0.0
    """Seconds at this weight for which every indicator had data."""
    until: Moment | None = None
    """When the next step may come at the earliest, if data keeps coming."""
    chosen: str = ""
    """Why this weight and dwell."""
    reason: str = ""
    """Why it is not at the next step yet."""
    detectable: float | None = None
    """The smallest regression, as a factor, that the evidence so far could have shown."""
    power: str = ""
    """The same in a sentence, with what would help."""
    weights: tuple[Weighing, ...] = ()
    budget_left: float | None = None
    """Share of the error budget that remains; the scarcest objective's."""
    expected_burn: float | None = None
    """Share of the budget that a candidate would cost that is as bad as can just be seen."""
    burned: float | None = None
    """Share of the budget that the candidate has cost."""
    override: str | None = None
    """Who lifted a freeze, why, and until when."""


class RampEnding(Model):
    """What remains of a ramp in the history."""

    weights: tuple[Weighing, ...] = ()
    verdicts: dict[str, str] = Field(default_factory=dict)
    requests_exposed: float = 0.0
    requests_harmed: float = 0.0
    budget_left: float | None = None
    expected_burn: float | None = None
    burned: float | None = None
    change_size: float | None = None
    """Share of the services whose digest differs from what served."""
    services: tuple[str, ...] = ()
    """Which."""
    override: str | None = None
