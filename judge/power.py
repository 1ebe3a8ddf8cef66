"""The power plan: what each step of a ramp could show, before the first request is risked.

A step that can see nothing useful exposes users for nothing, and what it lets through the next step
meets with more of them. So for each step the smallest regression is told that the judge will have
found by its end with a probability of 80 %, at today's traffic and error rate, on all the evidence
since the first step; a step that falls short is lengthened, as far as may be, or refused.

The arithmetic is that of `exposure.detection`: evidence is a walk whose drift is the mean log of
the likelihood ratio, its first passage over the bar has a closed form. For histograms the drift is
that of a shift of ranks, or of the requests in a tail. The constants are held to the kernels
themselves by simulation in the tests: the probability at the figure told is between 0.65 and 0.97.

Deliberately knows no gauges: their noise is not known before it is measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from judge.exposure.detection import bar, needed, speed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POWER = 0.8
"""Probability with which a regression is to be found: 0.8, the convention."""
USEFUL = 5.0
"""Times the errors that a step should see: 5, what the controller asks before it goes on."""
LONGEST = 6.0
"""How many times its own length a step may become: 6, an hour for ten minutes."""
ROUGHLY = 1.2
"""Nats by which the bar of ratios is raised, so that rather too much is told than too little."""
SETTLING = 45.0
"""Seconds of the first step in which errors are watched for clumps and little is staked."""
LARGEST = 200.0
"""The largest ratio that is looked for, or that of an outage where that is less."""
HISTOGRAM_REGRET = 3.4
"""Nats that histograms pay for not knowing the shift in advance, for fifteen bets."""
GROUPED = 0.7
"""What is left of the evidence of ranks in buckets a factor of two or so apart."""
SPREAD = 0.5
"""Standard deviation of the logarithm of latency when nobody says better: 0.5, p99 thrice p50."""


class Outcome(StrEnum):
    """What the plan makes of a step; one line of meaning each."""

    OK = "ok"
    """It sees what is asked for as it stands."""
    LENGTHENED = "lengthened"
    """It does when it takes longer."""
    REFUSED = "refused"
    """It would not within the longest time allowed."""


@dataclass(frozen=True, slots=True)
class StepPower:
    """One step of the plan."""

    weight: float
    """The candidate's share of the traffic, 0 to 1."""
    dwell_s: float
    """Seconds, as planned: longer than asked for where it was lengthened."""
    detectable: float | None
    """The smallest ratio of bad events found by its end; None: none is."""
    verdict: Outcome
    sentence: str


def smallest_detectable(  # noqa: PLR0913, PLR0917 - a question with as many sides
    rate: float, rps: float, weight: float, dwell_s: float, alpha: float, power: float = POWER
) -> float:
    """The smallest ratio of error rates that one step, alone, finds with probability `power`.

    Args:
        rate: the baseline's share of bad events, above 0.
        rps: requests a second, both colours together.
        weight: the candidate's share of them, 0 to 1.
        dwell_s: seconds.
        alpha: the indicator's share of the false-alarm rate.
        power: 0 to 1.

    Returns:
        The ratio, above 1; infinite when not even an outage, or `LARGEST`, is found.
    """
    _check(rate=rate, rps=rps, weight=weight, dwell_s=dwell_s)
    return _smallest([(weight, dwell_s)], (rate, rps), alpha, power)


def smallest_slowdown(  # noqa: PLR0913 - a question with as many sides
    rps: float,
    weight: float,
    dwell_s: float,
    alpha: float,
    *,
    power: float = POWER,
    tolerance: float = 0.05,
    spread: float = SPREAD,
) -> float:
    """The smallest slowdown of all requests that a histogram finds: 1.1 is a tenth longer.

    Args:
        rps: requests a second, both colours together.
        weight: the candidate's share of them, 0 to 1.
        dwell_s: seconds.
        alpha: the indicator's share of the false-alarm rate.
        power: 0 to 1.
        tolerance: the slowdown that is no regression, half the margin.
        spread: standard deviation of the logarithm of latency.
    """
    _check(rps=rps, weight=weight, dwell_s=dwell_s)
    pairs = rps * dwell_s * weight * (1 - weight) * GROUPED
    if pairs <= 0:
        return math.inf
    shift = math.sqrt(2 * needed(_histogram_bar(alpha), power) / pairs)
    return (1 + tolerance) * math.exp(shift * spread)


def smallest_tail(  # noqa: PLR0913, PLR0917 - a question with as many sides
    share: float, rps: float, weight: float, dwell_s: float, alpha: float, power: float = POWER
) -> float:
    """The smallest ratio of requests beyond a bound that a histogram finds, such as beyond p99.

    What a tolerated slowdown puts beyond the bound comes on top: the ratio is over that.

    Args:
        share: share of the baseline's requests beyond the bound, above 0, such as 0.01.
        rps: requests a second, both colours together.
        weight: the candidate's share of them, 0 to 1.
        dwell_s: seconds.
        alpha: the indicator's share of the false-alarm rate.
        power: 0 to 1.
    """
    _check(rate=share, rps=rps, weight=weight, dwell_s=dwell_s)
    required = needed(_histogram_bar(alpha), power)
    return _least(
        lambda ratio: float(speed(ratio, weight, share * rps)) * dwell_s >= required,
        min(LARGEST, 1 / share),
    )


