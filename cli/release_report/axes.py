"""Scales and ticks of the report's charts. Pure.

Positions are shares of the axis, 0 at its beginning and 1 at its end; what lies beyond is drawn at
the edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LN10 = math.log(10)
SECONDS = (
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600.0 * hours for hours in (1, 2, 3, 6, 12, 24, 48, 72, 168)),
)
"""Distances between two ticks of time that people count in."""

TICKS = 6
"""As many fit the narrowest screen."""

RATIOS = (
    *(1.0, 2.0, 0.5, 5.0, 0.2, 10.0, 0.1, 1.5, 100.0, 0.01, 20.0, 0.05, 50.0, 0.02),
    *(1.1, 0.9, 1.2, 0.8, 1.3, 0.7, 3.0, 0.3, 1.05, 0.95, 1000.0, 0.001),
)
"""Ratios that people know, the best known first."""

TENTHS = 10.0
"""Seconds below which tenths of one matter."""

APART = 0.12
"""The least share of the axis between two labels."""

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FEW_ZEROES = 2
"""Powers of ten up to this one are written out."""


@dataclass(frozen=True)
class Axis:
    """A stretch of numbers laid out linearly.

    Attributes:
        low: the number at its beginning.
        high: the number at its end; above `low`.
    """

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where a number lies, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def holds(self, value: float) -> bool:
        """Whether a number lies on the axis."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis.

    Attributes:
        place: 0 to 1.
        label: for people.
    """

    place: float
    label: str


def time_axis(seconds: float) -> tuple[Axis, list[Tick]]:
    """The axis of a release that has lasted this long."""
    axis = Axis(0.0, max(seconds, 0.001))
    step = next((step for step in SECONDS if seconds / step < TICKS), SECONDS[-1])
    count = int(axis.high / step)
    return axis, [Tick(axis.place(nth * step), moment(nth * step)) for nth in range(count + 1)]


def moment(seconds: float) -> str:
    """Time since the beginning: `0`, `1.5s`, `45s`, `12m`, `1h 30m`, `2d`."""
    if seconds < TENTHS:
        return f"{seconds:.1f}".removesuffix(".0") + ("s" if seconds else "")
    whole = round(seconds)
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (left, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def evidence_axis(log_e: Iterable[float], bound: float | None) -> tuple[Axis, list[Tick]]:
    """Decades of an e-value, with its bound in sight.

    Args:
        log_e: natural logarithms.
        bound: the e-value that fails the release.

    Returns:
        An axis of decimal logarithms.
    """
    known = [value / LN10 for value in log_e]
    roof = math.log10(bound) if bound and bound > 0 else 2.0
    low = max(-6.0, math.floor(min([-1.0, *known])))
    high = max(roof + 0.6, min(roof + 4.0, max([0.0, *known]) + 0.3))
    axis = Axis(low, high)
    step = math.ceil((high - low) / (TICKS - 1))
    # counted from 0 on, so that "no evidence" is always labelled
    powers = range(math.ceil(low / step) * step, math.floor(high) + 1, step)
    return axis, [Tick(axis.place(power), power_of_ten(power)) for power in powers]


def share_axis(highest: float) -> tuple[Axis, list[Tick]]:
    """Percent from 0 to a roof under which even one percent is seen to be something.

    Args:
        highest: percent that has to be in sight.
    """
    roof = next((roof for roof in (5.0, 10.0, 20.0, 50.0) if highest * 1.2 <= roof), 100.0)
    axis = Axis(0.0, roof)
    step = roof / (4 if roof == 100 else 5)  # noqa: PLR2004 - quarters of all of it
    count = round(roof / step)
    return axis, [Tick(nth / count, f"{nth * step:g} %") for nth in range(count + 1)]


def power_of_ten(power: int) -> str:
    """`10⁻³`, `0.1`, `1`, `10`, `100`, `10³`."""
    if -1 <= power <= FEW_ZEROES:
        return f"{10.0**power:g}"
    return "10" + str(power).translate(SUPERSCRIPT)


def ratio_axis(values: Sequence[float]) -> tuple[Axis, list[Tick]]:
    """Ratios, laid out by their logarithm so that twice and half weigh the same.

    Args:
        values: ratios above 0 that are to be in sight; at least one.

    Returns:
        An axis of natural logarithms.
    """
    low, high = math.log(min(values)), math.log(max(values))
    room = max(0.02, (high - low) * 0.06)
    axis = Axis(low - room, high + room)
    chosen: list[float] = []
    for ratio in RATIOS:
        place = axis.place(math.log(ratio))
        apart = all(abs(place - axis.place(math.log(other))) >= APART for other in chosen)
        if axis.holds(math.log(ratio)) and apart:
            chosen.append(ratio)
    return axis, [Tick(axis.place(math.log(ratio)), f"{ratio:g}") for ratio in sorted(chosen)]


def plain_axis(values: Sequence[float]) -> tuple[Axis, list[Tick]]:
    """Numbers as they are.

    Args:
        values: that are to be in sight; at least one.
    """
    low, high = min(values), max(values)
    room = max(1e-9, (high - low) * 0.08)
    axis = Axis(low - room, high + room)
    step = _round_step((axis.high - axis.low) / (TICKS - 1))
    first = math.ceil(axis.low / step)
    last = math.floor(axis.high / step)
    numbers = [nth * step for nth in range(first, last + 1)]
    return axis, [Tick(axis.place(number), f"{number:.6g}") for number in numbers]


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


def figure(value: float | None, digits: int = 3) -> str:
    """A number for people; a dash when it is not known."""
    if value is None:
        return output.NOTHING
    if value and not 1e-3 <= abs(value) < 1e6:  # noqa: PLR2004 - where zeroes begin to be counted
        power = math.floor(math.log10(abs(value)))
        return f"{value / 10.0**power:.1f}·10{str(power).translate(SUPERSCRIPT)}"
    if abs(value) >= 1000:  # noqa: PLR2004 - where digits begin to be grouped
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"
