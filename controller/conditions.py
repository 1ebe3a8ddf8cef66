"""Conditions as Kubernetes tools read them: Ready, Progressing, Degraded. Pure."""

from datetime import datetime

from controller.api import Condition, Status
from controller.phases import ENDED, Because, Phase

_TROUBLE = frozenset({Because.FORMER_LOST, Because.NO_DATA})


def conditions(
    status: Status, because: Because, now: datetime, generation: int
) -> tuple[Condition, ...]:
    """The three conditions; a transition time moves only when its condition does."""
    is_degraded = status.phase in {Phase.REJECTED, Phase.ROLLING_BACK} or because in _TROUBLE
    truths = {
        "Ready": status.phase is Phase.SETTLED,
        "Progressing": status.phase not in ENDED,
        "Degraded": is_degraded,
    }
    before = {condition.type: condition for condition in status.conditions}
    return tuple(
        Condition(
            type=name,
            status=str(truth),
            reason=status.phase.value,
            message=status.reason,
            last_transition_time=_since(before.get(name), truth=truth, now=now),
            observed_generation=generation,
        )
        for name, truth in truths.items()
    )


def _since(before: Condition | None, *, truth: bool, now: datetime) -> datetime:
    is_same = before is not None and before.status == str(truth)
    return before.last_transition_time if before is not None and is_same else now
