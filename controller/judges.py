"""Keeps judging beside the loops that decide: polls Prometheus, feeds the judge, holds its word.

Nothing here waits for anybody: a look takes what has been said by now. A poll belongs to the state
that it began from, so that what was judged but never written is judged again, on the same samples.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from controller.api import Switch
from controller.budgets import Budgets
from controller.observed import Allowance, Judgement
from controller.phases import Phase
from controller.prometheus import NoAnswerError, Prometheus
from controller.series import NonsenseError, Series
from controller.sight import Unknown

BEGINNING = Unknown("the first samples are on their way")


@dataclass(slots=True)
class _Watch:
    """What is known of one switch's ramp."""

    said: Judgement | Unknown = BEGINNING
    poll: asyncio.Task[Judgement | Unknown | None] | None = None
    began: float = 0.0
    """When the last poll began, in seconds that only grow."""
    ramp: object = None
    """Which ramp it is about."""


class PrometheusJudges:
    """The judges of all switches, on samples of one Prometheus.

    Args:
        prometheus: where the samples are.
        budgets: what the error budgets allow.
        clock: Unix time.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        budgets: Budgets,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._prometheus = prometheus
        self._budgets = budgets
        self._clock = clock
        self._watches: dict[str, _Watch] = {}

    def look(self, switch: Switch) -> Judgement | Unknown:
        """What has been said of a ramp; begins the next poll when it is time."""
        status = switch.status
        if status.phase is not Phase.RAMPING or status.ramp is None or status.attempt is None:
            self._forget(switch.uid)
            return BEGINNING
        ramp = (status.release, status.attempt.started_at)
        watch = self._watches.setdefault(switch.uid, _Watch(ramp=ramp))
        if watch.ramp != ramp:
            self._forget(switch.uid)
            watch = self._watches[switch.uid] = _Watch(ramp=ramp)
        if watch.poll is not None and watch.poll.done():
            said, watch.poll = _result(watch.poll), None
            watch.said = said or watch.said
        if watch.poll is None and self._is_time(switch, watch):
            watch.began = time.monotonic()
            watch.poll = asyncio.create_task(self._poll(switch), name=f"judge {switch.name}")
        return watch.said

    def budget(self, switch: Switch) -> Allowance | Unknown | None:
        """What the error budget allows."""
        return self._budgets.look(switch)

    def _is_time(self, switch: Switch, watch: _Watch) -> bool:
        """Once an interval; and not while something said waits to be written."""
        state = switch.status.judge.state if switch.status.judge else None
        if isinstance(watch.said, Judgement) and watch.said.follows == state:
            return False
        judge = switch.spec.judge
        interval = judge.interval.total_seconds() if judge else 1.0
        return time.monotonic() - watch.began >= interval

    def _forget(self, uid: str) -> None:
        watch = self._watches.pop(uid, None)
        if watch is not None and watch.poll is not None:
            watch.poll.cancel()

    async def _poll(self, switch: Switch) -> Judgement | Unknown | None:
        """Ask, and judge off the loop that decides."""
        # imported here: numpy costs start-up time and memory, which is saved where nothing ramps
        from controller import judging  # noqa: PLC0415

        status, spec = switch.status, switch.spec
        if status.ramp is None or status.attempt is None or spec.judge is None:
            return Unknown("there is no ramp to judge")
        text = status.judge.state if status.judge else None
        now = self._clock()
        try:
            interval = spec.judge.interval.total_seconds()
            state = judging.State.load(text) if text else judging.beginning(status.ramp, interval)
            asked = sorted(judging.selectors(spec.judge))
            seconds = judging.window(state, now, interval)
            answers = await asyncio.gather(
                *(self._prometheus.samples(selector, seconds, now) for selector in asked)
            )
            found: dict[str, list[Series]] = dict(zip(asked, answers, strict=True))
        except (NoAnswerError, NonsenseError, ValueError) as error:
            return Unknown(str(error))
        return await asyncio.to_thread(
            judging.advance,
            spec=spec,
            attempt=status.attempt,
            ramp=status.ramp,
            text=text,
            found=found,
            now=now,
        )


def _result(poll: "asyncio.Task[Judgement | Unknown | None]") -> Judgement | Unknown | None:
    """What a poll said; a defect in the judge holds the ramp and never ends the loop."""
    if poll.cancelled():
        return None
    error = poll.exception()
    if error is not None:
        return Unknown(f"the judge failed: {type(error).__name__}: {error}")
    return poll.result()
