"""How long bad events stay related: measured on the baseline, told as a span to batch over.

Errors come in bursts and follow each other, so that neighbouring ticks are not independent. A bet
settled over a span longer than that dependence needs no independence within the span (see
`wealth`), so all there is to know is how long the span must be. The baseline tells: under "the
candidate is no worse" both colours behave alike, it has most of the traffic when little is known,
and a span that the candidate cannot influence keeps the bets predictable.

Counts are summed into cells of 1, 2, 4 and 8 seconds, each compared with what the rate of the last
minute foretold, and the products of neighbouring cells' surprises are added up: the numerator of
the lag-1 autocorrelation at each scale. The scale at which it leaves what Poisson counts allow is
where the dependence is still felt.

Deliberately does not look at the candidate, and never forgets within a release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BRIEF = 2.0
"""Seconds; the span when no dependence is seen: short beside the minutes that evidence takes."""
SETTLED = 90.0
"""Seconds of data in which an autocorrelation of 0.5 at 1 s and 1 event/s would have been seen."""
WARM = 30.0
"""Seconds before the rate foretells anything worth a surprise."""
SCALES = np.array([1.0, 2.0, 4.0, 8.0])
"""Seconds; lengths of the cells that are compared with their neighbours."""
REACH = 16.0
"""How many cells of the longest dependent scale make a span: of an AR(1) process whose cells
correlate by 0.5, a sixteenth of the span is felt beyond its end."""
LONGEST = 64.0
"""Seconds, or one cell where cells are longer: a span beyond this would hardly ever settle."""
MEMORY = 45.0
"""Seconds over which the rate is remembered: a tenfold swing in an hour moves it by a tenth."""
SIGNIFICANT = 3.5
"""Standard deviations of the sum of products under Poisson counts. Independent errors pass it at
some time in 1 of 18 releases, for they are looked at every second."""
RELEVANT = 0.05
"""Autocorrelation below which a dependence does not matter."""


class Dependence:
    """Measures the dependence of `shape` runs, each on its own.

    Args:
        shape: leading shape of all arrays.
    """

    def __init__(self, shape: tuple[int, ...] = ()) -> None:
        self._shape = shape
        scaled = (*shape, len(SCALES))
        self._seconds = np.zeros(shape)
        self._bad, self._total = np.zeros(shape), np.zeros(shape)
        self._age, self._seen, self._foretold = np.zeros(scaled), np.zeros(scaled), np.zeros(scaled)
        self._last, self._last_foretold = np.zeros(scaled), np.zeros(scaled)
        self._products, self._squares = np.zeros(scaled), np.zeros(scaled)
        self._poisson, self._cells, self._spent = (
            np.zeros(scaled),
            np.zeros(scaled),
            np.zeros(scaled),
        )

    @property
    def rate(self) -> NDArray[np.float64]:
        """The rate of bad events in the last minute or so, 0 to 1, shape `(...,)`; 0 at first."""
        return self._bad / np.maximum(self._total, 1.0)

    @property
    def span(self) -> NDArray[np.float64]:
        """Seconds over which evidence is to be settled at once, shape `(...,)`."""
        length = self._spent / np.maximum(self._cells, 1.0)
        found = np.where(
            self._dependent(), np.maximum(np.minimum(REACH * length, LONGEST), length), 0.0
        )
        return np.maximum(found.max(axis=-1), BRIEF)

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Where a dependence would have shown by now, shape `(...,)`."""
        return self._seconds >= SETTLED

    @property
    def calm(self) -> NDArray[np.float64]:
        """Seconds of data in which no dependence has shown, shape `(...,)`; 0 once one has."""
        return np.where(self._dependent().any(axis=-1), 0.0, self._seconds)

    def _dependent(self) -> NDArray[np.bool_]:
        """The scales at which neighbouring cells move together, shape `(..., scales)`."""
        excess = self._products > SIGNIFICANT * np.sqrt(self._poisson)
        return excess & (self._products > RELEVANT * self._squares)

    def autocorrelation(self) -> NDArray[np.float64]:
        """Lag-1 autocorrelation at each of `SCALES`, shape `(..., scales)`; 0 before any data."""
        return self._products / np.maximum(self._squares, 1e-12)

    def update(
        self, bad: NDArray[np.float64], total: NDArray[np.float64], seconds: NDArray[np.float64]
    ) -> None:
        """Take in one tick of the baseline.

        Args:
            bad: bad events, shape `(...,)`.
            total: all events.
            seconds: what the tick covers.
        """
        foretold = self.rate * total
        self._age += seconds[..., None]
        self._seen += bad[..., None]
        self._foretold += foretold[..., None]
        full = self._age >= SCALES - 1e-9
        surprise = self._seen - self._foretold
        compared = full & (self._cells > 0) & (self._seconds >= WARM)[..., None]
        self._products += np.where(compared, surprise * self._last, 0.0)
        self._poisson += np.where(compared, self._foretold * self._last_foretold, 0.0)
        self._squares += np.where(full, surprise**2, 0.0)
        self._cells += full
        self._spent += np.where(full, self._age, 0.0)
        np.copyto(self._last, surprise, where=full)
        np.copyto(self._last_foretold, self._foretold, where=full)
        for sums in (self._age, self._seen, self._foretold):
            sums[full] = 0.0
        kept = np.exp(-seconds / MEMORY)
        self._bad = self._bad * kept + bad
        self._total = self._total * kept + total
        self._seconds = self._seconds + seconds

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on."""
        return {name: np.asarray(one).tolist() for name, one in self._arrays().items()}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        for name, one in self._arrays().items():
            setattr(self, name, np.asarray(state[name], dtype=np.float64).reshape(one.shape))

    def _arrays(self) -> dict[str, NDArray[np.float64]]:
        return {name: one for name, one in vars(self).items() if name != "_shape"}
