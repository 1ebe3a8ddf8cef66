"""The exposure policy: the next weight and dwell, as fast as risk, evidence and budget let it.

It paces and does nothing else. Whether a release is bad is the judge's to say; the policy raises a
weight only with the judge's and the budget's leave, within the bounds, and goes to 100 % only when
the judge does not FAIL and what was collected would have shown a regression of the configured size
(or the judge said PASS). Of two releases in the same place, the one more likely bad is never moved
faster. The ladder of fixed steps (`judge.exposure.ladder`) is what runs when it is off.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

import numpy as np

from judge.exposure import detection, outlook
from judge.exposure.features import Features
from judge.exposure.history import Past
from judge.exposure.ladder import Ladder
from judge.exposure.outlook import Prices, Ways
from judge.exposure.ramp import FULL, Bounds, RampState, Step, ceiling, slowed, without_leave
from judge.exposure.reasons import reason
from judge.exposure.risk import BASE_RATE, Risk, RiskError, RiskModel

GRID = (1, 2, 3, 5, 7, 10, 15, 20, 25, 35, 50, 60, 70, 80, 90)
"""Weights tried, in percent."""
CHOICES = 5
"""How many of the reachable weights are tried at once: 5, spread evenly over them."""
ENOUGH = 15
"""Past releases that traffic has judged, from which on the policy trusts what it learnt: 15; with
fewer, its dozen weights are all prior, and it climbs the fixed ladder by its own rules."""
_FINENESS = 0.2
"""Log-odds between the probabilities that are told apart; a probability counts as the next higher
of them, so that the picks of a riskier release always include those of a safer one."""
_REACH = 12.0
_FORESEEN = 100


@dataclass(frozen=True, slots=True)
class Policy:
    """What it has learnt and what it weighs. Make one by `learn` or `load`."""

    model: RiskModel
    prices: Prices = field(default_factory=Prices)
    ladder: Ladder = field(default_factory=Ladder)
    """What it climbs until it has learnt enough."""

    @classmethod
    def learn(
        cls,
        history: Iterable[Past],
        *,
        base_rate: float = BASE_RATE,
        prices: Prices | None = None,
        ladder: Ladder | None = None,
    ) -> "Policy":
        """From the release history, which may be empty."""
        return cls(RiskModel.fit(history, base_rate), prices or Prices(), ladder or Ladder())

    def dump(self) -> str:
        """As JSON text; `load` reads it back to an equal policy."""
        content = {
            "model": self.model.to_json(),
            "prices": asdict(self.prices),
            "ladder": asdict(self.ladder),
        }
        return json.dumps(content, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> "Policy":
        """Read what `dump` wrote.

        Raises:
            RiskError: not such a text, or of another schema.
        """
        try:
            content = cast("Mapping[str, Any]", json.loads(text))
            rungs = content["ladder"]
            return cls(
                RiskModel.of_json(content["model"]),
                Prices(**content["prices"]),
                Ladder(tuple(rungs["steps"]), rungs["dwell_s"]),
            )
        except RiskError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RiskError(
                f"policy {text[:60]!r} cannot be read ({type(error).__name__}: {error}): no "
                "release can be paced by it; learn it anew from the history"
            ) from error

    @property
    def version(self) -> str:
        """Of the model: schema and history."""
        return self.model.version

    def probability_bad(self, features: Features) -> float:
        """That a release is bad, before it starts."""
        return self.model.assess(features).probability

    def explain(self, features: Features) -> Risk:
        """The same with its reasons, feature by feature."""
        return self.model.assess(features)

    def choose(self, features: Features, state: RampState, bounds: Bounds) -> Step:
        """The next step; to be asked at the start and whenever the last step's dwell is over."""
        if self.model.releases < ENOUGH:
            return self._climb(features, state, bounds)
        return self.pace(self.model.assess(features).cautious, state, bounds)

    def _climb(self, features: Features, state: RampState, bounds: Bounds) -> Step:
        """The ladder's next step, as far as bounds and power allow it."""
        rung = self.ladder.choose(features, state, bounds)
        if rung.weight <= state.weight or state.weight == FULL:
            return rung
        top = ceiling(state, bounds)
        weight = max(state.weight, int(min(rung.weight, bounds.max_weight, top)))
        is_last = rung.weight == FULL or weight == state.weight  # the rungs above are out of bounds
        if is_last and top >= FULL and state.has_power(bounds):
            weight = FULL
        dwell = (
            0.0
            if weight == FULL
            else slowed(min(self.ladder.dwell_s, bounds.max_dwell_s), state, bounds)
        )
        why = reason(weight, dwell, state, bounds)
        known = f"only {self.model.releases} of {ENOUGH} past releases to learn from"
        return Step(weight, dwell, f"{why}; by the fixed ladder, for there are {known}")

    def pace(self, probability: float, state: RampState, bounds: Bounds) -> Step:
        """The next step of a release that was this likely bad before it started."""
        held = without_leave(state, bounds)
        if held is not None:
            return held
        suspicion = _suspicion(probability, state)
        top = ceiling(state, bounds)
        first, ways = outlook.ways(
            {
                weight: _dwells(weight, state, bounds)
                for weight in _weights(state.weight, top, bounds)
            },
            state,
            bounds,
            at_once=top >= FULL and state.has_power(bounds),
        )
        weight, dwell = self._slowest_pick(suspicion, first, ways, state, bounds)
        dwell = 0.0 if weight == FULL else slowed(dwell, state, bounds)
        now = 1 / (1 + math.exp(-suspicion))
        why = reason(int(weight), dwell, state, bounds)
        belief = (
            f"P(bad) {probability:.1%} before the start, {now:.1%} after "
            f"{state.evidence.candidate:.0f} requests of the candidate"
        )
        return Step(int(weight), dwell, f"{why}; {belief}")

    def foresee(
        self, features: Features, *, rps: float, error_rate: float, bounds: Bounds
    ) -> tuple[Step, ...]:
        """The way of a release that shows no fault: each step, with 100 % as the last.

        It ends before 100 % where traffic is too low to get there in `_FORESEEN` steps.
        """
        state = RampState(weight=0, rps=rps, error_rate=error_rate)
        steps: list[Step] = []
        while state.weight < FULL and len(steps) < _FORESEEN:
            step = self.choose(features, state, bounds)
            steps.append(step)
            if step.weight == 0:
                break
            requests = rps * step.dwell_s
            candidate = requests * step.weight / FULL
            baseline = requests - candidate
            rate = state.likely_rate
            seen = state.evidence.add(
                rate * baseline, baseline, rate * candidate, candidate, step.dwell_s
            )
            state = replace(state, weight=step.weight, evidence=seen)
        return tuple(steps)

    def _slowest_pick(
        self, suspicion: float, first: outlook.Array, ways: Ways, state: RampState, bounds: Bounds
    ) -> tuple[float, float]:
        """The cheapest way's first step; the slowest among those of all lower probabilities.

        Each probability's cheapest way alone would be monotone in time to 100 % (an exchange
        argument: cost is linear in the probability), but not always in the next weight; taking
        the slowest pick makes it monotone by construction.
        """
        harm = ways.harm(state, bounds, self.prices.notice_s)
        time = self.prices.time * state.errors * ways.time
        top = math.ceil(min(max(suspicion, -_REACH), _REACH) / _FINENESS)
        odds = np.arange(round(-_REACH / _FINENESS), top + 1) * _FINENESS
        risk = 1 / (1 + np.exp(-odds))[:, None]
        picks = first[np.unique(np.argmin(risk * harm + (1 - risk) * time, axis=1))]
        weight, dwell = min(picks.tolist(), key=lambda pick: (pick[0], -pick[1]))
        return weight, dwell


