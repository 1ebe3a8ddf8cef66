"""What can be said of something that was looked at, "it could not be seen" among it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    answers: Mapping[tuple[str, str], Mapping[Colour | None, int]] = field(
        default_factory=dict[tuple[str, str], Mapping[Colour | None, int]]
    )
    """How many answers each colour gave."""

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
