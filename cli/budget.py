"""`switchyard budget`: what is left of a twin's error budgets, and what that lets a release do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field
from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli import budget_reading, cluster, output
from cli.override_state import OverrideState, state
from cli.prometheus import number
from cli.rest import Rest, dig, objects
from judge.budget import Budget, burn_rate, throttle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightkube import Client
    from rich.console import RenderableType

    from cli.budget_reading import Known
    from cli.rest import Object
    from cli.views import SwitchView

SWITCHES = "/apis/switchyard.dev/v1alpha1/trafficswitches"
_BAR = 10
"""Characters of the bar that shows what is left."""
_LOW = 0.25
"""Share of the budget below which what is left is painted red."""

_WHOLE = 0.99
"""Share of the window from which on it counts as seen: scrapes at its ends are lost."""


class ObjectiveBudget(BaseModel):
    """One objective; null means not known."""

    name: str
    service: str | None
    objective: float | None
    window_seconds: float | None
    remaining: float | None
    """Share of the budget that is left; negative when overspent."""
    events: float | None
    bad_events: float | None
    allowed_bad_events: float | None
    coverage: float | None
    """Share of the window of which there are samples."""
    burn_rates: dict[str, float]
    """By window; 1 spends the budget in exactly the objective's window."""
    recovers_in_seconds: float | None
    """Until something is left again, should nothing else fail; null unless it is spent."""
    no_data_because: str | None


class Pace(BaseModel):
    """What the budgets together let a release do now."""

    max_step: float | None
    """Percentage points by which a step may raise the weight; null is no limit."""
    dwell_factor: float
    frozen: bool
    held: bool
    reason: str


class TwinBudget(BaseModel):
    """One twin."""

    twin: str
    release: str | None
    """The release that the switch is asked for."""
    consulted: bool
    """Whether the switch names objectives; if not, its releases go on without asking them."""
    objectives: list[ObjectiveBudget]
    throttle: Pace
    override: OverrideState | None
    """The override on the switch; null when there is none."""
    frees: list[str]
    """What would set the pace free; empty when it is."""


class Budgets(BaseModel):
    """What `budget --json` prints."""

    stack: str
    cluster: str
    twins: list[TwinBudget] = Field(default_factory=list[TwinBudget])

    @property
    def bad_news(self) -> bool:
        """Whether a release of any twin would not be let through."""
        return any(
            twin.consulted and (twin.throttle.frozen or twin.throttle.held) for twin in self.twins
        )


def read(client: Client, stack: str, twin: str | None) -> Budgets:
    """The budgets of one twin, or of all of them."""
    views = [cluster.switch(client, twin)] if twin else cluster.switches(client)
    rest = Rest(client)
    asked = {
        (dig(item, "metadata", "namespace"), dig(item, "metadata", "name")): _asked(item)
        for item in rest.items(SWITCHES)
    }
    return Budgets(
        stack=stack,
        cluster=client.config.cluster.server,
        twins=[
            _twin(rest, stack, view, asked.get((view.namespace, view.name), {})) for view in views
        ],
    )


def _asked(switch: Object) -> dict[str, tuple[float, float]]:
    """The objectives that the controller consults: share and window in seconds by name."""
    found: dict[str, tuple[float, float]] = {}
    for item in objects(switch, "spec", "errorBudget", "slos"):
        share = number(item.get("objective"))
        window = number(item.get("windowSeconds"))
        if isinstance(item.get("name"), str) and share is not None and window is not None:
            found[item["name"]] = (share, window)
    return found


def _twin(
    rest: Rest, stack: str, view: SwitchView, asked: Mapping[str, tuple[float, float]]
) -> TwinBudget:
    known = budget_reading.read(rest, view.name, asked)
    pace = throttle(*(one.budget for one in known))
    override = state(view, stack, datetime.now(UTC))
    if override is not None and override.holds and pace.stopped:
        pace = pace.overridden(override.sentence)
    return TwinBudget(
        twin=view.name,
        release=view.release,
        consulted=bool(asked),
        objectives=[_objective(one) for one in known],
        throttle=Pace(
            max_step=pace.max_step,
            dwell_factor=pace.dwell_factor,
            frozen=pace.frozen,
            held=pace.held,
            reason=pace.reason,
        ),
        override=override,
        frees=_frees(view, known) if pace.stopped and asked else [],
    )


