"""The law of the candidate's number of bad events when there is no regression, exactly.

Given a tick's bad events and both exposures it is hypergeometric (Fisher 1934); over the ticks of
a span, whose exposures differ, the sum of such, by convolution. Kept for the few smallest outcomes,
which are those that matter near the bound; all above are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTCOMES = 24
"""0 to 22 events one by one, and "more"."""


class Law:
    """The laws of `shape` runs, each since it was last cleared.

    Args:
        shape: leading shape of all arrays.
    """

    def __init__(self, shape: tuple[int, ...] = ()) -> None:
        self._probability = np.zeros((*shape, OUTCOMES))
        self._probability[..., 0] = 1.0

    def add(
        self,
        bad: NDArray[np.float64],
        baseline: NDArray[np.float64],
        candidate: NDArray[np.float64],
    ) -> None:
        """Add one tick.

        Args:
            bad: bad events of both colours, shape `(...,)`.
            baseline: all events of the baseline.
            candidate: all events of the candidate.
        """
        # so many that "more" is likely, or so many that the baseline alone cannot have had them
        beyond = (bad >= OUTCOMES) | (bad > baseline)
        bad = np.where(beyond, 0.0, bad)
        one = _none_of_the_candidate(bad, baseline, candidate)
        old, most = self._probability, int(bad.max())
        new = one[..., None] * old
        for events in range(most):
            one = one * (bad - events) * np.maximum(candidate - events, 0.0)
            one = one / ((events + 1) * np.maximum(baseline - bad + events + 1, 1.0))
            moved = one[..., None] * old
            new[..., events + 1 :] += moved[..., : OUTCOMES - events - 1]
            new[..., -1] += moved[..., OUTCOMES - events - 1 :].sum(axis=-1)
        new[beyond] = 0.0
        new[beyond, -1] = 1.0
        self._probability = new

    def of(
        self, rows: NDArray[np.bool_], mean: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities of the outcomes in some runs, and the outcomes less their mean.

        Args:
            rows: which runs, shape `(...,)`; `runs` of them are true.
            mean: the mean outcome, shape `(runs,)`.

        Returns:
            Two arrays of shape `(runs, outcomes)`; the last outcome stands for all above.
        """
        return self._probability[rows], np.arange(OUTCOMES) - mean[:, None]

    def clear(self, rows: NDArray[np.bool_]) -> None:
        """Begin anew in some runs."""
        self._probability[rows] = 0.0
        self._probability[rows, 0] = 1.0

    def state(self) -> dict[str, Any]:
        """All that later results depend on."""
        return {"probability": self._probability.tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told."""
        shape = self._probability.shape
        self._probability = np.array(state["probability"], dtype=np.float64).reshape(shape)


def _none_of_the_candidate(
    bad: NDArray[np.float64], baseline: NDArray[np.float64], candidate: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The probability that every bad event is the baseline's."""
    chance = np.ones(bad.shape)
    for nth in range(int(bad.max())):
        factor = np.maximum(baseline - nth, 0.0) / np.maximum(baseline + candidate - nth, 1.0)
        chance = np.where(nth < bad, chance * factor, chance)
    return chance
