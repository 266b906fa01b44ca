"""A lift in per cent, and statements about it."""

import math

import numpy as np
import pytest

from experiments.stats.estimate import Estimate
from experiments.stats.relative import contrast, relative_interval

CONTROL, TREATMENT = Estimate(1000, 0.10, 4e-6), Estimate(1000, 0.13, 6e-6)


def test_it_holds_exactly_the_lifts_that_the_contrast_does_not_leave_out() -> None:
    width = 3.0
    lower, upper = relative_interval(CONTROL, TREATMENT, width) or (math.nan, math.nan)
    for lift in np.linspace(-0.2, 1.0, 500):
        value, variance = contrast(CONTROL, TREATMENT, sign=1, lift=lift)
        assert (abs(value) <= width * math.sqrt(variance)) == (lower <= lift <= upper)


def test_it_is_none_while_the_control_may_be_zero() -> None:
    assert relative_interval(Estimate(1000, 0.005, 4e-6), TREATMENT, 3.0) is None
    assert relative_interval(Estimate(0, math.nan, math.nan), TREATMENT, 3.0) is None


def test_it_is_of_the_size_of_a_control_below_zero() -> None:
    mirrored = [Estimate(arm.units, -arm.mean, arm.variance) for arm in (CONTROL, TREATMENT)]
    straight = relative_interval(CONTROL, TREATMENT, 3.0)
    assert straight is not None
    assert relative_interval(*mirrored, 3.0) == pytest.approx((-straight[1], -straight[0]))


@pytest.mark.parametrize(
    ("sign", "lift", "expected"),
    [
        (1, 0.0, 0.03),
        (-1, 0.0, -0.03),
        (1, 0.1, 0.13 - 1.1 * 0.10),
        (-1, 0.1, 0.9 * 0.10 - 0.13),
        (1, -0.1, 0.13 - 0.9 * 0.10),
        (-1, -0.1, 1.1 * 0.10 - 0.13),
    ],
)
def test_it_is_ahead_above_zero_whichever_way_is_better(sign: int, lift: float, expected: float) -> None:
    value, variance = contrast(CONTROL, TREATMENT, sign=sign, lift=lift)
    assert value == pytest.approx(expected)
    assert variance == pytest.approx(6e-6 + (1 + sign * lift) ** 2 * 4e-6)
