"""This file lets you say how likely each arm is the best: a Bayesian reading, which decides nothing.

It is not protected against looking: whoever stops when it is high will be wrong more often than it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from experiments.stats.estimate import Estimate

NODES = np.linspace(-8.0, 8.0, 801)


@dataclass(frozen=True, slots=True)
class Belief:
    """`chance_best` in [0, 1], summing to 1 over arms. `expected_loss`: what choosing this arm costs on average against
    the best one, in the metric's measure, 0 or more."""

    chance_best: float
    expected_loss: float


def believe(arms: Sequence[Estimate], *, sign: int) -> tuple[Belief, ...] | None:
    """Posterior N(mean, variance) for each arm, from a flat prior, independent; `sign` 1 where more is better, else −1.

    P(best = i) = ∫ φ_i Π_{j≠i} Φ_j and E[max] − mean_i (Stucchio 2015, "Bayesian A/B Testing at VWO", section 5), by
    the trapezoidal rule over a grid that is fine around every arm. None while an arm has no known error.
    """
    means = sign * np.array([float(arm.mean) for arm in arms])
    deviations = np.sqrt(np.array([float(arm.variance) for arm in arms]))
    if not (np.isfinite(means).all() and np.isfinite(deviations).all() and (deviations > 0).all()):
        return None
    grid = np.unique(means[:, None] + deviations[:, None] * NODES)
    z = (grid - means[:, None]) / deviations[:, None]
    below = ndtr(z)
    density = np.exp(-z * z / 2) / (deviations[:, None] * np.sqrt(2 * np.pi))
    steps = np.diff(grid)
    chances = np.empty(len(arms))
    for index in range(len(arms)):
        chances[index] = _area(density[index] * np.delete(below, index, axis=0).prod(axis=0), steps)
    chances /= chances.sum()
    best = grid[-1] - _area(below.prod(axis=0), steps)
    return tuple(
        Belief(float(chance), max(float(best - mean), 0.0)) for chance, mean in zip(chances, means, strict=True)
    )


def _area(values: NDArray[np.float64], steps: NDArray[np.float64]) -> float:
    return float(((values[1:] + values[:-1]) / 2 * steps).sum())
