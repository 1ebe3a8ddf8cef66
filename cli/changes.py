"""What changed between two states of a switch, as events a person or a script can follow.

Pure. Phases are taken from the switch's own record, so that one that came and went between two
looks is told as well, with its own time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from cli import output

if TYPE_CHECKING:
    from cli.views import PhaseView, SwitchView

Kind = Literal["now", "goal", "phase", "weights", "serving", "ended", "lost", "back", "gone"]


class Change(BaseModel):
    """One line of `watch --json`."""

    at: datetime
    twin: str
    event: Kind
    """now: the state at the start; goal: another release is asked for; phase: one began; weights,
    serving: they changed; ended: the release did; lost, back: the connection; gone: deleted."""
    phase: str
    serving: str | None
    weights: dict[str, int] | None
    release: str | None
    detail: str


def first(view: SwitchView, now: datetime) -> Change:
    """The state at the start."""
    return _change("now", view, now, view.reason)


def between(before: SwitchView, after: SwitchView, now: datetime) -> list[Change]:
    """The events that led from one state to the next, in the order of their happening."""
    changes: list[Change] = []
    if before.release != after.release:
        detail = f"live {after.live} is asked for, release {after.release}"
        changes.append(_change("goal", after, now, detail))
    changes += [
        _change("phase", after, phase.at or now, phase.reason).model_copy(
            update={"phase": phase.phase}
        )
        for phase in _new_phases(before, after)
    ]
    if before.weights() != after.weights():
        changes.append(_change("weights", after, now, _weights_text(after)))
    if before.serving != after.serving:
        changes.append(_change("serving", after, now, f"{after.serving or 'nothing'} serves"))
    ending = after.last_ending(after.working)
    if ending is not None and ending != before.last_ending(after.working):
        flip = "" if ending.flip_ms is None else f", flip {ending.flip_ms:g} ms"
        detail = f"{ending.outcome}{flip}: {ending.reason}".rstrip(": ")
        changes.append(_change("ended", after, ending.ended_at or now, detail))
    return changes


def told(event: Kind, view: SwitchView, detail: str) -> Change:
    """An event of the connection rather than of the switch."""
    return _change(event, view, datetime.now(UTC), detail)


def _new_phases(before: SwitchView, after: SwitchView) -> list[PhaseView]:
    known = {(phase.phase, phase.at) for phase in before.phases}
    return [phase for phase in after.phases if (phase.phase, phase.at) not in known]


def _weights_text(view: SwitchView) -> str:
    weights = view.weights()
    if weights is None:
        return "unknown"
    return ", ".join(f"{colour} {weight}%" for colour, weight in sorted(weights.items()))


def _change(event: Kind, view: SwitchView, at: datetime, detail: str) -> Change:
    return Change(
        at=at,
        twin=view.name,
        event=event,
        phase=view.phase,
        serving=view.serving,
        weights=view.weights(),
        release=view.working or view.release,
        detail=detail,
    )


def line(change: Change) -> str:
    """The event as one line of plain text."""
    at = output.clock(change.at)
    match change.event:
        case "phase":
            return f"{at}  {change.twin}  phase    {change.phase}: {change.detail}".rstrip(": ")
        case "now":
            serving = change.serving or "nothing"
            state = f"{change.phase}, {serving} serves"
            return f"{at}  {change.twin}  now      {state}: {change.detail}".rstrip(": ")
        case _:
            return f"{at}  {change.twin}  {change.event:<7}  {change.detail}"