def plan(  # noqa: PLR0913 - a question with as many sides
    steps: Sequence[tuple[float, float]],
    *,
    rate: float,
    rps: float,
    alpha: float,
    power: float = POWER,
    useful: float = USEFUL,
    longest: float = LONGEST,
) -> tuple[StepPower, ...]:
    """What each step sees by its end, on all evidence since the first; the last, of 100 %, is left.

    Args:
        steps: weight, 0 to 1, and seconds of each.
        rate: the baseline's share of bad events, above 0.
        rps: requests a second, both colours together.
        alpha: the indicator's share of the false-alarm rate.
        power: probability with which a regression is to be found.
        useful: the ratio that each step should see.
        longest: how many times its own length a step may become.

    Returns:
        One entry a step, a weight of 100 % left out: there is then nothing to compare with.
    """
    planned, before = list[StepPower](), list[tuple[float, float]]()
    for weight, dwell_s in steps:
        if weight >= 1:
            break
        _check(rate=rate, rps=rps, weight=weight, dwell_s=dwell_s)

        def sees(seconds: float, weight: float = weight) -> float:
            return _smallest([*before, (weight, seconds)], (rate, rps), alpha, power)

        found = sees(dwell_s)
        longer = dwell_s
        outcome = Outcome.OK
        if found > useful:
            longer = _least(lambda times, long=dwell_s: sees(long * times) <= useful, longest)
            outcome = Outcome.LENGTHENED if math.isfinite(longer) else Outcome.REFUSED
            longer = math.ceil(dwell_s * longer) if math.isfinite(longer) else dwell_s
        now = sees(longer) if outcome is Outcome.LENGTHENED else found
        told = _sentence(outcome, weight, (dwell_s, longer), (found, now), (rate, rps, useful))
        if outcome is Outcome.REFUSED:
            told += _help(sees(dwell_s * longest), dwell_s * longest)
        detectable = now if math.isfinite(now) else None
        planned.append(StepPower(weight, longer, detectable, outcome, told))
        before.append((weight, longer))
    return tuple(planned)


def _smallest(
    steps: Sequence[tuple[float, float]], today: tuple[float, float], alpha: float, power: float
) -> float:
    required = needed(bar(alpha) + ROUGHLY, power)
    rate, rps = today
    (first, dwell_s), *later = steps
    betting = [(first, max(dwell_s - SETTLING, 0.0)), *later]

    def shown(ratio: float) -> bool:
        nats = (float(speed(ratio, weight, rate * rps)) * seconds for weight, seconds in betting)
        return math.fsum(nats) >= required

    return _least(shown, min(LARGEST, 1 / rate))


def _histogram_bar(alpha: float) -> float:
    return math.log(1 / alpha) + HISTOGRAM_REGRET


def _least(enough: Callable[[float], bool], most: float) -> float:
    """The least number from 1 to `most` that is enough, to one in a thousand; inf: none is."""
    if not enough(most):
        return math.inf
    low, high = 1.0, most
    while high / low > 1.001:  # noqa: PLR2004 - one in a thousand
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _sentence(
    outcome: Outcome,
    weight: float,
    dwells: tuple[float, float],
    ratios: tuple[float, float],
    today: tuple[float, float, float],
) -> str:
    (asked, planned), (found, now) = dwells, ratios
    rate, rps, useful = today
    where = f"at {weight * 100:.3g} % of {rps:.4g} requests/s and {rate * 100:.3g} % errors"
    sees = f"{found:.1f} times the errors" if math.isfinite(found) else "no regression of any size"
    match outcome:
        case Outcome.OK:
            return f"{_time(asked)} {where} show {sees}"
        case Outcome.LENGTHENED:
            return (
                f"{_time(asked)} {where} show {sees}, more than {useful:.3g}; "
                f"lengthened to {_time(planned)}, which show {now:.1f} times"
            )
        case Outcome.REFUSED:
            return f"{_time(asked)} {where} show {sees}, more than {useful:.3g}; refused: "


def _help(found: float, seconds: float) -> str:
    sees = f"{found:.1f} times" if math.isfinite(found) else "nothing"
    return (
        f"even {_time(seconds)} would show {sees}; a larger weight, more traffic (synthetic, or at "
        "a busier hour) or an indicator with more events would help"
    )


def _time(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes and more are told in minutes
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.3g} min"


def _check(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(
                f"{name} {value:g}: nothing can be planned with it; give a figure above 0 "
                "(of a service without errors, the SLO's objective)"
            )
    if values["weight"] >= 1:
        raise ValueError(
            f"weight {values['weight']:g}: there is no baseline left to compare with; give less "
            "than 1 (0.05 is 5 %)"
        )
