"""What `doctor` finds: one line each, with its consequence and its fix when it is not well."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel


class Level(StrEnum):
    """How a check ended; one line of meaning each."""

    OK = "ok"
    """As it should be."""
    PROBLEM = "problem"
    """Needs doing something about; `doctor` exits 1."""
    NOTE = "note"
    """Worth knowing, and nobody needs to act."""
    UNKNOWN = "unknown"
    """Could not be looked at; the reason is an earlier problem or is told."""


class Finding(BaseModel):
    """One check's answer."""

    area: str
    """machine, tools, engine, cluster, or `twin NAME`."""
    name: str
    level: Level
    found: str
    consequence: str = ""
    fix: str = ""


class Area:
    """Makes the findings of one area."""

    def __init__(self, area: str) -> None:
        self._area = area

    def ok(self, name: str, found: str) -> Finding:
        """It is as it should be."""
        return Finding(area=self._area, name=name, level=Level.OK, found=found)

    def problem(self, name: str, found: str, *, consequence: str, fix: str) -> Finding:
        """It is not."""
        return Finding(
            area=self._area,
            name=name,
            level=Level.PROBLEM,
            found=found,
            consequence=consequence,
            fix=fix,
        )

    def note(self, name: str, found: str) -> Finding:
        """It is worth knowing."""
        return Finding(area=self._area, name=name, level=Level.NOTE, found=found)

    def unknown(self, name: str, why: str) -> Finding:
        """It could not be looked at."""
        return Finding(area=self._area, name=name, level=Level.UNKNOWN, found=why)
