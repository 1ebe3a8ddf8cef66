"""The ladder of weights that every judge watches, and the traffic that arrives under it."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ramp:
    """Fixed steps of one length; one tick a second.

    The weights are the candidate's share of the traffic, each held for `dwell` seconds.
    """

    weights: tuple[float, ...] = (0.01, 0.05, 0.25, 0.50)
    dwell: int = 600
    """Seconds a step is held."""
    rate: float = 200.0
    """Requests a second, of both colours together; arrivals are Poisson."""
    redraw: int | None = None
    """Seconds between weights redrawn at random, each landing within a tick; None: the steps."""

    @property
    def ticks(self) -> int:
        """Seconds from the first request to the end of the last step."""
        return len(self.weights) * self.dwell

    def at_rate(self, rate: float) -> "Ramp":
        """The same ladder under other traffic, in requests a second."""
        return replace(self, rate=rate)

    def shares(self, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """The share each tick reports and the one its requests had, both (ticks, runs).

        They differ only in the ticks in which a weight lands: the tick reports the new weight,
        its requests are a mixture of the old and the new.
        """
        if self.redraw is None:
            steps = np.repeat(np.asarray(self.weights), self.dwell)
            shares = np.broadcast_to(steps[:, None], (self.ticks, runs))
            return shares, shares
        blocks = -(-self.ticks // self.redraw)
        drawn = rng.choice(np.asarray((0.01, 0.05, 0.10, 0.25, 0.50)), (blocks, runs))
        reported = np.repeat(drawn, self.redraw, axis=0)[: self.ticks]
        actual = reported.copy()
        landing = np.arange(self.redraw, self.ticks, self.redraw)
        old = rng.random((len(landing), runs))
        actual[landing] = old * reported[landing - 1] + (1 - old) * reported[landing]
        return reported, actual


LADDER = Ramp()
"""The ramp of issue 4."""


def arrivals(rate: float, actual: Floats, rng: np.random.Generator) -> tuple[Counts, Counts]:
    """Requests of baseline and candidate, (ticks, runs) each: Poisson, split by the share."""
    return rng.poisson(rate * (1 - actual)), rng.poisson(rate * actual)
