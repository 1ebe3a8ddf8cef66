"""What the session asks of every kernel: the interface between the statistics and the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Evidence(Protocol):
    """Anytime-valid evidence of one indicator, for a batch of independent runs of shape `(...,)`.

    Every kernel adds `update(self, <arrays of one tick>) -> None`, with arrays as its data are.
    A run in which one side has no events (or no readings) in a tick learns nothing from that tick:
    that is how a batch of runs tells a run without data.
    """

    @property
    def log_e(self) -> NDArray[np.float64]:
        """Running log e-value, shape `(...,)`; 0 before any data, and never NaN.

        A supermartingale under "the candidate is no worse" (Ville 1939), so that it passes
        `log(1/alpha)` at any time with probability `alpha` at most.
        """
        ...

    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both ends of the confidence sequence, shape `(...,)`: `lower <= upper`, never NaN."""
        ...

    def passes(self) -> NDArray[np.bool_]:
        """Where the confidence sequence excludes a regression larger than the margin, `(...,)`."""
        ...

    def state(self) -> dict[str, Any]:
        """All that later ticks depend on, as JSON values: floats unrounded, arrays as lists."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state()` told; bit for bit, later results are the same."""
        ...
