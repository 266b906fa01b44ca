"""This file lets you show two sides of a comparison and what lies between them."""

from typing import TypeAlias

import msgspec

from agents.questions.stats.mean import difference_of_means
from agents.questions.stats.proportion import Interval, difference_of_shares
from agents.questions.together import share
from experiments.stats.estimate import Estimate
from experiments.stats.number import known

# Of each side: so many, of so many.
Counts: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
Estimates: TypeAlias = tuple[Estimate, Estimate]


class RateSide(msgspec.Struct, frozen=True):
    """`count` of `n`; `rate` in [0, 1], null of nothing."""

    count: int
    n: int
    rate: float | None


class RateDifference(msgspec.Struct, frozen=True):
    """Two rates; `difference` is b less a, with its interval. Null where a side is empty."""

    a: RateSide
    b: RateSide
    difference: float | None
    interval: Interval | None


class MeanSide(msgspec.Struct, frozen=True):
    """The mean of `n` runs, and their standard deviation; null where too few tell of it."""

    n: int
    mean: float | None
    deviation: float | None


class MeanDifference(msgspec.Struct, frozen=True):
    """Two means; `difference` is b less a. The interval is null where a side has fewer than two or all are alike."""

    a: MeanSide
    b: MeanSide
    difference: float | None
    interval: Interval | None


def has_both(counts: Counts) -> bool:
    """Whether both sides have anything, so that there is a difference."""
    return counts[0][1] > 0 and counts[1][1] > 0


def has_spread(estimates: Estimates) -> bool:
    """Whether the difference of the two means has an interval."""
    return difference_of_means(*estimates, 0.5) is not None


def rate_difference(counts: Counts, confidence: float) -> RateDifference:
    a, b = (RateSide(count, of, share(count, of)) for count, of in counts)
    difference = None if a.rate is None or b.rate is None else b.rate - a.rate
    return RateDifference(a, b, difference, difference_of_shares(a.count, a.n, b.count, b.n, confidence))


def mean_difference(estimates: Estimates, confidence: float) -> MeanDifference:
    a, b = (_mean_side(each) for each in estimates)
    difference = None if a.mean is None or b.mean is None else b.mean - a.mean
    return MeanDifference(a, b, difference, difference_of_means(*estimates, confidence))


def _mean_side(estimate: Estimate) -> MeanSide:
    variance = known(float(estimate.variance) * float(estimate.units))
    return MeanSide(int(estimate.units), known(float(estimate.mean)), None if variance is None else variance**0.5)
