"""Why a step is taken: sentences whose figures a human can check against the power plan."""

import numpy as np

from judge.exposure.belief import RATIOS
from judge.exposure.detection import speed as speed_of
from judge.exposure.ramp import FULL, Bounds, RampState
from judge.verdict import Verdict


def reason(weight: int, dwell_s: float, state: RampState, bounds: Bounds) -> str:
    """The step in words: what it will have shown, and what is lacking for 100 %."""
    if weight == FULL:
        return f"go to 100 %: the judge found no fault and {_proof(state, bounds)}"
    verb = "hold" if weight == state.weight else "go to"
    return (
        f"{verb} {weight} % for {dwell_s:.0f} s: {_by_its_end(weight, dwell_s, state, bounds)}; "
        f"{_lacking(weight, state, bounds)}"
    )


def _proof(state: RampState, bounds: Bounds) -> str:
    if state.verdict is Verdict.PASS:
        return "said PASS"
    return (
        f"{bounds.regression:g} times the errors would have been seen with {bounds.power:.0%} "
        f"({state.collected(bounds):.1f} of {bounds.required:.1f} nats of evidence)"
    )


def _lacking(weight: int, state: RampState, bounds: Bounds) -> str:
    if state.has_power(bounds):
        return f"power suffices to see {bounds.regression:g} times the errors"
    speed = float(speed_of(bounds.regression, weight / FULL, state.errors))
    missing = (bounds.required - state.collected(bounds)) / speed
    return (
        f"100 % asks for the power to see {bounds.regression:g} times the errors, which takes "
        f"{missing:.0f} s at this weight with {state.rps:.3g} requests/s and "
        f"{state.likely_rate:.2%} errors"
    )


def _by_its_end(weight: int, dwell_s: float, state: RampState, bounds: Bounds) -> str:
    speed = speed_of(np.array(RATIOS), weight / FULL, state.errors)
    by_then = state.evidence.collected(state.likely_rate) + dwell_s * speed
    seen = [ratio for ratio, nats in zip(RATIOS, by_then, strict=True) if nats >= bounds.required]
    if not seen:
        return f"even {RATIOS[-1]:g} times the errors may stay unseen until its end"
    return f"by its end {seen[0]:g} times the errors will have been seen with {bounds.power:.0%}"
