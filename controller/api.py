"""`TrafficSwitch` as types: what Pulumi asks for (spec) and what the controller tells (status).

The schema that the API server enforces is `crd.yaml`; a test holds both to the same names.
Frozen throughout: a decision makes a new status, it never edits one.
"""

from datetime import timedelta
from typing import Any

from pydantic import AliasChoices, Field

from controller.model import Duration, Model, Moment
from controller.phases import Colour, Outcome, Phase
from controller.ramp_api import (
    ErrorBudget,
    Evidence,
    Judge,
    JudgeState,
    Ramp,
    RampEnding,
    Sticky,
)

GROUP = "switchyard.dev"
VERSION = "v1alpha1"
PLURAL = "trafficswitches"
KIND = "TrafficSwitch"

ABORT = f"{GROUP}/abort"
"""Annotation: the release to abort."""
ABORT_REASON = f"{GROUP}/abort-reason"
"""Annotation: why, in one sentence."""
OVERRIDE = f"{GROUP}/override"
"""Annotation: a signed statement that lifts a freeze of the error budget."""
RETRY = f"{GROUP}/retry"
"""Annotation: the rejected release to try again."""

Digests = dict[str, str]


class GatewayRef(Model):
    """The Gateway that the routes attach to."""

    name: str
    namespace: str


class Side(Model):
    """One colour of the twin."""

    namespace: str


class Colours(Model):
    """Both colours of the twin."""

    blue: Side
    green: Side

    def namespace(self, colour: Colour) -> str:
        """The namespace in which that colour runs."""
        return (self.blue if colour is Colour.BLUE else self.green).namespace


class Service(Model):
    """One public service; all of a switch's services move together."""

    name: str
    hostnames: tuple[str, ...]
    path: str = "/"
    port: int = 8080
    probe: str = "/"


class Candidate(Model):
    """The content of the colour that `live` names."""

    revision: str
    digests: Digests


class Strategy(Model):
    """How traffic moves."""

    kind: str = "blueGreen"
    """blueGreen: all at once; canary: by fixed steps; progressive: by the exposure policy."""
    steps: tuple[int, ...] = (1, 5, 25, 50, 100)
    """Percent of the traffic that the candidate gets, one step after the other; the bounds of
    `progressive`."""
    dwell: Duration = timedelta(minutes=10)
    """For how long a step is judged at least."""
    sticky_by: Sticky | None = None
    rollback_window: Duration = timedelta(hours=1)
    """How long after the promotion `abort` still goes back at once."""
    health_timeout: Duration = timedelta(minutes=5)
    """How long Preparing and Probing may take together."""
    confirm_timeout: Duration = timedelta(seconds=30)
    """How long written weights may take to be seen: 30 s; a working gateway needs under one."""

    @property
    def ramps(self) -> bool:
        """Whether traffic moves step by step under judgement."""
        return self.kind != "blueGreen"


class Gate(Model):
    """A verdict that must be there before traffic moves."""

    kind: str


class Content(Model):
    """What serves or served: a colour, what it runs, and the services by which it is reached."""

    colour: Colour
    revision: str
    digests: Digests
    services: tuple[Service, ...] = ()

    def same_workloads(self, other: "Content") -> bool:
        """Whether both are the same colour running the same thing."""
        mine = (self.colour, self.revision, self.digests)
        return mine == (other.colour, other.revision, other.digests)


class Spec(Model):
    """What is asked for."""

    release: str
    live: Colour
    gateway: GatewayRef
    colours: Colours
    services: tuple[Service, ...]
    candidate: Candidate
    strategy: Strategy = Strategy()
    judge: Judge | None = None
    error_budget: ErrorBudget | None = None
    gates: tuple[Gate, ...] = ()

    @property
    def goal(self) -> Content:
        """What is to serve."""
        return Content(
            colour=self.live,
            revision=self.candidate.revision,
            digests=self.candidate.digests,
            services=self.services,
        )


class PhaseRecord(Model):
    """When the present release entered a phase, and why."""

    phase: Phase
    at: Moment
    reason: str = ""


class Shift(Model):
    """The evidence of a movement of weights."""

    written_at: Moment
    """When the first weight write returned."""
    seen_at: Moment | None = None
    """When every gateway pod had been seen to serve the new colour."""
    flip_ms: int | None = None


class Attempt(Model):
    """The release under way or last ended, frozen when it began."""

    release: str
    origin: Colour | None = Field(
        default=None,
        validation_alias=AliasChoices("from", "origin"),
        serialization_alias="from",
    )
    to: Colour
    revision: str
    digests: Digests
    services: tuple[Service, ...]
    started_at: Moment

    @property
    def content(self) -> Content:
        """What is to serve."""
        return Content(
            colour=self.to, revision=self.revision, digests=self.digests, services=self.services
        )


class Rollback(Model):
    """A way back, from the first write to the proof."""

    to: Content | None = None
    """What is to serve again; absent: nothing served before, so nothing will."""
    content: Content
    """What is taken out of service."""
    outcome: Outcome
    reason: str
    remember: bool
    """Whether the digests count as rejected: not when another goal merely overtook this one."""
    started_at: Moment
    written_at: Moment | None = None


class Rejection(Model):
    """Digests that are refused until somebody asks for a retry."""

    release: str
    revision: str
    digests: Digests
    reason: str
    at: Moment


class Ending(Model):
    """One line of the past."""

    release: str
    origin: Colour | None = Field(
        default=None,
        validation_alias=AliasChoices("from", "origin"),
        serialization_alias="from",
    )
    to: Colour
    outcome: Outcome
    reason: str
    started_at: Moment
    ended_at: Moment
    flip_ms: int | None = None
    ramp: RampEnding | None = None


class Condition(Model):
    """As `metav1.Condition`."""

    type: str
    status: str
    reason: str
    message: str = ""
    last_transition_time: Moment
    observed_generation: int | None = None


class Status(Model):
    """What the controller knows; all progress is here, so that a restart loses nothing."""

    observed_generation: int | None = None
    serving: Colour | None = None
    weight: int = 0
    mirror: int = 0
    phase: Phase = Phase.PENDING
    release: str | None = None
    settled: str | None = None
    reason: str = ""
    phases: tuple[PhaseRecord, ...] = ()
    shift: Shift | None = None
    ramp: Ramp | None = None
    evidence: tuple[Evidence, ...] = ()
    judge: JudgeState | None = None
    attempt: Attempt | None = None
    rollback: Rollback | None = None
    current: Content | None = None
    previous: Content | None = None
    rollback_until: Moment | None = None
    rejected: tuple[Rejection, ...] = ()
    history: tuple[Ending, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Switch(Model):
    """A TrafficSwitch as read from the API server, with what a decision needs of its metadata."""

    name: str
    namespace: str
    uid: str
    generation: int
    resource_version: str
    annotations: dict[str, str]
    spec: Spec
    status: Status

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "Switch":
        """Read an object of the API server.

        Raises:
            pydantic.ValidationError: when the spec does not make sense.
        """
        meta = raw["metadata"]
        return cls(
            name=meta["name"],
            namespace=meta["namespace"],
            uid=meta["uid"],
            generation=meta.get("generation", 0),
            resource_version=meta.get("resourceVersion", ""),
            annotations=meta.get("annotations") or {},
            spec=Spec.model_validate(raw["spec"]),
            status=Status.model_validate(raw.get("status") or {}),
        )
