"""What the steps of a planned ramp could show, and cost, at the traffic that there is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from cli.traffic import Traffic

FLOOR = 0.001
"""Error rate to reckon with where no objective and no error says better, as the controller does."""


class StepPower(BaseModel):
    """One step of the ramp."""

    weight: int
    """Percent."""
    dwell_seconds: float
    """As planned: longer than asked for where it is lengthened."""
    detectable: float | None
    """The smallest regression that it shows, as a factor of the errors; null: none."""
    verdict: str
    """ok, lengthened or refused."""
    sentence: str


class RampPlan(BaseModel):
    """The ramp as it would go for a candidate without fault."""

    requests_per_second: float | None
    """Both colours together, now; null when nobody knows."""
    error_rate: float | None
    """The share of errors to reckon with."""
    steps: list[StepPower]
    expected_burn: float | None
    """Bad requests that a candidate as bad as can just be seen would cost."""
    note: str = ""
    """Why nothing can be told, or what the figures leave open."""


def of_spec(spec: dict[str, Any], traffic: Traffic) -> RampPlan | None:
    """The power of a switch's ramp; None when its strategy does not ramp.

    Args:
        spec: the TrafficSwitch's spec as the program would write it.
        traffic: what the data plane counts now.
    """
    strategy: dict[str, Any] = spec.get("strategy") or {}
    if strategy.get("kind", "blueGreen") == "blueGreen":
        return None
    counted = [one for one in traffic.colours.values() if one.requests_per_second is not None]
    rps = sum(one.requests_per_second or 0.0 for one in counted)
    if not counted or rps <= 0:
        why = traffic.no_data_because or "no request arrives now"
        return _unknown(f"the power of the steps is not known: {why}")
    errors = sum(one.errors_per_second or 0.0 for one in counted) / rps
    rate = max(errors, _objective(spec))
    return _planned(spec, rps, min(rate, 0.99))


def _unknown(note: str) -> RampPlan:
    return RampPlan(
        requests_per_second=None, error_rate=None, steps=[], expected_burn=None, note=note
    )


def _planned(spec: dict[str, Any], rps: float, rate: float) -> RampPlan:
    from judge import config, power
    from judge.family import Family
    from settings import seconds

    strategy, judge = spec["strategy"], spec["judge"]
    rules = config.parse(judge)
    ratio = next((one for one in rules.indicators if one.kind == config.Kind.RATIO), None)
    if ratio is None:
        return _unknown("no indicator is a ratio, so only a PASS of the judge carries on")
    dwell = seconds(strategy["dwell"])
    steps = [(step / 100, dwell) for step in strategy["steps"] if step < 100]  # noqa: PLR2004
    planned = power.plan(
        steps,
        rate=rate,
        rps=rps,
        alpha=Family.of(rules).alpha(ratio.name),
        useful=judge["detectable"],
    )
    cost = [
        (one.detectable - 1) * rate * rps * one.weight * one.dwell_s
        for one in planned
        if one.detectable is not None
    ]
    policy = "the exposure policy chooses within these bounds; " * (
        strategy["kind"] == "progressive"
    )
    return RampPlan(
        requests_per_second=rps,
        error_rate=rate,
        steps=[
            StepPower(
                weight=round(one.weight * 100),
                dwell_seconds=one.dwell_s,
                detectable=one.detectable,
                verdict=one.verdict.value,
                sentence=one.sentence,
            )
            for one in planned
        ],
        expected_burn=max(cost, default=None),
        note=f"{policy}a step that shows too little is held until it shows enough",
    )


def _objective(spec: dict[str, Any]) -> float:
    judge: dict[str, Any] = spec.get("judge") or {}
    indicators: list[dict[str, Any]] = judge.get("indicators") or []
    for one in indicators:
        if one.get("kind") == "ratio" and one.get("objective"):
            return float(one["objective"])
    return FLOOR
