"""This file lets you say how far off the difference of two means may be."""

import math

from scipy.special import stdtrit

from agents.questions.stats.proportion import Interval
from experiments.stats.estimate import Estimate, estimate_arms
from experiments.stats.totals import Totals


def mean_of_sums(n: int, total: float, squares: float) -> Estimate:
    """The mean of n values and its variance s²/n, from their sum and the sum of their squares. nan where unknown."""
    (estimate,) = estimate_arms([Totals.of_mean(float(n), total, squares, 0.0)], "mean", adjust=False)
    return estimate


def difference_of_means(a: Estimate, b: Estimate, confidence: float) -> Interval | None:
    """The interval of the mean of b less that of a, of independent samples whose spreads may differ.

    Welch (1947, "The Generalization of 'Student's' Problem when Several Different Population Variances are Involved",
    Biometrika 34) with the degrees of freedom of Satterthwaite (1946). None while a sample has fewer than two values,
    or neither has any spread.
    """
    if min(float(a.units), float(b.units)) < 2:
        return None
    of_a, of_b = float(a.variance), float(b.variance)
    variance = of_a + of_b
    if not variance > 0:
        return None
    freedom = variance**2 / (of_a**2 / (float(a.units) - 1) + of_b**2 / (float(b.units) - 1))
    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(variance)
    difference = float(b.mean) - float(a.mean)
    return difference - reach, difference + reach
