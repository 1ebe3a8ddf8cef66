"""Input that the judge refuses: each error names the value, the consequence and the fix."""

from __future__ import annotations


class Refused(ValueError):  # noqa: N818 - named for what happened to the input
    """Input that cannot be judged.

    Args:
        value: what was found, named as its writer knows it.
        consequence: what follows from it.
        fix: what to do about it.
    """

    def __init__(self, value: str, consequence: str, fix: str) -> None:
        super().__init__(f"{value}: {consequence}; {fix}")
        self.value = value
        self.consequence = consequence
        self.fix = fix


class ConfigError(Refused):
    """The `judge` block cannot be used."""


class ObservationError(Refused):
    """A tick cannot be read; it is never taken for good or bad news."""


class StateError(Refused):
    """A snapshot does not fit this configuration or this version."""
