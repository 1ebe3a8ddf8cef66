"""Ramps of many releases at once, the product's judge in the loop, looked at every other second.

Baseline and candidate answer by the same traffic, each request on its own. Bad answers beyond the
baseline's rate are counted as their mean, given the requests; so a lucky draw of errors does not
pass for a better policy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.exposure.world import Flags, Floats, Release, Truths
from judge.config import Config, Indicator, Kind
from judge.exposure import Belief, Bounds, RampState, Step
from judge.panel import FAIL, PASS, Panel, RatioTick
from judge.verdict import Verdict

TICK = 2.0
"""Seconds between looks."""
LONGEST = 3 * 3600.0
"""Seconds after which a ramp that has not ended counts as not arrived."""
FULL = 100
JUDGED = Config((Indicator("errors", Kind.RATIO),))
BOUNDS = Bounds(min_dwell_s=60.0, false_alarm_rate=JUDGED.false_alarm_rate)

Choose = Callable[[int, RampState], Step]
"""The next step of the release with that index."""

_VERDICTS = {FAIL: Verdict.FAIL, PASS: Verdict.PASS}


@dataclass(frozen=True)
class Outcomes:
    """How each ramp ended, shape (releases,) each."""

    failed: Flags
    """The judge stopped it."""
    seconds: Floats
    """Until it ended; `LONGEST` where it did not."""
    arrived: Flags
    """At 100 %."""
    harmed: Floats
    """Bad answers that the candidate's regression caused before the end, the lag included."""
    harmed_after: Floats
    """The same at 100 % until somebody noticed, `notice_s` later."""
    exposed: Floats
    """Requests that the candidate answered before the end."""

    @property
    def all_harmed(self) -> Floats:
        """Before and after 100 %."""
        return self.harmed + self.harmed_after


class _Ramps:
    """The state of the ramps while they run."""

    def __init__(self, releases: Sequence[Release], seed: int) -> None:
        count = len(releases)
        self.truths = Truths.of(releases)
        self.rng = np.random.default_rng([7, seed])
        self.weight = np.zeros(count)
        self.since, self.until = np.zeros(count), np.zeros(count)
        """When the present step began, and when its dwell is over."""
        self.running = np.ones(count, dtype=bool)
        self.counts = np.zeros((4, count))
        """Of the present step: bad and all of the baseline, bad and all of the candidate."""
        self.beliefs = [Belief() for _ in releases]
        self.known_rate = self.truths.error_rate * np.exp(self.rng.normal(0, 0.05, count))
        """What the monitoring of the last hours says of the error rate."""
        self.outcomes = Outcomes(
            failed=np.zeros(count, dtype=bool),
            seconds=np.full(count, LONGEST),
            arrived=np.zeros(count, dtype=bool),
            harmed=np.zeros(count),
            harmed_after=np.zeros(count),
            exposed=np.zeros(count),
        )

    def tick(self, after_s: float) -> RatioTick:
        """The counts of one look; nothing for ramps that have ended."""
        truths, share = self.truths, self.weight / FULL * self.running
        traffic = truths.traffic(after_s) * TICK * self.running
        candidate = self.rng.poisson(traffic * share)
        baseline = self.rng.poisson(traffic * (1 - share))
        worse = truths.error_rate + truths.excess()
        bad_candidate = self.rng.binomial(candidate, worse)
        bad_baseline = self.rng.binomial(baseline, truths.error_rate)
        self.outcomes.harmed[:] += candidate * truths.excess()
        self.outcomes.exposed[:] += candidate
        counted = np.array([bad_baseline, baseline, bad_candidate, candidate], dtype=float)
        self.counts += counted
        return RatioTick(*counted)

    def end(self, which: Flags, after_s: float) -> None:
        """These ramps are over."""
        self.outcomes.seconds[which] = after_s
        self.running &= ~which

    def state(self, index: int, after_s: float, verdict: int, log_e: float) -> RampState:
        """What the policy is told; the step's counts become belief."""
        self.beliefs[index] = self.beliefs[index].add(
            *self.counts[:, index], seconds=float(after_s - self.since[index])
        )
        self.counts[:, index] = 0.0
        return RampState(
            weight=int(self.weight[index]),
            rps=float(self.truths.traffic(after_s)[index]),
            error_rate=float(self.known_rate[index]),
            evidence=self.beliefs[index],
            verdict=_VERDICTS.get(verdict, Verdict.HOLD),
            log_e=log_e,
        )


def ramp(releases: Sequence[Release], choose: Choose, *, seed: int, notice_s: float) -> Outcomes:
    """Carry the releases out.

    Args:
        releases: what is released.
        choose: the pace.
        seed: of the traffic and the errors.
        notice_s: seconds at 100 % until somebody notices what the judge did not.
    """
    ramps, panel = _Ramps(releases, seed), Panel(JUDGED, (len(releases),))
    verdicts, log_e = np.zeros(len(releases), dtype=np.int8), np.zeros(len(releases))
    for look in range(int(LONGEST / TICK)):
        now = look * TICK
        for index in np.flatnonzero(ramps.running & (ramps.until <= now)).tolist():
            verdict = int(verdicts[index])
            step = choose(index, ramps.state(index, now, verdict, float(log_e[index])))
            ramps.weight[index] = step.weight
            ramps.since[index], ramps.until[index] = now, now + step.dwell_s
        there = ramps.running & (ramps.weight == FULL)
        ramps.outcomes.arrived[there] = True
        ramps.end(there, now)
        if not ramps.running.any():
            break
        panel.update(now + TICK, {"errors": ramps.tick(now)})
        log_e = panel.log_e
        failed = panel.failed & ramps.running
        ramps.outcomes.failed[failed] = True
        lag = ramps.truths.traffic(now) * ramps.weight / FULL * BOUNDS.lag_s
        ramps.outcomes.harmed[failed] += (lag * ramps.truths.excess())[failed]
        ramps.end(failed, now + TICK)
        verdicts = _due(ramps.running & (ramps.until <= now + TICK), panel)
    full = ramps.truths.traffic(0.0) * ramps.truths.excess() * notice_s
    return replace(ramps.outcomes, harmed_after=np.where(ramps.outcomes.arrived, full, 0.0))


def _due(due: NDArray[np.bool_], panel: Panel) -> NDArray[np.int8]:
    """Verdicts where a choice is due; whether the judge passes is costly to ask at every look."""
    return panel.verdict if due.any() else np.zeros(due.shape, dtype=np.int8)
