"""Whether a share of the traffic has arrived in the data plane: a sequential test on answers. Pure.

At 0 and 100 % one strange answer refutes and a few right ones prove. Between them no single answer
proves anything, so each gateway pod is asked, for each service, until the answers can no longer
come from the share that it had before: Page's CUSUM (1954) of Wald's likelihood ratio between the
new share and the former one, answer by answer, which reaches `log(1/ERROR)` under the former share
at most once in `1/ERROR` answers. The answers since its last zero must also fit the new share,
by the Chernoff bound, so that a third share is no proof either.

Envoy picks localities in smooth weighted turns and not at random, so answers vary less than the
test allows for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.api import Status
from controller.phases import Colour, Phase
from controller.sight import Shown

ERROR = 1e-4
"""Chance an answer that the former share is taken for the new one: 1 in 10,000."""
SURPRISE = math.log(100)
"""Nats by which answers may differ from the new share: log(100), about 1 in 50 honest windows."""
NEVER = 1e-9
"""Stands for a probability of 0, whose logarithm would be infinite."""
LEAST = 3
"""Answers that are needed at least."""

Key = tuple[str, str]
"""Gateway pod and service."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of the candidate's share that is under way."""

    candidate: Colour
    former: float
    """Its share before, 0 to 1."""
    wanted: float
    """Its share afterwards."""

    @property
    def partial(self) -> bool:
        """Whether single answers prove nothing."""
        return any(0 < share < 1 for share in (self.former, self.wanted))


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers of one gateway pod for one service since the test last stood at zero."""

    asked: int = 0
    candidate: int = 0
    score: float = 0.0

    def after(self, asked: int, candidate: int, movement: Movement) -> "Tally":
        """With more answers."""
        p, q = _inside(movement.former), _inside(movement.wanted)
        score = self.score + candidate * math.log(q / p)
        score += (asked - candidate) * math.log((1 - q) / (1 - p))
        grown = Tally(self.asked + asked, self.candidate + candidate, score)
        # what cannot come from the new share came before it: the proof begins after that
        return Tally() if score <= 0 or grown.surprises(movement) else grown

    def surprises(self, movement: Movement) -> bool:
        """Whether these answers hardly come from the new share, by the Chernoff bound."""
        seen = self.candidate / self.asked
        return self.asked * _divergence(seen, _inside(movement.wanted)) > SURPRISE

    def proves(self, movement: Movement) -> bool:
        """Whether these answers come from the new share."""
        enough = self.asked >= LEAST and self.score >= -math.log(ERROR)
        return enough and not self.surprises(movement)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What has been asked about one movement so far; kept in memory, for it can be asked again."""

    movement: Movement | None = None
    key: object = None
    """Which movement of which release it is about."""
    tallies: Mapping[Key, Tally] = field(default_factory=dict[Key, Tally])

    def after(self, shown: Shown) -> "Arrival":
        """With the answers of another look; pods that were not asked are forgotten."""
        if self.movement is None:
            return self
        tallies = {
            key: self._tally(key, answers, self.movement) for key, answers in shown.answers.items()
        }
        return Arrival(self.movement, self.key, tallies)

    def _tally(self, key: Key, answers: Mapping[Colour | None, int], movement: Movement) -> Tally:
        if answers.get(None):
            return Tally()  # the gateway's own errors are no share of anybody
        candidate = answers.get(movement.candidate, 0)
        return self.tallies.get(key, Tally()).after(sum(answers.values()), candidate, movement)

    def proven(self) -> bool:
        """Whether every gateway pod shows the new share for every service."""
        movement = self.movement
        return (
            movement is not None
            and bool(self.tallies)
            and all(tally.proves(movement) for tally in self.tallies.values())
        )

    def doubts(self) -> list[str]:
        """Where it is not shown yet, for people."""
        movement = self.movement
        return [
            f"{service} on {pod} shows {tally.candidate} of {tally.asked} from {movement.candidate}"
            for (pod, service), tally in sorted(self.tallies.items())
            if movement is not None and not tally.proves(movement)
        ]

    def pods(self) -> int:
        """How many gateway pods were asked."""
        return len({pod for pod, _ in self.tallies})


NOTHING_YET = Arrival()
"""Nothing was asked."""


def movement_of(status: Status) -> Movement | None:
    """The change of share that a status has under way."""
    attempt, ramp = status.attempt, status.ramp
    if attempt is None:
        return None
    if status.phase is Phase.RAMPING and ramp is not None:
        former = ramp.weights[-2].weight if len(ramp.weights) > 1 else 0
        return Movement(attempt.to, former / 100, ramp.weight / 100)
    if status.phase in {Phase.SHIFTING, Phase.CONFIRMING}:
        return Movement(attempt.to, _smallest(status) / 100, 1.0)
    if status.phase is Phase.ROLLING_BACK and status.rollback is not None:
        content = status.rollback.content
        return Movement(content.colour, (_smallest(status) or 100) / 100, 0.0)
    return None


def key_of(status: Status) -> object:
    """What tells one movement from the next."""
    attempt, ramp = status.attempt, status.ramp
    began = attempt.started_at if attempt else None
    phase = status.phase if status.phase in {Phase.RAMPING, Phase.ROLLING_BACK} else None
    return (status.release, began, phase, ramp and len(ramp.weights))


def _smallest(status: Status) -> int:
    """The smallest share that some gateway pod may still show: of the last two."""
    if status.ramp is None:
        return 0
    return min((one.weight for one in status.ramp.weights[-2:]), default=0)


def _inside(share: float) -> float:
    return min(max(share, NEVER), 1 - NEVER)


def _divergence(seen: float, wanted: float) -> float:
    """Kullback-Leibler divergence of two Bernoulli shares, in nats."""
    parts = ((seen, wanted), (1 - seen, 1 - wanted))
    return sum(p * math.log(p / q) for p, q in parts if p > 0)
