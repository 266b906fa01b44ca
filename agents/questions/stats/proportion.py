"""This file lets you say how far off a share may be, and the difference of two shares."""

import math
from typing import TypeAlias

from scipy.special import betaincinv

Interval: TypeAlias = tuple[float, float]

# Below so many in a group the difference has limits that hold by their construction; from here on narrower ones, of
# which every outcome was counted.
MANY = 20


def clopper_pearson(count: int, of: int, confidence: float) -> Interval | None:
    """The exact interval of count/of. None of nothing. It holds at least as often as `confidence` says, whatever the
    share and however few they are.

    Clopper and Pearson (1934, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
    Biometrika 26), by quantiles of beta distributions.
    """
    if of <= 0:
        return None
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, tail))
    high = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1 - tail))
    return low, high


def difference_of_shares(count_a: int, of_a: int, count_b: int, of_b: int, confidence: float) -> Interval | None:
    """The interval of the share of b less that of a, of independent samples. None where one of them is empty.

    With fewer than MANY in a group: from the lowest b less the highest a to the highest b less the lowest a, the
    limits of each at half of what may go wrong, so that by Bonferroni's inequality it holds at least as often as it
    says. With more in both: the distances of each share to its exact limits, squared and added (MOVER: Zou and Donner
    2008, "Construction of Confidence Limits about Effect Measures: A General Approach", Statistics in Medicine 27), and
    their product besides, so far as chance may have cut one of them short. How often it holds is told in
    docs/agent-questions.md.
    """
    few = min(of_a, of_b) < MANY
    each = (1 + confidence) / 2 if few else confidence
    a, b = clopper_pearson(count_a, of_a, each), clopper_pearson(count_b, of_b, each)
    if a is None or b is None:
        return None
    if few:
        return b[0] - a[1], b[1] - a[0]
    share_a, share_b = count_a / of_a, count_b / of_b
    below_a, above_a, below_b, above_b = share_a - a[0], a[1] - share_a, share_b - b[0], b[1] - share_b
    lean_a, lean_b = _lean(below_a, above_a), _lean(below_b, above_b)
    difference = share_b - share_a
    low = difference - _reach(below_b, above_a, lean_b, -lean_a)
    high = difference + _reach(above_b, below_a, -lean_b, lean_a)
    return max(low, -1.0), min(high, 1.0)


def _lean(below: float, above: float) -> float:
    """From −1 to 1: above 0 where a share has further to go up than down, since it is rare."""
    return (above - below) / (above + below)


def _reach(first: float, second: float, lean: float, other: float) -> float:
    """Two distances added, `lean` and `other` being how much further each might have gone the other way.

    A share that is rare cannot lie further down than at 0, and what cuts its distance short is no normal error that
    would make up for another: their squares alone promise too much.
    """
    # With a factor of 1 it goes wrong more often than it says, for rare shares at both ends of [0, 1].
    along = min(max(1.5 * max(lean, other), 0.0), 1.0)
    return math.sqrt(first * first + second * second + 2 * along * first * second)
