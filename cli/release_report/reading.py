"""Reading recordings: from lines back to the states that a switch went through. Pure.

Read leniently: a line that cannot be read is counted and skipped, never a traceback.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Status = dict[str, Any]


@dataclass(frozen=True)
class Moment:
    """The whole state of the switch as it was seen at one time.

    Attributes:
        seen: when, by the clock of whoever recorded.
        status: the status, camelCase as the cluster has it; `spec` in it where it is known.
        by: who recorded it.
        first: whether a recorder began with it: what came before, it may have missed.
    """

    seen: datetime
    status: Status
    by: str = ""
    first: bool = False

    @property
    def began(self) -> str:
        """Which try of the release this is: when the controller took it up."""
        attempt = self.status.get("attempt")
        return str(mapping(attempt).get("startedAt") or "")


@dataclass(frozen=True)
class Reading:
    """What a recording holds.

    Attributes:
        release: identity of the release; None of an empty recording.
        twin: name of the twin; None of an empty recording.
        moments: in the order in which they were seen.
        damaged: lines that could not be read.
        until: when the last line was written, which may say that nothing had changed.
    """

    release: str | None = None
    twin: str | None = None
    moments: list[Moment] = field(default_factory=list[Moment])
    damaged: int = 0
    until: datetime | None = None

    def last_try(self) -> list[Moment]:
        """The moments of the try that the last of them belongs to."""
        began = self.moments[-1].began if self.moments else ""
        return [one for one in self.moments if one.began == began]


def read(lines: Iterable[str]) -> Reading:
    """Fold the lines of one recording."""
    state: Status = {}
    damaged = 0
    moments: list[Moment] = []
    release: str | None = None
    twin: str | None = None
    seen: datetime | None = None
    for text in lines:
        if not text.strip():
            continue
        line = _line(text)
        if line is None:
            damaged += 1
            continue
        if line.get("first"):
            # a recorder begins with everything it sees
            state = {}
        state = _fold(state, mapping(line["status"]))
        release, twin = str(line["release"]), str(line.get("twin") or "")
        first, told = bool(line.get("first")), cast("datetime", line["seen"])
        # another recorder's clock may be behind: what is written later was seen later
        seen = max(told, seen) if seen else told
        if moments and moments[-1].status == state:
            continue
        moments.append(Moment(seen, state, str(line.get("by") or ""), first))
    return Reading(release, twin, moments, damaged, seen)


def mapping(value: object) -> dict[str, Any]:
    """The mapping; an empty one instead of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """The list; an empty one instead of anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def mappings(value: object) -> list[dict[str, Any]]:
    """The mappings of a list."""
    found = [cast("dict[str, Any]", one) for one in listing(value) if isinstance(one, dict)]
    return [one for one in found if one]


def spec_of(moments: Sequence[Moment]) -> Status:
    """The release's goal; empty when nobody saw it."""
    for one in reversed(moments):
        if spec := mapping(one.status.get("spec")):
            return spec
    return {}


def moment(value: object) -> datetime | None:
    """A timestamp, or None when it cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _line(text: str) -> dict[str, Any] | None:
    try:
        line = mapping(json.loads(text))
    except ValueError:
        return None
    seen = moment(line.get("seen"))
    if seen is None or not line.get("release") or not isinstance(line.get("status"), dict):
        return None
    return {**line, "seen": seen}


def _fold(state: Status, changed: Status) -> Status:
    merged = {**state, **changed}
    return {key: value for key, value in merged.items() if value is not None}
