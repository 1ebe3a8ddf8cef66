"""What was seen of the world, as types; "could not be seen" is one of them, and never a pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from controller.api import Status
from controller.phases import Colour


@dataclass(frozen=True, slots=True)
class Ready:
    """Looked at, and as asked for."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """Looked at, and not (yet) as asked for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Could not be looked at."""

    reason: str


Readiness = Ready | NotReady | Unknown

NOT_LOOKED_AT = Unknown("not looked at in this phase")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the live routes answer: for each gateway pod and service the set of colours seen.

    None in such a set stands for an answer without a colour (an error of the gateway itself).
    """

    colours: Mapping[tuple[str, str], frozenset[Colour | None]]

    def all_show(self, colour: Colour | None) -> bool:
        """Whether every gateway pod answers every service with that colour and no other."""
        only = frozenset({colour})
        return bool(self.colours) and all(seen == only for seen in self.colours.values())

    def laggards(self, colour: Colour | None) -> list[str]:
        """Where something else was seen, for people."""
        only = frozenset({colour})
        return [
            f"{service} on {pod} shows {' and '.join(sorted(str(c or 'no colour') for c in seen))}"
            for (pod, service), seen in sorted(self.colours.items())
            if seen != only
        ]

    def pods(self) -> int:
        """How many gateway pods were asked."""
        return len({pod for pod, _ in self.colours})


Sight = Shown | Unknown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says about the candidate's digests."""

    outcome: str
    """pass, fail or hold."""
    reason: str = ""


Verdicts = Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Commands:
    """What people asked for by annotation."""

    abort: str | None = None
    abort_reason: str = ""
    retry: str | None = None


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
    written_at: datetime | None = None
    """When this process' first weight write of the present movement returned."""
    watched_since: datetime | None = None
    """Since when this process has been watching: deadlines do not run while nobody looks."""