def _objective(one: Known) -> ObjectiveBudget:
    budget = one.budget if isinstance(one.budget, Budget) else None
    objective = one.objective
    return ObjectiveBudget(
        name=one.name,
        service=one.service,
        objective=objective,
        window_seconds=one.window_s,
        remaining=budget and budget.remaining,
        events=budget and budget.total,
        bad_events=budget and budget.bad,
        allowed_bad_events=budget and budget.allowed,
        coverage=budget and budget.coverage,
        burn_rates={
            window: burn_rate(ratio, 1.0, objective)
            for window, ratio in one.error_ratios.items()
            if objective is not None and 0 < objective < 1
        },
        recovers_in_seconds=one.recovers_in_s,
        no_data_because=None if isinstance(one.budget, Budget) else one.budget.reason,
    )


def _frees(view: SwitchView, known: list[Known]) -> list[str]:
    steps: list[str] = []
    for one in known:
        if not isinstance(one.budget, Budget):
            steps.append(f"{one.name}: data again ({one.budget.reason}); `switchyard doctor`")
        elif one.budget.remaining <= 0:
            over = one.budget.bad - one.budget.allowed
            when = (
                f"in {output.duration(one.recovers_in_s)}, should nothing else fail"
                if one.recovers_in_s is not None
                else f"at most {output.duration(one.budget.window_s)} after the last bad event"
            )
            steps.append(
                f"{one.name}: {over:.0f} bad events beyond the budget leave the window {when}"
            )
    steps.append(
        f"a signed override for release {view.release}: "
        f'`switchyard override --twin {view.name} --reason "…" --expires 2h --key FILE`'
    )
    return steps


def render(budgets: Budgets) -> RenderableType:
    """The budgets for people."""
    if not budgets.twins:
        return f"no twin on {budgets.cluster}; `switchyard up` makes the stack's"
    return Group(*(_render_twin(twin) for twin in budgets.twins))


def _render_twin(twin: TwinBudget) -> RenderableType:
    parts: list[RenderableType] = [_headline(twin), Text(f"  {twin.throttle.reason}", style="dim")]
    if twin.objectives:
        parts.append(_table(twin.objectives))
    if twin.override is not None:
        style = "green" if twin.override.holds else "yellow"
        parts.append(Text(f"  override: {twin.override.sentence}", style=style))
    if twin.frees:
        parts.append(Text("  What would free it", style="bold"))
        parts += [Text(f"    · {step}") for step in twin.frees]
    return Group(*parts, "")


def _headline(twin: TwinBudget) -> Text:
    pace = twin.throttle
    said, style = "releases go at full pace", "bold green"
    if not twin.consulted:
        said, style = "the switch consults no objective: releases go without asking", "dim"
    elif pace.frozen:
        said, style = "releases are frozen", "bold red"
    elif pace.held:
        said, style = "releases are held", "bold yellow"
    elif pace.max_step is not None:
        said = f"steps of at most {pace.max_step:.0f} points, dwells x{pace.dwell_factor:.1f}"
        style = "bold yellow"
    return Text.assemble((twin.twin, "bold"), "  ", (said, style))


def _table(objectives: list[ObjectiveBudget]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("objective", "target", "window", "left", "", "bad / allowed", "burn rates"):
        table.add_column(heading, no_wrap=True)
    for one in objectives:
        target = output.NOTHING if one.objective is None else f"{100 * one.objective:g}%"
        window = one.window_seconds
        length = output.NOTHING if window is None else output.duration(window)
        if one.coverage is not None and one.coverage < _WHOLE:
            length += f" ({one.coverage:.0%} seen)"
        burns = "  ".join(f"{name} {rate:.2f}x" for name, rate in _by_length(one.burn_rates))
        if one.remaining is None:
            table.add_row(one.name, target, length, "no data", "", output.NOTHING, burns)
            continue
        spent = f"{one.bad_events or 0:.0f} / {one.allowed_bad_events or 0:.0f}"
        table.add_row(
            one.name, target, length, f"{one.remaining:.1%}", _bar(one.remaining), spent, burns
        )
    return table


def _bar(remaining: float) -> Text:
    filled = round(_BAR * min(1.0, max(0.0, remaining)))
    style = "red" if remaining < _LOW else "green"
    return Text.assemble(("█" * filled, style), ("░" * (_BAR - filled), "dim"))


_LENGTHS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def _by_length(burn_rates: Mapping[str, float]) -> list[tuple[str, float]]:
    """By the length of the window, the shortest first."""

    def seconds(window: str) -> int:
        total, digits = 0, ""
        for letter in window:
            if letter.isdigit():
                digits += letter
            else:
                total += int(digits or 0) * _LENGTHS.get(letter, 0)
                digits = ""
        return total

    return sorted(burn_rates.items(), key=lambda item: seconds(item[0]))
