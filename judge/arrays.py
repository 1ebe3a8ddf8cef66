"""Arguments as arrays of one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def shaped(shape: tuple[int, ...], *values: ArrayLike) -> list[NDArray[np.float64]]:
    """Each value as floats of the shape; one that has it already is not copied.

    Args:
        shape: what all must broadcast to.
        values: numbers or arrays.

    Raises:
        ValueError: when one does not broadcast to it.
    """
    arrays = [np.asarray(value, dtype=np.float64) for value in values]
    return [one if one.shape == shape else np.broadcast_to(one, shape) for one in arrays]
