"""This file lets you calculate with one number or with an array of them, without a warning where nothing is known."""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Number: TypeAlias = float | NDArray[np.float64]


def over(above: Any, below: Any) -> Any:
    """`above / below`, elementwise; nan where `below` is 0 or either is unknown."""
    if isinstance(above, np.ndarray) or isinstance(below, np.ndarray):
        above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
        shape = np.broadcast_shapes(above.shape, below.shape)
        return np.divide(above, below, out=np.full(shape, np.nan), where=below != 0)
    return float(above) / float(below) if below else math.nan


def known(value: float) -> float | None:
    """A number as a person or JSON takes it: None where it is nan or infinite."""
    return float(value) if math.isfinite(value) else None
