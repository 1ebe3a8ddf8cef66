"""Raw samples, and what happened between them: increments of counters, series by series. Pure.

Not PromQL's `increase`: that extrapolates to the edges of its window and sums before it looks for
resets. Here an increment belongs to the sample that shows it, so that windows laid end to end count
everything once, and what makes no sense is told apart from what is merely missing.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

SMALL = 10.0
"""Below this a process that began again can have counted as much within a scrape: 10."""

Sample = tuple[float, float]
"""Unix time in seconds, and value."""

RESET = 0.5
"""A counter that falls to less than this part of itself was reset: a half. One that falls by less
did not begin at 0 again, and what it says is nonsense."""


class NonsenseError(Exception):
    """Samples that cannot be what they claim; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one series, in the order of their time."""

    labels: Mapping[str, str]
    samples: tuple[Sample, ...] = ()
    histograms: tuple[tuple[float, Mapping[str, Any]], ...] = ()
    """The samples of a native histogram: time, and the histogram as Prometheus writes it."""

    @classmethod
    def read_all(cls, result: object) -> "list[Series]":
        """Read the result of a range selector.

        Raises:
            NonsenseError: when it is not shaped as Prometheus shapes it.
        """
        try:
            listed = cast("list[dict[str, Any]]", result)
            return [
                cls(
                    one["metric"],
                    tuple((float(t), float(v)) for t, v in one.get("values", ())),
                    tuple((float(t), dict(h)) for t, h in one.get("histograms", ())),
                )
                for one in listed
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NonsenseError(f"the answer is not shaped as samples are: {error}") from error

    @property
    def name(self) -> str:
        """What people call it."""
        metric = self.labels.get("__name__", "a series")
        where = self.labels.get("pod") or self.labels.get("instance")
        return f"{metric} of {where}" if where else metric

    def newest(self, until: float) -> float | None:
        """The time of the newest sample up to a moment."""
        times = [t for t, _ in (self.samples or self.histograms) if t <= until]
        return max(times, default=None)

    def increment(self, after: float, until: float) -> float:
        """By how much the counter grew in samples after one moment and up to another.

        The first sample of all only shows where the counter stands: what it counted before is not
        of this time.

        Raises:
            NonsenseError: a value that no counter has.
        """
        grown, before = 0.0, None
        for at, value in self.samples:
            if not math.isfinite(value) or value < 0:
                raise NonsenseError(f"{self.name} is {value}, which no counter is")
            if at > until:
                break
            if before is not None and at > after:
                grown += self._step(before, value)
            before = value
        return grown

    def _step(self, before: float, value: float) -> float:
        if value >= before:
            return value - before
        if value > before * RESET and before >= SMALL:
            raise NonsenseError(
                f"{self.name} fell from {before:g} to {value:g}, which is no reset to 0"
            )
        return value  # counted since the process began again

    def last(self, after: float, until: float) -> float | None:
        """The newest value after one moment and up to another.

        Raises:
            NonsenseError: a value that is no number.
        """
        for at, value in reversed(self.samples):
            if after < at <= until:
                if not math.isfinite(value):
                    raise NonsenseError(f"{self.name} is {value}, which is no number")
                return value
        return None


def newest(series: Iterable[Series], until: float) -> float | None:
    """The time of the newest sample of any of them up to a moment."""
    return max((t for one in series if (t := one.newest(until)) is not None), default=None)
