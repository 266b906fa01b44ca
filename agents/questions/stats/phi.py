"""This file lets you say how strongly two things that runs have or have not go along: phi, and its interval."""

import math
from dataclasses import dataclass
from typing import TypeAlias

from scipy.special import ndtri

from agents.questions.stats.proportion import Interval

Cells: TypeAlias = tuple[float, float, float, float]


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

    The large-sample variance of Bishop, Fienberg, Holland (1975, "Discrete Multivariate Analysis", chapter 11),
    carried through Fisher's z = artanh(phi), so that no end leaves [−1, 1]. One half is added to each cell for it, as
    Gart and Zweifel (1967) do for logits: a cell that is 0 by chance would pretend to be certain.
    """
    estimate = phi(table)
    if estimate is None:
        return None
    both, first, second, neither = table._cells
    smooth = both + 0.5, first + 0.5, second + 0.5, neither + 0.5
    middle = _phi(smooth) or 0.0
    error = math.sqrt(_variance(smooth, middle)) / (1 - middle**2)
    reach = float(ndtri((1 + confidence) / 2)) * error
    low, high = math.tanh(math.atanh(middle) - reach), math.tanh(math.atanh(middle) + reach)
    return min(low, estimate), max(high, estimate)


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


def _variance(cells: Cells, value: float) -> float:
    total = sum(cells)
    with_first, without_first, with_second, without_second = (margin / total for margin in _margins(cells))
    lean, other = with_first - without_first, with_second - without_second
    spread, other_spread = with_first * without_first, with_second * without_second
    variance = (
        1
        - value**2
        + value * (1 + value**2 / 2) * lean * other / math.sqrt(spread * other_spread)
        - 0.75 * value**2 * (lean**2 / spread + other**2 / other_spread)
    )
    return max(variance, 0.0) / total
