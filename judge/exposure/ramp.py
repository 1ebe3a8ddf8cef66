"""Where a ramp stands, what bounds it, and the step to take next.

`leave` is the rule that holds for every way of choosing: without the judge's and the budget's leave
no weight is raised. Deliberately not here: rolling back, which is the controller's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge.exposure import detection
from judge.exposure.belief import RATIOS, Belief
from judge.verdict import Verdict

if TYPE_CHECKING:
    from judge.budget import Throttle

FULL = 100
"""Percent: all traffic on the candidate."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the policy may choose from. Weights are whole percents.

    Raises:
        ValueError: bounds that contradict each other, or by which 100 % is out of reach.
    """

    min_weight: int = 1
    """The first weight: 1 %."""
    max_weight: int = 50
    """The highest weight below 100 %: 50; beyond, the baseline gives less to compare with."""
    max_factor: float = 5.0
    """Most by which one step multiplies the weight: 5, as the fixed ladder does."""
    min_dwell_s: float = 60.0
    """Least seconds at a weight: 60, some scrapes of every pod."""
    max_dwell_s: float = 1800.0
    """Most seconds until the policy is asked again: 1800."""
    regression: float = 1.5
    """Before 100 %, what was collected must suffice to see so many times the errors: 1.5."""
    power: float = 0.8
    """With this probability: 0.8, the convention of power analyses."""
    false_alarm_rate: float = 0.01
    """The judge's, as far as it is the errors indicator's share."""
    lag_s: float = 10.0
    """Seconds from an error until weights go back for it: 10, for scrape, rules, judge and flip."""

    def __post_init__(self) -> None:
        """Refuse what cannot hold together."""
        if not 1 <= self.min_weight <= self.max_weight < FULL:
            raise ValueError(
                f"weights {self.min_weight} to {self.max_weight}: there is no first step below "
                "100 %; give 1 <= minWeight <= maxWeight < 100"
            )
        if self.max_factor <= 1 or self.max_weight * self.max_factor < FULL:
            raise ValueError(
                f"a step may multiply the weight by {self.max_factor:g} and {self.max_weight} % is "
                "the last weight: 100 % cannot be reached; raise either until their product is 100"
            )
        if not 0 < self.min_dwell_s <= self.max_dwell_s < math.inf:
            raise ValueError(
                f"dwell of {self.min_dwell_s:g} to {self.max_dwell_s:g} s: no time fits; give "
                "0 < minDwell <= maxDwell"
            )
        if not RATIOS[0] <= self.regression <= RATIOS[-1]:
            raise ValueError(
                f"regression {self.regression:g}: no step could be planned for it; give a ratio of "
                f"{RATIOS[0]:g} to {RATIOS[-1]:g} (1.5 is half again as many errors)"
            )
        if not (0 < self.power < 1 and 0 < self.false_alarm_rate < 1 and self.lag_s >= 0):
            raise ValueError(
                f"power {self.power:g}, false-alarm rate {self.false_alarm_rate:g}, lag "
                f"{self.lag_s:g} s: not all are rates and times; give rates between 0 and 1, "
                "and a lag of at least 0"
            )

    @property
    def required(self) -> float:
        """Nats of mean evidence by which `regression` is seen with probability `power`."""
        return detection.needed(detection.bar(self.false_alarm_rate), self.power)


@dataclass(frozen=True, slots=True)
class RampState:
    """What is known at the moment of choosing."""

    weight: int
    """Percent now; 0 before the first step."""
    rps: float
    """Requests per second over both sides."""
    error_rate: float
    """Share of bad requests of the baseline; 0 is read as "under one in all that were seen"."""
    evidence: Belief = field(default_factory=Belief)
    """Counts of the errors indicator since the release began."""
    verdict: Verdict = Verdict.HOLD
    """The judge's, over all indicators."""
    log_e: float = 0.0
    """Greatest log e-value of all indicators, as it is now."""
    no_data: str | None = None
    """Why the judge had no data in its last look; None when it had."""
    budget: Throttle | None = None
    """What the error budget allows; None where no budget is configured."""

    def __post_init__(self) -> None:
        """Refuse what is no state of a ramp."""
        if not 0 <= self.weight <= FULL:
            raise ValueError(
                f"weight {self.weight}: no share of traffic, so no next one; give percent, 0 to 100"
            )
        known = (self.rps, self.error_rate, self.log_e)
        if not all(map(math.isfinite, known)) or self.rps < 0 or not 0 <= self.error_rate <= 1:
            raise ValueError(
                f"{self.rps} requests/s, error rate {self.error_rate}, log e {self.log_e}: no "
                "measurement; where there is none, say so in `no_data`"
            )

    @property
    def likely_rate(self) -> float:
        """The error rate to reckon with: where none was seen, less than one in all requests."""
        seen = self.evidence.baseline + self.evidence.candidate
        return max(self.error_rate, 1 / (seen + 10_000))

    @property
    def errors(self) -> float:
        """Bad answers per second of the baseline, did it answer everything."""
        return self.rps * self.likely_rate

    def collected(self, bounds: Bounds) -> float:
        """Nats of mean evidence that `bounds.regression` would have given so far."""
        return self.evidence.collected_for(bounds.regression, self.likely_rate)

    def has_power(self, bounds: Bounds) -> bool:
        """Whether a regression of the configured size would have been seen, or is excluded."""
        return self.verdict is Verdict.PASS or self.collected(bounds) >= bounds.required


@dataclass(frozen=True, slots=True)
class Step:
    """The next weight, how long to stay there before asking again, and why."""

    weight: int
    """Percent. The present one means: hold."""
    dwell_s: float
    reason: str
    """A sentence whose figures a human can check."""


def without_leave(state: RampState, bounds: Bounds) -> Step | None:
    """The step where nothing may be chosen; None when judge and budget give leave to choose."""
    if state.weight == FULL:
        return Step(FULL, 0.0, "all traffic is on the candidate")
    if state.verdict is Verdict.FAIL:
        return Step(0, 0.0, "the judge failed the release: no weight is right")
    hold = f"hold at {state.weight} %"
    if state.no_data is not None:
        return Step(state.weight, bounds.min_dwell_s, f"{hold}: no data ({state.no_data})")
    if state.budget is not None and state.budget.stopped:
        return Step(state.weight, bounds.min_dwell_s, f"{hold}: {state.budget.reason}")
    if state.rps <= 0:
        return Step(state.weight, bounds.min_dwell_s, f"{hold}: no requests arrive to judge by")
    return None


def ceiling(state: RampState, bounds: Bounds) -> float:
    """The highest weight that the step factor and the budget allow next, in percent."""
    if state.weight == 0:
        return bounds.min_weight
    most = state.weight * bounds.max_factor
    if state.budget is not None and state.budget.max_step is not None:
        most = min(most, state.weight + state.budget.max_step)
    return min(most, FULL)


def slowed(dwell_s: float, state: RampState, bounds: Bounds) -> float:
    """The dwell as the budget lengthens it, in whole seconds and within the bounds' least."""
    factor = 1.0 if state.budget is None else max(state.budget.dwell_factor, 1.0)
    return float(math.ceil(max(dwell_s, bounds.min_dwell_s) * factor))
