"""This file lets you look at a difference as often as you like: intervals and p-values that hold at all times at once.

A normal mixture of Robbins (1970, "Statistical Methods Related to the Law of the Iterated Logarithm") over the
standardised difference, with the variance estimated as it goes: the asymptotic confidence sequence of Waudby-Smith,
Arbour, Sinha, Kennedy and Ramdas (2021, "Time-uniform central limit theory and asymptotic confidence sequences",
arXiv 2103.06476); the one-sided form is Howard, Ramdas, McAuliffe, Sekhon (2021, "Time-uniform, nonparametric,
nonasymptotic confidence sequences", Ann. Statist. 49(2), prop. 5).

Everything is written in standard errors, with Welch's variance v_c/n_c + v_t/n_t, and in the fraction of the way
N / N*: units counted so far in the compared arms over units planned for them. In the papers' letters N·ρ² is
`_clock(fraction)`, with ρ² chosen so that the interval is tightest at N*.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.stats.number import Number


def tuning(level: float) -> float:
    """N*·ρ²: −2 ln α + ln(1 − 2 ln α), the choice that makes the interval near tightest at N* (arXiv 2103.06476,
    appendix on the choice of ρ). One-sided, α is doubled, as it is there."""
    return -2 * math.log(level) + math.log1p(-2 * math.log(level))


def half_width(fraction: Number, level: float) -> Any:
    """Half the width of the two-sided interval at `level`, in standard errors (arXiv 2103.06476, theorem 2.2):
    sqrt(2 (a + 1) / a · ln(sqrt(a + 1) / α)) with a = N·ρ²."""
    clock = tuning(level) * np.asarray(fraction, dtype=np.float64)
    return np.sqrt(2 * (clock + 1) / clock * np.log(np.sqrt(clock + 1) / level))[()]


def p_value(z: Number, fraction: Number, level: float) -> Any:
    """The always-valid p-value of a difference of z standard errors, in [0, 1]: one over the mixture's evidence,
    exp(a z² / (2 (a + 1))) / sqrt(a + 1). It is at or below `level` exactly when the interval leaves out 0."""
    clock = tuning(level) * np.asarray(fraction, dtype=np.float64)
    log_evidence = clock * np.square(z) / (2 * (clock + 1)) - np.log1p(clock) / 2
    return np.exp(-np.maximum(log_evidence, 0.0))[()]


def one_sided_width(fraction: Number, level: float) -> Any:
    """How far beyond the estimate the one-sided bound at `level` lies, in standard errors:
    sqrt(2 (a + 1) / a · ln(1 + sqrt(a + 1) / (2α))). `level` is below 0.5."""
    clock = tuning(min(2 * level, 0.999)) * np.asarray(fraction, dtype=np.float64)
    return np.sqrt(2 * (clock + 1) / clock * np.log1p(np.sqrt(clock + 1) / (2 * level)))[()]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What every look so far agrees on: the intersection of the intervals, and the smallest p-value. None is open.

    The sequence holds at all times at once, so the truth lies in all intervals together, and who has seen a narrow one
    need not forget it. When the intersection is empty no single value fits all looks: the effect changed over time.
    """

    lower: float | None = None
    upper: float | None = None
    p: float = 1.0

    def meet(self, lower: float | None, upper: float | None, p: float = 1.0) -> "Bounds":
        """With one more look."""
        lowers = [bound for bound in (self.lower, lower) if bound is not None]
        uppers = [bound for bound in (self.upper, upper) if bound is not None]
        return Bounds(max(lowers, default=None), min(uppers, default=None), min(self.p, p))

    @property
    def empty(self) -> bool:
        return self.lower is not None and self.upper is not None and self.lower > self.upper

    @property
    def above_zero(self) -> bool:
        return self.lower is not None and self.lower > 0

    @property
    def below_zero(self) -> bool:
        return self.upper is not None and self.upper < 0
