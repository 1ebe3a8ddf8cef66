"""What each way to 100 % would cost: users harmed by a bad release, time lost by a good one.

The cost that the policy minimises, in bad answers:

    P(bad) E[bad answers until weights are back] + P(good) (price of time) (time to 100 %)

A bad release harms until the judge sees it plus the lag of going back; one that nobody sees before
100 % harms until somebody notices. Ways are open-loop: each is costed as if no further choice were
made, and the policy asks anew at each step (open-loop feedback control, Bertsekas, Dynamic
Programming and Optimal Control, vol. I, section 6.2). Deliberately not here: which way is taken.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from judge.exposure import detection
from judge.exposure.belief import RATIOS
from judge.exposure.ramp import FULL, Bounds, RampState

Array = detection.Array

GROWTHS = (2.0, 5.0)
"""By what later steps may multiply the weight."""
SUMMITS = (25.0, 50.0)
"""Last weights before 100 % that are tried, within the bounds."""
PACES = (1.0, 4.0)
"""Dwell of later steps, in least dwells."""
ENCORES = (0.0, 4.0, 15.0, 40.0)
"""How long the last weight is held beyond what power demands, in least dwells."""
DWELLS = (1.0, 2.0, 4.0, 7.0, 12.0, 20.0)
"""Dwell of the next step, in least dwells."""

_RATIOS = np.array(RATIOS)


@dataclass(frozen=True, slots=True)
class Prices:
    """What the policy weighs against each other."""

    time: float = 0.003
    """Price of a second on the way of a good release: as if meanwhile the service's errors were up
    by this share; so it means the same for a small service and a large one."""
    notice_s: float = 1800.0
    """How long a regression harms at 100 % that no judge saw: 1800 s until somebody notices."""

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        if not (self.time > 0 and self.notice_s > 0):
            raise ValueError(
                f"price of time {self.time}, notice after {self.notice_s} s: with nothing to weigh "
                "every way costs the same; give numbers above 0"
            )


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways from here to 100 %, one a row; stages run along the columns."""

    weight: Array
    """Share of traffic, 0 to 1, shape (ways, stages)."""
    dwell: Array
    """Seconds, the same shape; 0 for a stage that a way does not have."""

    @property
    def time(self) -> Array:
        """Seconds to 100 %, shape (ways,)."""
        return self.dwell.sum(axis=1)

    def harm(self, state: RampState, bounds: Bounds, notice_s: float) -> Array:
        """Mean of the bad answers that a bad release would cause from now on, shape (ways,)."""
        errors = state.errors
        weights, which = np.unique(self.weight, return_inverse=True)
        speed = detection.speed(_RATIOS, weights[:, None], errors)[which.reshape(self.weight.shape)]
        steps = speed * self.dwell[..., None]
        nats = np.concatenate([np.zeros_like(steps[:, :1]), np.cumsum(steps, axis=1)], axis=1)
        height = _height(state, bounds)
        known = _table(height)
        alive = np.interp(nats, known, detection.unseen(height, known))
        exposed_s = np.diff(np.interp(nats, known, detection.waited(height, known)), axis=1) / speed
        exposed_s += bounds.lag_s * -np.diff(alive, axis=1)
        at_full = np.minimum((_RATIOS - 1) * errors, state.rps)  # all answers bad is the most
        until_full = (self.weight[..., None] * exposed_s).sum(axis=1)
        return ((until_full + notice_s * alive[:, -1]) * at_full) @ state.evidence.sizes


def _height(state: RampState, bounds: Bounds) -> float:
    """How far the judge's evidence still is from its bar, in nats."""
    so_far = max(state.log_e, state.evidence.log_factor, 0.0)
    return max(detection.bar(bounds.false_alarm_rate) - so_far, 0.1)


def _table(height: float) -> Array:
    """Nats at which first passage is computed, closer where it moves; in between it is a line."""
    return np.linspace(0, 1, 400) ** 2 * (8 * height + 40)


def ways(
    options: Mapping[int, Array], state: RampState, bounds: Bounds, *, at_once: bool
) -> tuple[Array, Ways]:
    """First steps (weight in percent, dwell), shape (ways, 2), and the ways that begin so.

    Args:
        options: seconds to try, by the weight in percent at which to spend them.
        state: where the ramp stands.
        bounds: what bounds it.
        at_once: whether 100 % now is one of the ways.
    """
    ascents = [
        (path, dwells)
        for weight, dwells in options.items()
        for path in _paths(weight, state, bounds)
    ]
    depth = max(len(path) for path, _ in ascents)
    missing = 0.0 if state.has_power(bounds) else bounds.required - state.collected(bounds)
    firsts: list[Array] = [np.array([[FULL, 0.0]])]
    weights: list[Array] = [np.full((1, depth), 0.5)]
    times: list[Array] = [np.zeros((1, depth))]
    for path, dwells in ascents:
        time = _ascent(path, dwells, state.errors, missing, bounds)
        count = len(time)
        firsts.append(np.column_stack([np.full(count, path[0]), time[:, 0]]))
        padded = np.array([*path, *path[-1:] * (depth - len(path))]) / FULL
        weights.append(np.broadcast_to(padded, (count, depth)))
        times.append(np.concatenate([time, np.zeros((count, depth - len(path)))], axis=1))
    skip = 0 if at_once else 1
    merged = [np.concatenate(parts[skip:]) for parts in (firsts, weights, times)]
    return merged[0], Ways(*merged[1:])


def _paths(weight: int, state: RampState, bounds: Bounds) -> list[list[float]]:
    """The weights of each way, in percent: up by a factor until the summit."""
    summits = {min(summit, float(bounds.max_weight)) for summit in SUMMITS}
    reachable = {top for top in summits if top * bounds.max_factor >= FULL} or {max(summits)}
    growths = {min(growth, bounds.max_factor) for growth in GROWTHS}
    most = state.budget.max_step if state.budget else None
    paths: list[list[float]] = []
    for top, growth in itertools.product(sorted(reachable), sorted(growths)):
        path = [float(weight)]
        while path[-1] < top:
            rise = path[-1] * (growth - 1)
            path.append(min(path[-1] + min(rise, most or rise), top))
        if len(path) == 1:
            path.append(path[0])  # the hold at the summit, after the dwell chosen now
        if path not in paths:
            paths.append(path)
    return paths


def _ascent(
    path: list[float], dwells: Array, errors: float, missing: float, bounds: Bounds
) -> Array:
    """All dwells tried on one path, shape (ways, stages)."""
    speed = detection.speed(bounds.regression, np.array(path) / FULL, errors)
    least = bounds.min_dwell_s
    others = np.array(list(itertools.product(PACES, ENCORES))) * least
    first = np.repeat(dwells, len(others))
    pace, encore = np.tile(others, (len(dwells), 1)).T
    dwell = np.empty((len(first), len(path)))
    dwell[:, 0] = first
    dwell[:, 1:-1] = pace[:, None]
    still = np.maximum(missing - dwell[:, :-1] @ speed[:-1], 0) / speed[-1]
    dwell[:, -1] = np.maximum(still + encore, least if path[-1] > path[-2] else 0.0)
    return dwell
