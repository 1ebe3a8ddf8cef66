"""A release as it goes: what was asked, what was seen, and what its users got.

It does what a user would do: edits `live:` in the stack file and runs `pulumi up`. The load and the
drill (rollbacks and retries after the release) only measure; they decide nothing.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli import abort, cluster, engine, flips, loads, output, report, retry
from cli.errors import Invalid
from cli.flips import Flip
from cli.release_report import making
from cli.stack_file import StackFile
from cli.views import COLOURS, SwitchView, other

if TYPE_CHECKING:
    from pathlib import Path

    from lightkube import Client

    from cli.loads import Load, Plan

LOAD_BOUND = 1800.0
"""Seconds after which a load that has not ended is stopped: a defect of the load generator."""
LOAD_PROGRESS = 15.0
"""Seconds between two lines about the load."""
FLIP_BOUND = 120.0
"""Seconds for one rollback or retry of the drill; each takes about two."""

FLIP_SPACING = 4.0
"""Seconds between two flips of the drill; users have followed one within about a second."""


@dataclass(frozen=True)
class Goal:
    """Which twin of which stack moves from where to where.

    Attributes:
        stack: name of the stack.
        twin: name of the twin.
        from_colour: the colour that serves now; None before the first release.
        to: the colour that is to serve.
        config_file: another stack file than `Pulumi.<stack>.yaml`.
    """

    stack: str
    twin: str
    from_colour: str | None
    to: str
    config_file: Path | None = None


def choose(stack: str, view: SwitchView, to: str | None) -> Goal:
    """The goal of a release; the idle colour unless the user named one.

    Raises:
        Invalid: the colour is unknown, or serves already.
    """
    to = to or other(view.serving or "green")
    if to not in COLOURS:
        raise Invalid(
            value=f"--to {to}",
            consequence="a twin has two colours only",
            fix="name blue or green",
        )
    if view.serving == to:
        raise Invalid(
            value=f"--to {to}",
            consequence=f"{to} serves {view.name} already, there is nothing to release",
            fix=f"leave --to out to move to {other(to)}",
        )
    return Goal(stack, view.name, view.serving, to)


def carry_out(goal: Goal, plan: Plan | None, drill: int, *, as_json: bool) -> report.ReleaseReport:
    """Release, measure, and make the report. The load, if any, outlives the last flip.

    Args:
        goal: what to move.
        plan: the load to send meanwhile; None for none.
        drill: rollbacks and retries to measure after a release that ended well.
        as_json: keep stdout free for one JSON document.
    """
    run = Rollout(goal)
    with loads.running(plan) if plan else nullcontext() as load:
        if load and plan:
            load.wait_for_answers()
            output.progress(f"load: {plan.rate}/s against {plan.target}")
        run.release(as_json=as_json)
        # written only when the load has ended: rendering would cost the measured requests
        write_report = making.captured(cluster.client(goal.stack), goal.twin)
        if run.promoted:
            run.drill(drill)
        if load:
            _wait_for_end(load)
        write_report()
        return run.report(load)


def _wait_for_end(load: Load) -> None:
    deadline = time.monotonic() + LOAD_BOUND
    while load.running and time.monotonic() < deadline:
        output.progress(f"load: {load.progress()}")
        load.wait(LOAD_PROGRESS)


@dataclass
class Rollout:
    """One release, with the flips that were measured during and after it."""

    goal: Goal
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    flips: list[Flip] = field(default_factory=list[Flip])
    pulumi_s: float = 0.0
    released: SwitchView | None = None

    @property
    def promoted(self) -> bool:
        """Whether the release itself ended with its goal serving."""
        return self.released is not None and self.released.serving == self.goal.to

    def release(self, *, as_json: bool) -> None:
        """Edit the stack file's one line and let the engine carry it out."""
        file = StackFile(self.goal.stack, self.goal.config_file)
        _, settings = file.twin(self.goal.twin)
        settings["live"] = self.goal.to
        file.save()
        output.progress(f"{file.path.name}: {self.goal.twin}.live is {self.goal.to}; pulumi up")
        asked_at, began = datetime.now(UTC), time.monotonic()
        engine.of_stack(self.goal.stack, self.goal.config_file).update(quiet_stdout=as_json)
        self.pulumi_s = time.monotonic() - began
        self.released = self._record("release", asked_at)

    def drill(self, times: int) -> None:
        """Roll back and retry in turn, measuring each; an even number ends at the goal."""
        client, twin = self._client(), self.goal.twin
        for number in range(1, times + times % 2 + 1):
            # spaced, so that each flip is measured on its own and not on the last one's wake
            time.sleep(FLIP_SPACING)
            if number % 2:
                done = abort.abort(client, twin, reason="drill", wait=True, timeout=FLIP_BOUND)
                view = self._record("abort", done.requested_at)
            else:
                asked_at = datetime.now(UTC)
                retry.retry(client, twin, timeout=FLIP_BOUND)
                view = self._record("retry", asked_at)
            output.progress(f"drill {number}/{times}: {view.serving} serves")

    def report(self, load: Load | None) -> report.ReleaseReport:
        """What happened, with the users' side of it when there was load."""
        view, released = self._view(), self.released
        figures = load.report() if load else None
        samples = load.samples() if load else []
        followed = flips.followed_ms(self.flips, samples, since="written_at") if load else None
        asked = flips.followed_ms(self.flips, samples, since="asked_at") if load else []
        rollbacks = [ms for flip, ms in zip(self.flips, asked, strict=False) if flip.why == "abort"]
        return report.ReleaseReport(
            twin=self.goal.twin,
            release=released.release if released else None,
            from_colour=self.goal.from_colour,
            to=self.goal.to,
            outcome="promoted" if self.promoted else "not promoted",
            reason=released.reason if released else "",
            serving=view.serving,
            started=self.started,
            ended=datetime.now(UTC),
            pulumi_s=self.pulumi_s,
            requests=figures["requests"] if figures else None,
            failed=figures["failed"] if figures else None,
            wrong=figures["wrong"] if figures else None,
            flip_ms=report.spread(followed or []),
            rollback_ms=max(rollbacks, default=None),
            phases=released.phases if released else [],
            flips=report.movements(self.flips, followed),
            load=figures,
        )

    def _record(self, why: str, asked_at: datetime) -> SwitchView:
        view = self._view()
        shift = view.shift
        if view.serving and shift and shift.written_at and shift.written_at >= asked_at:
            self.flips.append(Flip(view.serving, why, asked_at, shift.written_at, shift.seen_at))
        return view

    def _client(self) -> Client:
        return cluster.client(self.goal.stack)

    def _view(self) -> SwitchView:
        return cluster.switch(self._client(), self.goal.twin)
