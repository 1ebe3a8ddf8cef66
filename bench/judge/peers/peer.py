"""What every peer answers: when it would have stopped each release."""

from typing import Protocol

from bench.judge.ramp import Floats
from bench.judge.traffic import Traffic


class Peer(Protocol):
    """A published rule."""

    @property
    def name(self) -> str:
        """Short, as the tables print it."""
        ...

    def stops(self, traffic: Traffic) -> Floats:
        """Seconds until each run was stopped, (runs,); NaN where the rule let it through."""
        ...
