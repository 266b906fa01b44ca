"""This file lets you estimate each arm's mean of a metric and how far off it may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from experiments.stats.number import Number, over
from experiments.stats.totals import Totals, pool

Kind = Literal["conversion", "mean", "ratio"]

# One coefficient is fitted from the units that have history: from fewer than these it fits their noise.
LEAST_UNITS_WITH_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    """One arm's mean (for a ratio Σy / Σx), in the metric's measure, and the variance of that mean (the squared
    standard error), of so many units. nan where nothing can be said yet."""

    units: Number
    mean: Number
    variance: Number


def estimate_arms(arms: Sequence[Totals], kind: Kind, *, adjust: bool = True) -> tuple[Estimate, ...]:
    """Each arm's mean and its variance; with `adjust`, freed of what the units' history foretold (CUPED).

    Conversion: p and p(1 − p)/n. Mean: ȳ and s²/n with s² over n − 1. Ratio: r = Σy/Σx with the delta method over
    units, variance of (y − r·x) / x̄ over n (Deng, Knoblich, Lu 2018, "Applying the Delta Method in Metric
    Analytics", eq. 4). A conversion and a mean are the ratio with x = 1, so there is one formula.

    CUPED (Deng, Xu, Kohavi, Walker 2013, "Improving the Sensitivity of Online Controlled Experiments by Utilizing
    Pre-Experiment Data", eq. 4 and 5): the mean of y − θ(h − h̄), θ = cov(y, h) / var(h) over all arms taken as one
    sample, h̄ the mean of the units with history over all arms. A unit without history takes that mean, so h − h̄ is 0
    for it. For a ratio both sides are linearised: (y − r·x) / x̄ against h − r₀·g, r₀ = Σh / Σg over all arms.
    """
    before, slope = _adjustment(arms) if adjust else (0.0, 0.0)
    return tuple(_estimate(arm, kind, before, slope) for arm in arms)


def _adjustment(arms: Sequence[Totals]) -> tuple[Any, Any]:
    """r₀ and θ, the same for all arms; θ is 0 where history is missing, scarce or says nothing."""
    whole = pool(arms)
    history = whole.history
    ratio, before = over(whole.y, whole.x), over(history.h, history.g)
    spread = history.hh - 2 * before * history.hg + before**2 * history.gg
    joint = history.yh - before * history.yg - ratio * history.xh + ratio * before * history.xg
    slope = over(joint * whole.units, spread * whole.x)
    trusted = (np.asarray(history.units) >= LEAST_UNITS_WITH_HISTORY) & (spread > 0) & np.isfinite(slope)
    return np.where(trusted, before, 0.0)[()], np.where(trusted, slope, 0.0)[()]


def _estimate(arm: Totals, kind: Kind, before: Any, slope: Any) -> Estimate:
    history = arm.history
    ratio, weight = over(arm.y, arm.x), over(arm.x, arm.units)
    squares = over(arm.yy - 2 * ratio * arm.yx + ratio**2 * arm.xx, weight**2)
    joint = over(
        history.yh - before * history.yg - ratio * history.xh + ratio * before * history.xg,
        weight,
    )
    shift = over(history.h - before * history.g, arm.units)
    spread = history.hh - 2 * before * history.hg + before**2 * history.gg - arm.units * shift**2
    squares = squares - 2 * slope * joint + slope**2 * spread
    freedom = arm.units if kind == "conversion" else arm.units - 1
    variance = over(over(squares, freedom), arm.units)
    return Estimate(units=arm.units, mean=ratio - slope * shift, variance=_never_below_zero(variance))


def _never_below_zero(variance: Any) -> Any:
    """Rounding can bring a sum of squares that is 0 to a hair below."""
    return np.maximum(variance, 0.0)
