"""Ratio indicators that ask the same question, carried by one kernel with a row each.

An array operation costs nearly the same for one number as for eight, and a release is mostly judged
by several ratios; so those of one direction and margin are rows of one `RatioEvidence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.batch_tick import RatioTick
from judge.config import Direction, Kind
from judge.ratio import RatioEvidence
from judge.storm import Storm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from judge.batch_tick import Observed
    from judge.config import Config, Indicator
    from judge.family import Family

    Floats = NDArray[np.float64]


class RatioGroup:
    """The evidence and storm rules of some ratio indicators.

    Args:
        indicators: of one direction and margin.
        family: the shares of the false-alarm rate.
        shape: leading shape of all arrays, behind the rows.
    """

    def __init__(self, indicators: list[Indicator], family: Family, shape: tuple[int, ...]) -> None:
        rows, first = (len(indicators), *shape), indicators[0]
        self.evidence = RatioEvidence(
            direction=first.direction,
            margin=first.margin,
            alpha=family.alpha(first.name),
            alpha_pass=family.passing,
            shape=rows,
        )
        self._storm: Storm | None = None
        if first.direction is not Direction.DECREASE:
            self._storm = Storm(alpha=family.storm / len(family.indicators), shape=rows)
        self.rows = {one.name: RatioRow(self, nth) for nth, one in enumerate(indicators)}
        self._nothing = np.zeros((4, *shape))

    def update(self, observed: Mapping[str, Observed], seconds: float) -> None:
        """Take in one tick; an indicator that is missing learns nothing."""
        seen = [observed.get(name) for name in self.rows]
        if all(one is None for one in seen):
            return
        four = np.array([self._numbers(one) for one in seen])
        columns = four[:, 0], four[:, 1], four[:, 2], four[:, 3]
        self.evidence.update(*columns, seconds)
        if self._storm is not None:
            self._storm.update(*columns, seconds)

    def _numbers(self, seen: Observed | None) -> Any:  # noqa: ANN401 - what an array is made of
        if not isinstance(seen, RatioTick):
            return self._nothing
        return (seen.bad_baseline, seen.total_baseline, seen.bad_candidate, seen.total_candidate)

    @property
    def called(self) -> NDArray[np.bool_]:
        """Where each row's storm rule has seen an outage, shape `(rows, ...)`; stays."""
        if self._storm is None:
            return np.zeros((len(self.rows), *self._nothing.shape[1:]), dtype=np.bool_)
        return self._storm.called

    @property
    def storm(self) -> NDArray[np.bool_]:
        """Where any has, shape `(...,)`."""
        return np.asarray(self.called.any(axis=0))

    @property
    def measure(self) -> Floats:
        """The rates that no healthy candidate exceeds, shape `(rows, ...)`; 1 without a rule."""
        return np.ones(self.called.shape) if self._storm is None else self._storm.measure

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        storm = {} if self._storm is None else self._storm.state()
        return {"evidence": self.evidence.state(), "storm": storm}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        self.evidence.load(state["evidence"])
        if self._storm is not None:
            self._storm.load(state["storm"])


@dataclass(frozen=True, slots=True)
class RatioRow:
    """One indicator's part of its group; every array has the shape `(...,)`."""

    group: RatioGroup
    row: int

    @property
    def log_e(self) -> Floats:
        """Running log e-value against "no worse"."""
        return self.group.evidence.log_e[self.row]

    def interval(self) -> tuple[Floats, Floats]:
        """Ends of the confidence sequence for the rate ratio."""
        lower, upper = self.group.evidence.interval()
        return lower[self.row], upper[self.row]

    def passes(self) -> NDArray[np.bool_]:
        """Where it excludes a regression larger than the margin."""
        return self.group.evidence.passes()[self.row]

    @property
    def storm(self) -> NDArray[np.bool_]:
        """Where its storm rule has seen an outage; stays."""
        return self.group.called[self.row]

    @property
    def measure(self) -> Floats:
        """The rate that no healthy candidate exceeds."""
        return self.group.measure[self.row]


def groups(config: Config, family: Family, shape: tuple[int, ...]) -> list[RatioGroup]:
    """The ratio indicators of a configuration, in groups that ask the same question."""
    alike: dict[tuple[Direction, float], list[Indicator]] = {}
    for one in config.indicators:
        if one.kind is Kind.RATIO:
            alike.setdefault((one.direction, one.margin), []).append(one)
    return [RatioGroup(some, family, shape) for some in alike.values()]
