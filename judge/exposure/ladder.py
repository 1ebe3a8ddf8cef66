"""The fixed ladder: what paces a release when the exposure policy is off."""

from dataclasses import dataclass

from judge.exposure.features import Features
from judge.exposure.ramp import FULL, Bounds, RampState, Step, slowed, without_leave


@dataclass(frozen=True, slots=True)
class Ladder:
    """The same steps for every release; no learning, no choice.

    Raises:
        ValueError: steps that do not rise to 100, or a dwell that is no time.
    """

    steps: tuple[int, ...] = (1, 5, 25, 50, 100)
    """Percent."""
    dwell_s: float = 600.0
    """Seconds at each step below 100 %: 600."""

    def __post_init__(self) -> None:
        """Refuse what is no ladder."""
        rises = all(a < b for a, b in zip((0, *self.steps), self.steps, strict=False))
        if not rises or self.steps[-1:] != (FULL,) or self.dwell_s <= 0:
            raise ValueError(
                f"steps {list(self.steps)} of {self.dwell_s:g} s: 100 % is not reached "
                "by rising weights; give rising percents that end with 100 and a dwell above 0"
            )

    def choose(self, features: Features, state: RampState, bounds: Bounds) -> Step:  # noqa: ARG002
        """The next step; the same question as to the policy, which the features do not change."""
        held = without_leave(state, bounds)
        if held is not None:
            return held
        following = next(step for step in self.steps if step > state.weight)
        if state.budget is not None and state.budget.max_step is not None and state.weight:
            following = min(following, int(state.weight + state.budget.max_step))
        if following <= state.weight:
            return Step(state.weight, self.dwell_s, f"hold at {state.weight} %: no step fits")
        if following == FULL:
            return Step(FULL, 0.0, "go to 100 %: every step of the ladder was held without a FAIL")
        dwell = slowed(self.dwell_s, state, bounds)
        number = sum(step <= following for step in self.steps)
        return Step(
            following, dwell, f"step {number} of the ladder: go to {following} % for {dwell:.0f} s"
        )
