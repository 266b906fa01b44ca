"""This file lets you say how far off a share may be, and the difference of two shares."""

import math
from typing import TypeAlias

from scipy.special import ndtri

Interval: TypeAlias = tuple[float, float]


def wilson(count: int, of: int, confidence: float) -> Interval | None:
    """The score interval of count/of. None of nothing.

    Wilson (1927, "Probable Inference, the Law of Succession, and Statistical Inference", J. Am. Stat. Assoc. 22).
    """
    if of <= 0:
        return None
    z = _z(confidence)
    share = count / of
    middle = share + z * z / (2 * of)
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    width = 1 + z * z / of
    # At none and at all of them one end is exact, and rounding must not move it.
    low = 0.0 if count == 0 else max((middle - reach) / width, 0.0)
    high = 1.0 if count == of else min((middle + reach) / width, 1.0)
    return low, high


def difference_of_shares(count_a: int, of_a: int, count_b: int, of_b: int, confidence: float) -> Interval | None:
    """The interval of the share of b less that of a, of independent samples. None where one of them is empty.

    Newcombe (1998, "Interval Estimation for the Difference between Independent Proportions: Comparison of Eleven
    Methods", Statistics in Medicine 17, method 10): each side's Wilson limits, squared and added. It never leaves
    [−1, 1], and keeps its level down to small counts and shares near 0 and 1.
    """
    a, b = wilson(count_a, of_a, confidence), wilson(count_b, of_b, confidence)
    if a is None or b is None:
        return None
    share_a, share_b = count_a / of_a, count_b / of_b
    difference = share_b - share_a
    below = math.hypot(share_b - b[0], a[1] - share_a)
    above = math.hypot(b[1] - share_b, share_a - a[0])
    return max(difference - below, -1.0), min(difference + above, 1.0)


def _z(confidence: float) -> float:
    return float(ndtri((1 + confidence) / 2))
