"""What successive statuses of an object add to the story of an update, each thing told once.

Pure: statuses in, lines out.
"""

import re
from collections.abc import Iterator
from typing import Any, Protocol

Status = dict[str, Any]

_NUMBERS = re.compile(r"[\d.,]+")
"""What changes each second in a reason that stays the same."""


class Narrator(Protocol):
    """Turns successive statuses of one object into lines."""

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to tell."""
        ...

    def lines(self, status: Status) -> Iterator[str]:
        """The lines that this status adds."""
        ...


class ReleaseNarrator:
    """Tells the phases of one release of a TrafficSwitch.

    Args:
        release: the release to tell of; what was there before it is not told.
    """

    def __init__(self, release: str) -> None:
        self._release = release
        self._told: int | None = None
        self._held = ""
        self.ended = False

    def lines(self, status: Status) -> Iterator[str]:
        """The phases that were entered since the last status."""
        if status.get("release") != self._release:
            self._told = self._told or 0
            return
        phases: list[dict[str, Any]] = status.get("phases", [])
        settled = status.get("settled") == self._release
        if self._told is None:
            # first sight: a release that is over has nothing to tell; one under way, where it is
            self._told = len(phases) if settled else max(len(phases) - 1, 0)
        if len(phases) < self._told:
            self._told = 0  # the same release, tried again
        for phase in phases[self._told :]:
            yield _phase(phase)
        self._told = len(phases)
        yield from self._holding(status)
        self.ended = settled

    def _holding(self, status: Status) -> Iterator[str]:
        """Why a ramp is not at its next step yet, when that is another reason than the last."""
        ramp: dict[str, Any] = status.get("ramp") or {}
        kind = f"{ramp.get('weight')} {_NUMBERS.sub('', str(ramp.get('reason', '')))}"
        if status.get("phase") != "Ramping" or not ramp.get("reason") or kind == self._held:
            return
        self._held = kind
        judged: dict[str, Any] = status.get("judge") or {}
        verdict = f"; {judged.get('verdict')}: {judged.get('reason')}" if judged else ""
        clock = str(judged.get("at", ramp.get("since", "")))[11:23]
        yield f"{clock} Ramping at {ramp.get('weight')} %: {ramp['reason']}{verdict}"


class ApplicationNarrator:
    """Tells what an Argo CD Application still lacks.

    Args:
        goal: identity of the source that it is to arrive at.
    """

    def __init__(self, goal: str) -> None:
        self._goal = goal
        self._told = ""
        self.ended = False

    def lines(self, status: Status) -> Iterator[str]:
        """Its state in one line, when that differs from the last one told."""
        sync, health = status.get("sync", {}), status.get("health", {})
        operation = status.get("operationState", {})
        compared = sync.get("comparedTo", {}).get("source", {}).get("name") == self._goal
        self.ended = (
            compared
            and sync.get("status") == "Synced"
            and health.get("status") == "Healthy"
            and operation.get("phase") == "Succeeded"
        )
        if self.ended:
            return
        parts = [f"{sync.get('status', 'not compared yet')}, {health.get('status', 'unknown')}"]
        if operation.get("phase") in {"Failed", "Error"}:
            parts.append(str(operation.get("message", "the sync failed")))
        parts += [
            str(condition.get("message"))
            for condition in status.get("conditions", [])
            if str(condition.get("type")).endswith("Error")
        ]
        parts += list(_ailing(status))[:3]
        line = "; ".join(parts)
        # before the first comparison there is nothing to tell but what prevents it
        if (compared or len(parts) > 1) and line != self._told:
            self._told = line
            yield line


def _phase(phase: dict[str, Any]) -> str:
    reason = phase.get("reason")
    clock = str(phase.get("at", ""))[11:23]
    return f"{clock} {phase['phase']}" + (f": {reason}" if reason else "")


def _ailing(status: Status) -> Iterator[str]:
    for resource in status.get("resources", []):
        health = resource.get("health", {})
        if health.get("status", "Healthy") != "Healthy":
            message = health.get("message") or health["status"]
            yield f"{resource['kind']} {resource['name']}: {message}"
