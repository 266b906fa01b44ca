"""Units of one metric, made one by one, and what they add up to."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.stats.totals import History, Totals

Floats = NDArray[np.float64]


def draw_mean_units(
    rng: Generator, units: int, *, shift: float = 0.0, correlation: float = 0.7
) -> tuple[Floats, Floats]:
    """Values y and earlier values h of units, correlated."""
    h = rng.gamma(2.0, 1.5, units)
    y = shift + correlation * h + rng.gamma(3.0, 1.0, units)
    return y, h


def draw_ratio_units(rng: Generator, units: int, *, rate: float = 0.1) -> tuple[Floats, Floats]:
    """Clicks and views of units."""
    views = rng.geometric(0.1, units)
    return rng.binomial(views, rate).astype(np.float64), views.astype(np.float64)


def with_history(y: Floats, h: Floats, has: NDArray[np.bool_] | None = None) -> Totals:
    """Totals of a mean whose units have the earlier value h, those of `has` only."""
    has = np.ones(len(y), dtype=bool) if has is None else has
    history = History.of_values(
        units=float(has.sum()),
        h=float(h[has].sum()),
        hh=float((h[has] ** 2).sum()),
        yh=float((y[has] * h[has]).sum()),
        y=float(y[has].sum()),
    )
    return Totals.of_units(y, history=history)
