"""An interval of real numbers that holds `lower <= upper` from its construction on."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """What the data leave possible, ends included; an end may be infinite.

    Args:
        lower: the least value that is not excluded; `-inf` for no bound.
        upper: the greatest; `inf` for no bound.

    Raises:
        ValueError: when `lower > upper`, or an end is not a number.
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if math.isnan(self.lower) or math.isnan(self.upper):
            raise ValueError(f"[{self.lower}, {self.upper}] has an end that is not a number")
        if self.lower > self.upper:
            raise ValueError(f"[{self.lower}, {self.upper}] is upside down: lower > upper")

    @property
    def width(self) -> float:
        """`upper - lower`; infinite when an end is."""
        if self.lower == self.upper:
            return 0.0
        return self.upper - self.lower

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside."""
        return not self.lower <= value <= self.upper

    def __contains__(self, value: float) -> bool:
        return not self.excludes(value)

    def __str__(self) -> str:
        return f"[{self.lower:.4g}, {self.upper:.4g}]"
