"""This file lets you say how strongly two things that runs have or have not go along: phi, and its interval."""

import math
from dataclasses import dataclass
from typing import TypeAlias

from agents.questions.stats.proportion import Interval, clopper_pearson, difference_of_shares

Cells: TypeAlias = tuple[float, float, float, float]

# So much of what may go wrong is left to the limits of how frequent the two things are.
OF_WEIGHTS = 0.1


@dataclass(frozen=True, slots=True)
class Table:
    """Runs by two things: with both, with the first alone, with the second alone, with neither."""

    both: int
    first: int
    second: int
    neither: int

    @property
    def total(self) -> int:
        return self.both + self.first + self.second + self.neither

    @property
    def _cells(self) -> Cells:
        return self.both, self.first, self.second, self.neither


def phi(table: Table) -> float | None:
    """The correlation of two things that are there or not, in [−1, 1]. None where one of them is always or never there.

    Yule (1912, "On the Methods of Measuring Association between Two Attributes", J. R. Stat. Soc. 75).
    """
    return _phi(table._cells)


def interval_of_phi(table: Table, confidence: float) -> Interval | None:
    """How far off phi may be; None where phi is.

    phi is d / √(d² + w), d being the difference of the two shares, w = v₁ / (1 − q) + v₀ / q, q the share with the
    first, and v₁ and v₀ the variances p (1 − p) of the second with the first and without it. So the interval of d is
    carried over, with the greatest w or the least within exact limits of q, p₁ and p₀, whichever reaches further; those
    get a tenth of what may go wrong. It leaves out 0 where that of d does, and holds as often.
    """
    estimate = phi(table)
    if estimate is None:
        return None
    wrong = 1 - confidence
    present, absent = table.both + table.first, table.second + table.neither
    difference = difference_of_shares(table.second, absent, table.both, present, 1 - (1 - OF_WEIGHTS) * wrong)
    each = 1 - OF_WEIGHTS * wrong / 3
    limits = [
        clopper_pearson(count, of, each)
        for count, of in ((present, table.total), (table.both, present), (table.second, absent))
    ]
    if difference is None or None in limits:
        return None
    least, most = _weights(*filter(None, limits))
    low = _strength(difference[0], most if difference[0] > 0 else least)
    high = _strength(difference[1], least if difference[1] > 0 else most)
    return min(low, estimate), max(high, estimate)


def _strength(difference: float, weight: float) -> float:
    return difference / math.sqrt(difference**2 + weight) if difference else 0.0


def _weights(q: Interval, p_with: Interval, p_without: Interval) -> Interval:
    """The least and the greatest w while q and both p lie within these."""
    (least_with, most_with), (least_without, most_without) = (_variances(p) for p in (p_with, p_without))
    roots = math.sqrt(least_without), math.sqrt(least_with)
    # Where w is least for these variances, which is nearest to it within the limits.
    best = min(max(roots[0] / sum(roots), q[0]), q[1]) if sum(roots) else q[0]
    return (
        least_with / (1 - best) + least_without / best,
        max(most_with / (1 - end) + most_without / end for end in q),
    )


def _variances(p: Interval) -> Interval:
    """The least and the greatest p (1 − p) while p lies within these."""
    ends = [end * (1 - end) for end in p]
    return min(ends), 0.25 if p[0] <= 0.5 <= p[1] else max(ends)


def _phi(cells: Cells) -> float | None:
    margins = _margins(cells)
    if min(margins) <= 0:
        return None
    both, first, second, neither = cells
    # The roots first: the product of four margins of a large table loses digits.
    value = (both * neither - first * second) / math.prod(math.sqrt(margin) for margin in margins)
    return max(-1.0, min(1.0, value))


def _margins(cells: Cells) -> Cells:
    """With the first and without it, with the second and without it."""
    both, first, second, neither = cells
    return both + first, second + neither, both + second, first + neither
