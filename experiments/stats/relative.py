"""This file lets you speak of a lift in per cent without dividing by an uncertain control."""

import math
from typing import Any

import numpy as np

from experiments.stats.estimate import Estimate


def contrast(control: Estimate, treatment: Estimate, *, sign: int, lift: float = 0.0) -> tuple[Any, Any]:
    """How far the treatment is ahead of a control made `lift` better: the difference, and its variance (Welch).

    `sign` is 1 where more is better and −1 where less is: above 0 is good either way. `lift` is relative to the
    control's mean and in the direction of better, negative for a harm. With more being better it is
    μ_t − (1 + lift)·μ_c. Where the control's mean is below 0 the lift is taken of its size.
    """
    factor = sign + lift * np.sign(control.mean)
    return sign * treatment.mean - factor * control.mean, treatment.variance + factor**2 * control.variance


def relative_interval(control: Estimate, treatment: Estimate, width: float) -> tuple[float, float] | None:
    """All relative lifts δ that the sequence of μ_t − (1 + δ)·μ_c does not leave out, `width` in standard errors.

    Fieller (1954, "Some Problems in Interval Estimation"): (m_t − q·m_c)² ≤ w²(v_t + q²·v_c), solved for q = 1 + δ.
    None where the control is too near to 0 for the set to be an interval. The lift is of the control's size.
    """
    before, after = float(control.mean), float(treatment.mean)
    leading = before**2 - width**2 * float(control.variance)
    if not leading > 0:
        return None
    middle = after * before
    last = after**2 - width**2 * float(treatment.variance)
    root = math.sqrt(max(middle**2 - leading * last, 0.0))
    ends = (middle - root) / leading - 1, (middle + root) / leading - 1
    return ends if before > 0 else (-ends[1], -ends[0])
