"""This file lets you tell from how many units on a comparison may be read.

A confidence sequence rests on the normal approximation, which holds only once there are units enough; skewed values
need more of them. Read from the first unit on, 90/10 shares at a conversion of 1 % give a false verdict in one
experiment out of six.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.stats.number import Number, over
from experiments.stats.totals import Totals, pool

LEAST_UNITS = 100
UNITS_PER_SQUARED_SKEWNESS = 20


def squared_skewness(arms: Sequence[Totals]) -> Any:
    """γ² of the units' values, all arms taken as one sample; for a ratio of y − r·x. nan where they do not vary.

    γ = m₃ / m₂^1.5 with the central moments m₂, m₃ over n. For a conversion it is (1 − 2p)² / (p(1 − p)), so that 20
    of it are about 20 successes, or 20 failures, in the smaller arm.
    """
    whole = pool(arms)
    ratio = over(whole.y, whole.x)
    second = over(whole.yy - 2 * ratio * whole.yx + ratio**2 * whole.xx, whole.units)
    third = over(whole.yyy - 3 * ratio * whole.yyx + 3 * ratio**2 * whole.yxx - ratio**3 * whole.xxx, whole.units)
    # What is left of a difference of equal sums is rounding, not variance.
    rounding = 1e-12 * over(whole.yy, whole.units)
    second = np.where(second > rounding, second, np.nan)[()]
    return over(third**2, second**3)


def units_to_start(arms: Sequence[Totals], *, floor: float = LEAST_UNITS) -> Any:
    """How many counted units each arm of a comparison must hold before it is read: max(100, 20 γ², floor).

    20 γ² is of the family of Cochran's rule for skewed populations (25 γ²; "Sampling Techniques", 3rd ed., 2.15), and
    was set by simulation of sequences looked at 50 times. `floor` can only raise it. Infinite where values do not vary.
    """
    needed = np.maximum(UNITS_PER_SQUARED_SKEWNESS * squared_skewness(arms), max(LEAST_UNITS, floor))
    return np.where(np.isnan(needed), np.inf, needed)[()]


def started(control: Totals, treatment: Totals, needed: Number) -> Any:
    """Whether a comparison of these two arms may be read."""
    return np.minimum(control.units, treatment.units) >= needed
