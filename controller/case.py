"""What a decision is made from, and the small steps it is made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from controller.api import Attempt, Content, PhaseRecord, Spec, Status
from controller.model import Moment
from controller.observed import Observed, Verdicts
from controller.phases import Because, Colour, Phase
from controller.routes import (
    LIVE,
    Route,
    fits,
    is_ours,
    live_routes,
    preview_routes,
    role_of,
    share_of,
)
from controller.sight import Readiness, Unknown

MAX_PHASES = 32
"""How many phase entries of the present release are kept: 32, more than any honest release has;
the steps of a ramp are entries too."""


@dataclass(frozen=True, slots=True)
class Step:
    """A new status and why it is so."""

    status: Status
    because: Because


@dataclass(frozen=True, slots=True)
class Case:
    """Everything there is to decide on."""

    spec: Spec
    observed: Observed
    verdicts: Verdicts
    now: datetime

    @property
    def status(self) -> Status:
        """The status as it was read."""
        return self.observed.status

    @property
    def attempt(self) -> Attempt:
        """The release under way.

        Raises:
            ValueError: in a phase that must have one but lost it; only a foreign hand can do that.
        """
        if self.status.attempt is None:
            raise ValueError(
                f"status.phase is {self.status.phase} but status.attempt is missing, so nobody "
                "knows what was under way; somebody edited the status by hand"
            )
        return self.status.attempt

    def with_status(self, status: Status) -> "Case":
        """The same case, had that status been read."""
        return replace(self, observed=replace(self.observed, status=status))

    def overdue(self, since: datetime, limit: timedelta) -> bool:
        """Whether a deadline has passed, not counting time in which no controller looked."""
        looked_since = self.observed.watched_since
        return self.now - (max(since, looked_since) if looked_since else since) > limit

    def endpoints(self, colour: Colour) -> Readiness:
        """Whether that colour has a ready endpoint for every service."""
        return self.observed.endpoints.get(colour, Unknown("endpoints were not looked at"))

    def found(self) -> Mapping[str, Mapping[str, Any]]:
        """The routes there are; empty while they cannot be read (callers check that first)."""
        return {} if isinstance(self.observed.routes, Unknown) else self.observed.routes

    def foreign_route(self) -> str | None:
        """The name of a route that we need but somebody else owns."""
        identity = self.observed.identity
        names = [*live_routes(identity, self.spec, self.spec.goal)]
        names += preview_routes(identity, self.spec)
        for name in names:
            route = self.found().get(name)
            if route is not None and not is_ours(identity, route):
                return name
        return None

    def routes_show(self, content: Content | None, percent: int = 100) -> bool:
        """Whether the API server holds exactly the live routes for that content."""
        if isinstance(self.observed.routes, Unknown):
            return False
        wanted = wanted_live(self, content, percent)
        missing = [r for name, r in wanted.items() if not fits(r, self.observed.routes.get(name))]
        return not missing and (bool(wanted) or not stale(self, LIVE, wanted))

    def shares(self, colour: Colour) -> list[float]:
        """What part of each live route's weight that colour has, 0 to 1."""
        namespace = self.spec.colours.namespace(colour)
        return [
            share_of(route, namespace)
            for route in self.found().values()
            if is_ours(self.observed.identity, route) and role_of(route) == LIVE
        ]


def wanted_live(case: Case, content: Content | None, percent: int = 100) -> dict[str, Route]:
    """The live routes for what is to serve; none when nothing is to."""
    if content is None:
        return {}
    return live_routes(case.observed.identity, case.spec, content, percent)


def stale(case: Case, role: str, wanted: Mapping[str, Route]) -> tuple[str, ...]:
    """Routes of ours in that role that are not wanted."""
    return tuple(
        sorted(
            name
            for name, route in case.found().items()
            if is_ours(case.observed.identity, route)
            and role_of(route) == role
            and name not in wanted
        )
    )


def enter(
    status: Status,
    phase: Phase,
    now: Moment,
    reason: str,
    *,
    anew: bool = False,
    **changes: object,
) -> Status:
    """A status in that phase, with the entry noted when the phase is a new one, or begins anew."""
    phases = status.phases
    if anew or status.phase != phase or not phases:
        phases = (*phases, PhaseRecord(phase=phase, at=now, reason=reason))[-MAX_PHASES:]
    return status.model_copy(update={"phase": phase, "reason": reason, "phases": phases, **changes})


def hold(case: Case, because: Because, reason: str) -> Step:
    """Stay where we are and say why."""
    return Step(case.status.model_copy(update={"reason": reason}), because)


def short(revision: str) -> str:
    """A revision as people quote it."""
    return revision[:10]