def _suspicion(probability: float, state: RampState) -> float:
    """Log-odds that the release is bad, now.

    The errors' counts speak for and against; another indicator's e-value, which is a Bayes factor
    under its own mixture, only ever against, as far as it says more than the counts.
    """
    sure = 1e-9
    inside = min(max(probability, sure), 1 - sure)
    factor = state.evidence.log_factor
    others = max(0.0, state.log_e - max(0.0, factor))
    return math.log(inside / (1 - inside)) + factor + others


def _weights(now: int, top: float, bounds: Bounds) -> list[int]:
    """Weights to try next, from the present one up to the highest allowed below 100 %."""
    if now == 0:
        return [bounds.min_weight]
    highest = max(now, min(bounds.max_weight, math.floor(top)))
    if top < FULL and now >= bounds.max_weight:
        highest = max(now, math.floor(top))  # the budget's cap makes steps beyond the summit
    inside = sorted({now, highest} | {weight for weight in GRID if now < weight < highest})
    if len(inside) <= CHOICES:
        return inside
    spread = np.linspace(0, len(inside) - 1, CHOICES).round().astype(int)
    return [inside[at] for at in spread]


def _dwells(weight: int, state: RampState, bounds: Bounds) -> outlook.Array:
    """Seconds to try at that weight; among them the time until power suffices, if it is near."""
    tried = {min(least * bounds.min_dwell_s, bounds.max_dwell_s) for least in outlook.DWELLS}
    speed = float(detection.speed(bounds.regression, weight / FULL, state.errors))
    missing = (bounds.required - state.collected(bounds)) / speed
    if bounds.min_dwell_s <= missing <= bounds.max_dwell_s:
        tried.add(math.ceil(missing + 1))
    return np.array(sorted(tried))
