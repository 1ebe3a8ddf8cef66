"""How the one false-alarm rate is shared by all that may end a release.

Several indicators are several chances of a false alarm. A weighted average of e-values is an
e-value, whatever their dependence, and at every moment (Vovk and Wang, "E-values: calibration,
combination and applications", Annals of Statistics 2021; all kernels are supermartingales in the
history they share). So the release fails when the average reaches `1/alpha`. That happens at the
latest when one indicator alone reaches its own bound, `1 / (alpha weight)`, as Bonferroni's would,
and earlier when several point the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.config import Config

STORM = 0.05
"""The storm rule's part of the false-alarm rate. It hardly uses any of it; so this is what the
promise is kept with where its assumptions hold but nearly, as with bursts not yet seen."""
TRIPWIRE = 0.1
"""A tripwire's weight beside an indicator's 1: what it is for is no close call."""


@dataclass(frozen=True, slots=True)
class Family:
    """The shares of one configuration; together at most its false-alarm rate."""

    average: float
    """The level of the average of e-values."""
    passing: float
    """The level of a pass of each indicator: the whole rate. All indicators must pass, so that a
    release that is worse in one is passed with this probability at most, and nothing needs sharing
    (intersection-union test: Berger, Technometrics 1982)."""
    storm: float
    """The level of all storm rules together."""
    indicators: dict[str, float]
    """Weight of each indicator's e-value in the average."""
    tripwires: dict[str, float]
    """Weight of each tripwire's."""

    @classmethod
    def of(cls, config: Config) -> Family:
        """Share the rate of `config`: equally over indicators, less over the rest."""
        guarded = [one.name for one in config.indicators if one.objective is not None]
        whole = len(config.indicators) + TRIPWIRE * len(guarded)
        return cls(
            average=config.false_alarm_rate * (1 - STORM),
            passing=config.false_alarm_rate,
            storm=config.false_alarm_rate * STORM,
            indicators={one.name: 1 / whole for one in config.indicators},
            tripwires=dict.fromkeys(guarded, TRIPWIRE / whole),
        )

    def alpha(self, name: str) -> float:
        """The level at which an indicator alone ends the release."""
        return self.average * self.indicators[name]

    def alpha_tripwire(self, name: str) -> float:
        """The level at which a tripwire alone does."""
        return self.average * self.tripwires[name]
