"""What was seen of the world, as types; "could not be seen" is one of them, and never a pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from controller.api import Status
from controller.arrival import NOTHING_YET, Arrival
from controller.phases import Colour
from controller.ramp_api import Evidence
from controller.sight import NOT_LOOKED_AT, Readiness, Sight, Unknown
from judge.budget import Budget


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says about the candidate's digests."""

    outcome: str
    """pass, fail or hold."""
    reason: str = ""


Verdicts = Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge said of the samples up to a moment."""

    follows: str | None
    """The state that it goes on from; None: it begins."""
    state: str
    """What it needs to go on."""
    at: datetime
    """Until when samples are counted."""
    verdict: str
    """PASS, FAIL or HOLD."""
    reason: str
    evidence: tuple[Evidence, ...] = ()
    seconds: float = 0.0
    """How much time with data for every indicator has been added."""
    missing: str | None = None
    """What had no data last, and why."""
    exposed: float = 0.0
    """Requests that the candidate has answered since the ramp began."""
    harmed: float = 0.0
    """Bad ones among them."""
    detectable: float | None = None
    """The smallest regression, as a factor, that all of this could have shown; None: none."""
    power: str = ""
    """The same in a sentence, with what would help."""
    rps: float = 0.0
    """Requests a second of both colours."""
    error_rate: float = 0.0
    """The baseline's share of bad requests."""
    tripped: str | None = None
    """What ended the ramp other than an indicator's evidence."""
    users: int | None = None
    """Users who have met the candidate; None: nobody counts them."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the error budget allows."""

    remaining: float | None
    """Share that is left of the scarcest objective's budget; may be negative; None: unknown."""
    max_step: float | None = None
    """Percentage points by which a step may raise the weight; None: any."""
    dwell_factor: float = 1.0
    """How much longer each step lasts."""
    frozen: bool = False
    """Whether nothing may be raised."""
    reason: str = ""
    override: str | None = None
    """Who lifted a freeze, why, and until when."""
    budget: Budget | None = None
    """The scarcest objective's."""


@dataclass(frozen=True, slots=True)
class Commands:
    """What people asked for by annotation."""

    abort: str | None = None
    abort_reason: str = ""
    retry: str | None = None
    has_override: bool = False
    """Whether a signed override is attached."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose status and routes these are."""

    name: str
    namespace: str
    uid: str
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that a decision looks at, apart from the goal and the clock."""

    identity: Identity
    status: Status
    commands: Commands = Commands()
    routes: Mapping[str, Mapping[str, Any]] | Unknown = NOT_LOOKED_AT
    """All HTTPRoutes of the switch's namespace by name, as the API server tells them."""
    candidate: Readiness = NOT_LOOKED_AT
    """The candidate's workloads, digests and endpoints."""
    endpoints: Mapping[Colour, Readiness] = field(default_factory=dict[Colour, Readiness])
    """Whether a colour has a ready endpoint for every service."""
    preview: Readiness = NOT_LOOKED_AT
    """The candidate's answers through every gateway pod's preview route."""
    live: Sight = NOT_LOOKED_AT
    """What production is answered with."""
    arrival: Arrival = NOTHING_YET
    """What the answers so far prove of a share that is under way."""
    judgement: Judgement | Unknown = NOT_LOOKED_AT
    """What the judge says of the candidate under traffic."""
    budget: Allowance | Unknown | None = None
    """What the error budget allows; None: no objective is asked for."""
    written_at: datetime | None = None
    """When this process' first weight write of the present movement returned."""
    watched_since: datetime | None = None
    """Since when this process has been watching: deadlines do not run while nobody looks."""
