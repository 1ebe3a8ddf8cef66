"""The error budget: what is left, what a ramp may cost, and how fast a release may go. Pure.

With an objective `o` (share of events that are to be good), `B` bad events of `N` in the rolling
window of `W` seconds:

    budget          A = (1 - o) N                  bad events that the window allows
    burn rate       b = (B / N) / (1 - o)          1 spends the budget in exactly the window
    remaining       r = 1 - b = 1 - B / A          negative when more was spent than there was
    expected burn   x = sum(w_i d_i) rps d / ((1 - o) N_W)
                                                   of steps of weight w_i for d_i seconds, were the
                                                   candidate's error rate worse by d; N_W = the
                                                   events of a whole window
    burned          y = max(0, B_r - e N_r) / ((1 - o) N_W)
                                                   by a release with B_r bad of N_r events, beyond
                                                   the rate e that there was without it

Burn rate and remaining are Sloth's `slo:period_burn_rate:ratio` and
`slo:period_error_budget_remaining:ratio`, from the workbook's definition ("Implementing SLOs" and
"Alerting on SLOs", The Site Reliability Workbook, Google, 2018).

The throttle turns what remains into a pace, with h = `HEALTHY`:

    r >= h        no limit
    0 < r < h     a step raises the weight by at most max(LEAST_STEP, 100 r / h) points,
                  and dwells are min(SLOWEST, h / r) times as long
    r <= 0        frozen: no weight is raised, save with a signed override
    no data       held: no weight is raised, and nothing is rolled back for it

Monotone: less budget never means larger steps, shorter dwells or a thaw. Of several objectives the
tightest decides.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

HEALTHY = 0.5
"""Share of the budget from which on it sets no limit: a half, because a window half spent is on its
way to hold; below it each release is a risk to the promise itself."""

LEAST_STEP = 10.0
"""Percentage points: the smallest cap on a step, 10: a release still arrives, in ten steps."""

SLOWEST = 4.0
"""Times: the longest that a dwell is drawn out, 4, or the traffic that a release was planned on has
changed before it ends."""

_TOLERANCE = 1e-6
"""Share by which extrapolated counts may exceed each other without being nonsense."""


@dataclass(frozen=True, slots=True)
class NoBudget:
    """The budget is not known: no data, which holds a release and never passes it.

    Attributes:
        reason: in one sentence.
        name: of the objective; may be empty.
    """

    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one objective's window has seen.

    Attributes:
        objective: share of events that are to be good, 0 < objective < 1.
        window_s: seconds of the rolling window.
        bad: bad events in it.
        total: all events in it; 0 is a window without traffic, in which nothing was spent.
        coverage: share of the window of which there are samples, 0 < coverage <= 1.
        name: of the objective, for the reasons; may be empty.

    Raises:
        ValueError: the numbers cannot be those of a window.
    """

    objective: float
    window_s: float
    bad: float
    total: float
    coverage: float = 1.0
    name: str = ""

    def __post_init__(self) -> None:
        problem = _nonsense(self.objective, self.window_s, self.bad, self.total, self.coverage)
        if problem:
            raise ValueError(problem)

    @property
    def burn_rate(self) -> float:
        """How fast the window spent: 1 spends the budget in exactly the window."""
        return burn_rate(self.bad, self.total, self.objective) if self.total else 0.0

    @property
    def remaining(self) -> float:
        """Share of the budget that is left; at most 1, negative when overspent."""
        return 1.0 - self.burn_rate

    @property
    def allowed(self) -> float:
        """Bad events that the window allows, given its traffic."""
        return _may_fail(self.objective) * self.total

    @property
    def whole(self) -> float:
        """Bad events that a whole window allows, at the mean traffic of what was sampled."""
        return self.allowed / self.coverage


def measured(  # noqa: PLR0913 - what a window is made of
    objective: float,
    window_s: float,
    bad: float | None,
    total: float | None,
    *,
    coverage: float | None = 1.0,
    name: str = "",
) -> Budget | NoBudget:
    """The budget from counts that may be missing or nonsense, as Prometheus may answer.

    Args:
        objective: share of events that are to be good.
        window_s: seconds of the rolling window.
        bad: bad events; None when there is no such series.
        total: all events; None when there is no such series.
        coverage: share of the window with samples; None when not known, taken as whole.
        name: of the objective.
    """
    missing = [what for what, value in (("total", total), ("bad", bad)) if value is None]
    if missing or bad is None or total is None:
        return NoBudget(f"Prometheus has no count of {' and '.join(missing)} events", name)
    known = 1.0 if coverage is None else coverage
    problem = _nonsense(objective, window_s, bad, total, known)
    return (
        NoBudget(problem, name)
        if problem
        else Budget(objective, window_s, min(bad, total), total, known, name)
    )


def burn_rate(bad: float, total: float, objective: float) -> float:
    """The error ratio in budgets.

    Args:
        bad: bad events.
        total: all events, more than 0.
        objective: share of events that are to be good, less than 1.
    """
    return bad / total / _may_fail(objective)


