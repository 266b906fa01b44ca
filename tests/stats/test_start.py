"""From how many units on a comparison is read."""

import numpy as np
import pytest
from scipy import stats

from experiments.stats.start import squared_skewness, started, units_to_start
from experiments.stats.totals import Totals
from tests.stats.units import draw_mean_units, draw_ratio_units


def test_it_starts_at_a_hundred_units_where_values_are_not_skewed() -> None:
    assert units_to_start([Totals.of_conversion(500, 250), Totals.of_conversion(500, 250)]) == 100


def test_it_waits_for_about_twenty_successes_or_failures_in_the_smaller_arm() -> None:
    for successes in (100, 9900):
        needed = units_to_start([Totals.of_conversion(10_000, successes)])
        assert needed * 0.01 == pytest.approx(20, rel=0.05)


def test_it_takes_the_skewness_of_all_arms_together() -> None:
    y, _ = draw_mean_units(np.random.default_rng(1), 900)
    arms = [Totals.of_units(y[:200]), Totals.of_units(y[200:])]
    assert squared_skewness(arms) == pytest.approx(stats.skew(y) ** 2)


def test_it_takes_the_skewness_of_the_residual_of_a_ratio() -> None:
    y, x = draw_ratio_units(np.random.default_rng(2), 900)
    residual = y - y.sum() / x.sum() * x
    assert squared_skewness([Totals.of_units(y, x)]) == pytest.approx(stats.skew(residual) ** 2)


def test_it_can_be_asked_for_more_and_never_for_less() -> None:
    arms = [Totals.of_conversion(500, 250)]
    assert units_to_start(arms, floor=400) == 400
    assert units_to_start(arms, floor=10) == 100


@pytest.mark.parametrize("values", [np.zeros(500), np.full(500, 0.1), np.empty(0)])
def test_it_never_starts_where_no_value_differs_from_another(values: np.ndarray) -> None:
    assert units_to_start([Totals.of_units(values)]) == np.inf


def test_it_asks_for_that_many_in_each_of_the_two_arms() -> None:
    small, large = Totals.of_conversion(99, 50), Totals.of_conversion(5000, 2500)
    assert not started(large, small, 100)
    assert not started(small, large, 100)
    assert started(large, large, 100)
