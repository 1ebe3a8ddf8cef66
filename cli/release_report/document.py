"""The shape of `reports/<release>.json`; documented in docs/release-report.md.

`None` means "not known" or "there is none", never zero. Times named `t` are seconds since the
release began; moments are RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

SCHEMA = "switchyard.dev/release-report/v1"
"""Fields may be added within a version; none is renamed or removed."""

Outcome = Literal["promoted", "rolledBack", "rejected", "aborted", "underWay", "unknown"]
Interval = tuple[float | None, float | None]
"""Lower and upper end; None is unbounded."""


class Side(BaseModel):
    """What one colour runs."""

    colour: str | None = None
    revision: str | None = None
    digests: dict[str, str] = Field(default_factory=dict[str, str])


class WayBack(BaseModel):
    """How production returns to what served before."""

    sentence: str
    command: str | None = None
    until: datetime | None = None
    """When the warm way back closes."""


class Weight(BaseModel):
    """The candidate's share of the traffic from this moment on."""

    at: datetime
    t: float
    weight: float
    """Percent."""


class Phase(BaseModel):
    """One phase of the release."""

    phase: str
    at: datetime
    t: float
    lasted_s: float | None
    """None for the last one."""
    reason: str


class Decision(BaseModel):
    """Something that was decided or found, with its reason."""

    at: datetime
    t: float
    what: str
    """phase, weight, hold, verdict, override or recording: what kind of line this is."""
    title: str
    reason: str


class Series(BaseModel):
    """One indicator over time, by column; all of the same length."""

    t: list[float] = Field(default_factory=list[float])
    log_e: list[float | None] = Field(default_factory=list[float | None])
    """Natural logarithm of the e-value."""
    lower: list[float | None] = Field(default_factory=list[float | None])
    upper: list[float | None] = Field(default_factory=list[float | None])
    verdict: list[str] = Field(default_factory=list[str])
    has_data: list[bool] = Field(default_factory=list[bool])
    """Whether that look had data; without, the other columns repeat what was known before."""
    baseline: list[float | None] = Field(default_factory=list[float | None])
    candidate: list[float | None] = Field(default_factory=list[float | None])
    """Exposure: requests seen so far."""


class Indicator(BaseModel):
    """What one indicator showed."""

    name: str
    kind: str | None = None
    direction: str | None = None
    margin: float | None = None
    objective: float | None = None
    """The absolute objective that the tripwire holds both colours to."""
    verdict: str
    e: float | None = None
    """None where it is beyond what a number holds; `log_e` has it then."""
    log_e: float | None = None
    bound: float | None = None
    """The e-value at which this indicator fails the release."""
    interval: Interval = (None, None)
    null: float | None = None
    """The value of the interval's quantity when both colours are alike: 1 of a ratio, 0 of a
    difference; None where the judge has not said."""
    limits: list[float] = Field(default_factory=list[float])
    """The margin on the interval's axis: a PASS must lie short of it."""
    baseline: float | None = None
    candidate: float | None = None
    """Exposure."""
    sentence: str = ""
    no_data: str | None = None
    series: Series = Field(default_factory=Series)


class Judgement(BaseModel):
    """The release's verdict."""

    verdict: str | None
    reason: str
    false_alarm_rate: float | None
    users_exposed: float | None
    requests_exposed: float | None
    requests_harmed: float | None
    """Bad ones among them."""
    power: str | None
    """What the evidence could have shown."""
    tripped: str | None
    """What the tripwire or the storm rule saw."""


class Budget(BaseModel):
    """The scarcest error budget; all figures are shares of the whole window's budget."""

    slos: list[str]
    """The objectives that were looked at; the figures are those of the scarcest."""
    before: float | None = None
    expected: float | None = None
    """What the release was expected to burn at the most."""
    burned: float | None = None
    """What the release burned; where the controller does not tell, what the budget lost while it
    ran, to whichever colour."""
    remaining: float | None = None
    override: str | None = None
    """Who let the release go on although the budget was spent, why, and until when."""


class Gap(BaseModel):
    """A stretch of the release that nobody recorded."""

    start: datetime
    end: datetime
    t: tuple[float, float]
    sentence: str


class Provenance(BaseModel):
    """What this report stands on."""

    moments: int
    first: datetime | None
    last: datetime | None
    recorded_by: list[str]
    damaged_lines: int
    gaps: list[Gap]
    rebuilt: bool
    """Whether some of it comes from the switch's own memory instead of the recording."""


class Earlier(BaseModel):
    """An earlier try of the same release."""

    started_at: datetime | None
    ended_at: datetime | None
    outcome: str
    reason: str


class ReleaseDocument(BaseModel):
    """The report of one release."""

    model_config = {"populate_by_name": True}

    schema_: str = Field(default=SCHEMA, alias="schema")
    made_at: datetime
    release: str
    twin: str
    outcome: Outcome
    headline: str
    reason: str
    from_colour: str | None
    to: str | None
    serving: str | None
    started_at: datetime | None
    ended_at: datetime | None
    """None while it is under way."""
    duration_s: float | None
    time_to_full_s: float | None
    """Seconds until the candidate had all traffic; None when it never had."""
    way_back: WayBack
    strategy: dict[str, Any]
    """As the switch's spec has it."""
    candidate: Side
    former: Side
    services: list[str]
    changed: list[str] | None
    """Services whose digest differs from the former colour's; None when that is not known."""
    weights: list[Weight]
    phases: list[Phase]
    decisions: list[Decision]
    judge: Judgement | None
    """None when nothing judged this release."""
    indicators: list[Indicator]
    budget: Budget | None
    """None when none was asked for or told of."""
    flip_ms: float | None
    """From the first weight written to the last gateway pod seen."""
    earlier: list[Earlier]
    recording: Provenance