def expected_burn(
    steps: Iterable[tuple[float, float]],
    *,
    rps: float,
    excess_error_rate: float,
    budget: Budget,
) -> float:
    """Share of a whole window's budget that a planned ramp would spend.

    Args:
        steps: (weight in percent, dwell in seconds) of each.
        rps: requests a second that arrive, over both colours.
        excess_error_rate: by how much the candidate's error rate is worse: the one that is
            expected, or the smallest that the judge would see in time.
        budget: the window that would be charged.

    Returns:
        0 for a candidate that is no worse; inf when the window allows nothing at all.
    """
    exposed = rps * sum(max(0.0, weight) / 100.0 * max(0.0, dwell) for weight, dwell in steps)
    return _share(exposed * max(0.0, excess_error_rate), budget)


def burned(*, bad: float, total: float, budget: Budget, base_rate: float = 0.0) -> float:
    """Share of a whole window's budget that a release spent.

    Args:
        bad: bad events of the release: all that happened during it, or the candidate's.
        total: all events of the same.
        budget: the window that is charged.
        base_rate: error rate that there was without the release; 0 charges every bad event.
    """
    return _share(max(0.0, bad - base_rate * total), budget)


@dataclass(frozen=True, slots=True)
class Throttle:
    """The pace that the budget allows.

    Attributes:
        max_step: percentage points by which a step may raise the weight; None is no limit.
        dwell_factor: how many times as long each dwell is, at least 1.
        frozen: the budget is spent: no release begins and no weight is raised.
        held: the budget is not known: no weight is raised until it is.
        reason: in one sentence.
    """

    max_step: float | None
    dwell_factor: float
    frozen: bool
    held: bool
    reason: str

    @property
    def stopped(self) -> bool:
        """Whether no weight may be raised."""
        return self.frozen or self.held

    def next_weight(self, present: float, wanted: float) -> float:
        """The weight that may be written: what is wanted, as far as the throttle lets it rise.

        Args:
            present: percent.
            wanted: percent; a lower one than the present is always allowed.
        """
        if wanted <= present:
            return wanted
        if self.stopped:
            return present
        return wanted if self.max_step is None else min(wanted, present + self.max_step)

    def overridden(self, by: str) -> "Throttle":
        """The pace under a signed override: the budget has no say, the judge keeps its own.

        Args:
            by: who signed, and why.
        """
        return Throttle(
            None, 1.0, frozen=False, held=False, reason=f"{self.reason}; overridden by {by}"
        )


def throttle(*budgets: Budget | NoBudget) -> Throttle:
    """The pace that all objectives together allow; without any there is no limit."""
    if not budgets:
        return Throttle(None, 1.0, frozen=False, held=False, reason="no objective sets a budget")
    unknown = [one for one in budgets if isinstance(one, NoBudget)]
    known = [one for one in budgets if isinstance(one, Budget)]
    spent = [one for one in known if one.remaining <= 0]
    if spent or unknown:
        reasons = [*map(_spent, spent), *map(_unknown, unknown)]
        step, factor = _pace(min((one.remaining for one in known), default=0.0))
        return Throttle(
            step, factor, frozen=bool(spent), held=bool(unknown), reason="; ".join(reasons)
        )
    tightest = min(known, key=lambda one: one.remaining)
    step, factor = _pace(tightest.remaining)
    return Throttle(step, factor, frozen=False, held=False, reason=_left(tightest, step, factor))


def _pace(remaining: float) -> tuple[float | None, float]:
    """Cap on a step in points, and factor of dwells."""
    if remaining >= HEALTHY:
        return None, 1.0
    if remaining <= 0:
        return LEAST_STEP, SLOWEST
    return max(LEAST_STEP, 100.0 * remaining / HEALTHY), min(SLOWEST, HEALTHY / remaining)


def _may_fail(objective: float) -> float:
    """1 - objective without binary noise: what was spent to the last event is spent."""
    return round(1.0 - objective, 12)


def _share(bad: float, budget: Budget) -> float:
    if bad <= 0:
        return 0.0
    return bad / budget.whole if budget.whole > 0 else math.inf


def _nonsense(
    objective: float, window_s: float, bad: float, total: float, coverage: float
) -> str | None:
    """Why these cannot be the numbers of a window; None when they can."""
    if not 0 < objective < 1:
        return f"an objective of {objective:g} leaves no budget or no promise"
    if not (math.isfinite(window_s) and window_s > 0):
        return f"a window of {window_s:g} s holds nothing"
    if not (math.isfinite(bad) and math.isfinite(total)) or bad < 0 or total < 0:
        return f"{bad:g} bad of {total:g} events is no count"
    if bad > total * (1 + _TOLERANCE):
        return f"{bad:g} bad events are more than all {total:g}"
    if not 0 < coverage <= 1 + _TOLERANCE:
        return f"samples of {coverage:g} of the window tell nothing"
    return None


def _named(one: Budget | NoBudget) -> str:
    return f"{one.name}: " if one.name else ""


def _spent(one: Budget) -> str:
    return (
        f"{_named(one)}the error budget is spent ({one.remaining:.1%} left: {one.bad:.0f} bad of "
        f"{one.total:.0f} events, where {one.allowed:.1f} were allowed)"
    )


def _unknown(one: NoBudget) -> str:
    return f"{_named(one)}the error budget is not known: {one.reason}"


def _left(one: Budget, step: float | None, factor: float) -> str:
    left = f"{_named(one)}{one.remaining:.1%} of the error budget is left"
    if step is None:
        return left
    return f"{left}: steps of at most {step:.0f} points, dwells {factor:.1f} times as long"
