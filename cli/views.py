"""A TrafficSwitch as the command line sees it.

Read leniently, so that an older or newer controller, or a status half written, is shown and never
a traceback. Deliberately not the controller's own model: that one validates, this one only shows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from cli.ramp_view import EvidenceView, JudgeView, RampView

GROUP = "switchyard.dev"
ABORT = f"{GROUP}/abort"
ABORT_REASON = f"{GROUP}/abort-reason"
RETRY = f"{GROUP}/retry"
COLOURS = ("blue", "green")
AT_REST = frozenset({"Settled", "Rejected"})
"""Phases in which nothing is under way."""


def other(colour: str) -> str:
    """The other colour of the twin."""
    return "green" if colour == "blue" else "blue"


_EPOCH = datetime.fromtimestamp(0, UTC)


def _moment(value: object) -> datetime | None:
    """A timestamp, or None when there is none or it cannot be read."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class View(BaseModel):
    """Reads the cluster's camelCase, shows snake_case, ignores what it does not know."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class ContentView(View):
    """What a colour runs: one revision and one digest a service."""

    colour: str | None = None
    revision: str | None = None
    digests: dict[str, str] = Field(default_factory=dict[str, str])


class PhaseView(View):
    """One phase of a release, with when and why it began."""

    phase: str = "Unknown"
    at: Moment = None
    reason: str = ""


class ShiftView(View):
    """The last change of weights: written, and seen at every gateway pod."""

    written_at: Moment = None
    seen_at: Moment = None
    flip_ms: float | None = None


class RejectedView(View):
    """A digest set that is refused until it is retried."""

    release: str | None = None
    revision: str | None = None
    digests: dict[str, str] = Field(default_factory=dict[str, str])
    reason: str = ""
    at: Moment = None


class AttemptView(View):
    """The release under way or last ended."""

    release: str | None = None
    origin: str | None = Field(default=None, alias="from")
    to: str | None = None
    started_at: Moment = None


class HistoryView(View):
    """One release that ended."""

    release: str | None = None
    origin: str | None = Field(default=None, alias="from")
    to: str | None = None
    outcome: str = "unknown"
    reason: str = ""
    started_at: Moment = None
    ended_at: Moment = None
    flip_ms: float | None = None


class ServiceView(View):
    """One service of the switch; all of them move together."""

    name: str = ""
    hostnames: list[str] = Field(default_factory=list[str])
    path: str = "/"
    port: int | None = None
    probe: str = "/"


class StrategyView(View):
    """How traffic is moved."""

    kind: str = "blueGreen"
    steps: list[int] = Field(default_factory=list[int])
    dwell: str | None = None
    rollback_window: str | None = None
    health_timeout: str | None = None


class ConditionView(View):
    """One condition of the resource."""

    type: str = ""
    status: str = "Unknown"
    reason: str = ""
    message: str = ""


class SwitchView(View):
    """Goal and state of one twin's traffic switch."""

    name: str
    namespace: str
    generation: int = 0
    resource_version: str | None = None
    """Where a watch can begin so that nothing after this state is missed."""
    annotations: dict[str, str] = Field(default_factory=dict[str, str])

    release: str | None = None
    """The goal: identity of the release that the spec asks for."""
    live: str | None = None
    """The goal: the colour that is to serve."""
    colours: dict[str, str] = Field(default_factory=dict[str, str])
    """Colour to namespace."""
    services: list[ServiceView] = Field(default_factory=list[ServiceView])
    candidate: ContentView = Field(default_factory=ContentView)
    strategy: StrategyView = Field(default_factory=StrategyView)

    observed_generation: int = 0
    serving: str | None = None
    weight: int | None = None
    """Weight of the candidate colour, 0 to 100."""
    mirror: int | None = None
    phase: str = "Unknown"
    reason: str = ""
    working: str | None = None
    """The release that the controller is working on, or worked on last."""
    settled: str | None = None
    """The release that ended last, in either ending."""
    phases: list[PhaseView] = Field(default_factory=list[PhaseView])
    attempt: AttemptView | None = None
    shift: ShiftView | None = None
    ramp: RampView | None = None
    """How far a ramp has come, of the present release or the last one that ramped."""
    judge: JudgeView | None = None
    evidence: list[EvidenceView] = Field(default_factory=list[EvidenceView])
    current: ContentView | None = None
    previous: ContentView | None = None
    rollback_until: Moment = None
    rejected: list[RejectedView] = Field(default_factory=list[RejectedView])
    history: list[HistoryView] = Field(default_factory=list[HistoryView])
    conditions: list[ConditionView] = Field(default_factory=list[ConditionView])

    @property
    def seen(self) -> bool:
        """Whether the controller has taken up the spec as it stands."""
        return self.observed_generation >= self.generation and self.working == self.release

    @property
    def ended(self) -> bool:
        """Whether the release that the spec asks for has ended, in either ending."""
        return self.release is not None and self.settled == self.release

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way."""
        return self.phase in AT_REST

    @property
    def promoted(self) -> bool:
        """Whether it ended well: the goal serves."""
        return self.ended and self.serving == self.live and self.phase == "Settled"

    def weights(self) -> dict[str, int] | None:
        """Weight per colour as the switch wants it; None while the controller has said nothing.

        `weight` is the candidate's, and until the controller has taken up a new goal the spec's
        candidate is not the one it speaks of: then all weight is the serving colour's.
        """
        candidate = self.attempt.to if self.attempt else self.live
        known = self.working == self.release or self.attempt is not None
        if known and self.weight is not None and candidate in COLOURS:
            if self.serving:
                return {candidate: self.weight, other(candidate): 100 - self.weight}
            # the first release: until its weights are written there is no route at all
            return {candidate: self.weight, other(candidate): 0} if self.weight else None
        if self.serving in COLOURS:
            return {self.serving: 100, other(self.serving): 0}
        return None

    def rollback_left(self, now: datetime) -> float | None:
        """Seconds left in the rollback window; None when it is not open."""
        if self.rollback_until is None:
            return None
        left = (self.rollback_until - now).total_seconds()
        return left if left > 0 else None

    def last_ending(self, release: str | None) -> HistoryView | None:
        """How a release ended the last time it did."""
        endings = [past for past in self.history if past.release == release and past.ended_at]
        return max(endings, key=lambda past: past.ended_at or _EPOCH, default=None)

    def condition(self, kind: str) -> ConditionView | None:
        """The condition of this type."""
        return next((found for found in self.conditions if found.type == kind), None)


def switch_view(resource: dict[str, Any]) -> SwitchView:
    """Read a TrafficSwitch as the API server returns it."""
    metadata, spec, status = (_mapping(resource, key) for key in ("metadata", "spec", "status"))
    namespaces = {
        colour: str(_mapping(_mapping(spec, "colours"), colour).get("namespace", ""))
        for colour in _mapping(spec, "colours")
    }
    flat = {
        **status,
        **{key: spec[key] for key in ("live", "release", "services", "strategy") if key in spec},
        "candidate": {"colour": spec.get("live"), **_mapping(spec, "candidate")},
        "colours": namespaces,
        "working": status.get("release"),
        "release": spec.get("release"),
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", ""),
        "generation": metadata.get("generation", 0),
        "resource_version": metadata.get("resourceVersion"),
        "annotations": metadata.get("annotations") or {},
    }
    return SwitchView.model_validate(_without_nulls(flat))


def _mapping(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _without_nulls(value: object) -> object:
    """Absent and null mean the same to a reader."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {key: _without_nulls(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[Any]", value)]
    return value
