"""This file lets you plan: how many units an effect needs, what effect so many units find, and how many days it takes.

Always the sequential number: what a test needs that may be looked at whenever one likes, which is more than the number
that a test with a single look at the end needs. That one is given beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from experiments.stats.estimate import Kind
from experiments.stats.sequence import half_width
from experiments.stats.start import LEAST_UNITS, UNITS_PER_SQUARED_SKEWNESS

LOOKS = 100


@dataclass(frozen=True, slots=True)
class Baseline:
    """The control as it is today. `mean` in the metric's measure (a conversion's in (0, 1)), not 0.

    `deviation`: of one unit's value (of (y − r·x) / x̄ for a ratio); a conversion has its own. `skewness` of the same,
    where known. `variance_kept`: what CUPED leaves of the variance, 1 − ρ², in (0, 1].
    """

    kind: Kind
    mean: float
    deviation: float | None = None
    skewness: float = 0.0
    variance_kept: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Units in all and by arm (control first), the number a single look would need, and days (None without traffic)."""

    units: int
    by_arm: tuple[int, ...]
    single_look_units: int
    days: float | None


def plan_units(
    baseline: Baseline,
    *,
    lift: float,
    shares: Sequence[float],
    significance: float = 0.05,
    power: float = 0.8,
    units_per_day: float | None = None,
    window_days: float = 0.0,
) -> Plan:
    """Units needed to find a relative `lift` (not 0; below 0 for a fall) with chance `power`, looking all the while.

    `shares` by arm, control first, any positive scale. `units_per_day`: units that take part, over all arms;
    `window_days` until the last of them is counted. Raises ValueError where no number of units can do it.
    """
    weights = _weights(shares)
    level = significance / (len(weights) - 1)
    single = single_look_units(baseline, lift=lift, weights=weights, level=level, power=power)
    units = max(single * inflation(level, power), units_before_start(baseline, weights))
    by_arm = tuple(math.ceil(units * weight - 1e-9) for weight in weights)
    days = units / units_per_day + window_days if units_per_day else None
    return Plan(sum(by_arm), by_arm, math.ceil(single - 1e-9), days)


def detectable_lift(
    baseline: Baseline,
    *,
    units: float,
    shares: Sequence[float],
    significance: float = 0.05,
    power: float = 0.8,
    sign: int = 1,
) -> float | None:
    """The smallest relative lift, in the direction of `sign`, that `units` in all find with chance `power`.

    None where they find none that is possible (a conversion cannot pass 1), or are too few to be read at all."""
    weights = _weights(shares)
    level = significance / (len(weights) - 1)
    single = units / inflation(level, power)
    if units < units_before_start(baseline, weights):
        return None
    largest = 1e6
    if baseline.kind == "conversion":
        largest = (1 / baseline.mean - 1 if sign > 0 else 1.0) * (1 - 1e-9)

    def missing(size: float) -> float:
        return single_look_units(baseline, lift=sign * size, weights=weights, level=level, power=power) - single

    if missing(largest) > 0:
        return None
    return sign * float(brentq(missing, 1e-9, largest, xtol=1e-12, rtol=1e-10))


def single_look_units(
    baseline: Baseline, *, lift: float, weights: Sequence[float], level: float, power: float
) -> float:
    """Units in all for a two-sided z-test at `level`, looked at once: (z_{1−α/2} + z_power)² · (v_c/w_c + v_t/w_t) / Δ²
    for the treatment with the least share (Chow, Shao, Wang, Lokhnygina 2017, "Sample Size Calculations in Clinical
    Research", 3.2.1, with unequal variances)."""
    if not lift or not baseline.mean:
        raise ValueError("No number of units finds a lift of 0, or a lift of a mean that is 0.")
    before, after = _variances(baseline, lift)
    reach = float(ndtri(1 - level / 2) + ndtri(power))
    return reach**2 * (before / weights[0] + after / min(weights[1:])) / (lift * baseline.mean) ** 2


def units_before_start(baseline: Baseline, weights: Sequence[float]) -> float:
    """Units in all before the comparison with the smallest arm is read: see `start`."""
    squared = baseline.skewness**2
    if baseline.kind == "conversion":
        squared = (1 - 2 * baseline.mean) ** 2 / (baseline.mean * (1 - baseline.mean))
    return max(LEAST_UNITS, UNITS_PER_SQUARED_SKEWNESS * squared) / min(weights)


@lru_cache(maxsize=256)
def inflation(level: float, power: float) -> float:
    """How many times the units of a single look the sequence needs, when it is tuned to that very number.

    The drift δ at the end with which the sequence has left out 0 by then with chance `power`, over the drift
    z_{1−α/2} + z_power of a single look, squared. The chance is that of a Brownian motion to leave the boundary at one
    of 100 even looks, by recursive integration (Armitage, McPherson, Rowe 1969, "Repeated Significance Tests on
    Accumulating Data").
    """
    reach = float(ndtri(1 - level / 2) + ndtri(power))
    drift = brentq(lambda drift: chance_to_find(drift, level) - power, 0.5 * reach, 3 * reach + 5, xtol=1e-4)
    return (float(drift) / reach) ** 2


def chance_to_find(drift: float, level: float, *, end: float = 1.0, looks: int = LOOKS) -> float:
    """The chance that the sequence leaves out 0 at one of `looks` even looks until `end` times N*.

    `drift` is the expected z at the end. Exact for normal values of known variance, up to the grid."""
    times = np.arange(1, looks + 1) / looks
    limits = half_width(times * end, level) * np.sqrt(times)
    step, spread = 0.01, 1 / math.sqrt(looks)
    size = math.ceil((limits.max() + abs(drift) / looks + 6 * spread) / step)
    grid = np.arange(-size, size + 1) * step
    reach = math.ceil((6 * spread + abs(drift) / looks) / step)
    offsets = np.arange(-reach, reach + 1) * step
    kernel = _normal_density(offsets - drift / looks, spread) * step
    density = _normal_density(grid - drift / looks, spread)
    left = 0.0
    for index, limit in enumerate(limits):
        if index:
            density = np.convolve(density, kernel, mode="same")
        outside = np.abs(grid) > limit
        left += float(density[outside].sum()) * step
        density = np.where(outside, 0.0, density)
    return left


def _normal_density(away: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Of values so far from the mean. (scipy.stats, which has it too, would cost every web process 50 MB.)"""
    density: NDArray[np.float64] = np.exp(-0.5 * (away / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
    return density


def _weights(shares: Sequence[float]) -> tuple[float, ...]:
    if len(shares) < 2 or min(shares) <= 0:
        raise ValueError("A plan needs a control and at least one treatment, each with a share above 0.")
    return tuple(share / sum(shares) for share in shares)


def _variances(baseline: Baseline, lift: float) -> tuple[float, float]:
    """Of one unit in the control and in a treatment."""
    if baseline.kind != "conversion":
        if not baseline.deviation or baseline.deviation <= 0:
            raise ValueError("A mean or a ratio is planned with the deviation of one unit's value, above 0.")
        kept = baseline.deviation**2 * baseline.variance_kept
        return kept, kept
    before, after = baseline.mean, baseline.mean * (1 + lift)
    if not (0 < before < 1 and 0 < after < 1):
        raise ValueError("A conversion lies between 0 and 1, before and after the lift.")
    return before * (1 - before) * baseline.variance_kept, after * (1 - after) * baseline.variance_kept
