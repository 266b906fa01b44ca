"""What an arm's sums say of its mean, beside what its units say one by one."""

import numpy as np
import pytest

from experiments.stats.estimate import LEAST_UNITS_WITH_HISTORY, estimate_arms
from experiments.stats.totals import History, Totals, pool
from tests.stats.units import draw_mean_units, draw_ratio_units, with_history


def test_it_estimates_a_conversion_as_a_share() -> None:
    (arm,) = estimate_arms([Totals.of_conversion(400, 100)], "conversion")
    assert (arm.units, arm.mean) == (400, 0.25)
    assert arm.variance == pytest.approx(0.25 * 0.75 / 400)


def test_it_estimates_a_mean_with_the_sample_variance() -> None:
    y, _ = draw_mean_units(np.random.default_rng(1), 500)
    (arm,) = estimate_arms([Totals.of_units(y)], "mean")
    assert arm.mean == pytest.approx(y.mean())
    assert arm.variance == pytest.approx(y.var(ddof=1) / 500)


def test_it_takes_units_and_not_uses_as_independent_in_a_ratio() -> None:
    y, x = draw_ratio_units(np.random.default_rng(2), 500)
    (arm,) = estimate_arms([Totals.of_units(y, x)], "ratio")
    residual = (y - y.sum() / x.sum() * x) / x.mean()
    assert arm.mean == pytest.approx(y.sum() / x.sum())
    assert arm.variance == pytest.approx(residual.var(ddof=1) / 500)


def test_it_says_nothing_of_an_arm_without_units() -> None:
    empty, one = estimate_arms([Totals.of_mean(0, 0, 0, 0), Totals.of_mean(1, 2, 4, 8)], "mean")
    assert np.isnan(empty.mean)
    assert np.isnan(empty.variance)
    assert np.isnan(one.variance)


def test_it_pools_arms_as_one_sample() -> None:
    y, x = draw_ratio_units(np.random.default_rng(3), 300)
    history = History.of_values(units=3, h=1, hh=2, yh=3, y=4)
    parts = [Totals.of_units(y[:100], x[:100], history), Totals.of_units(y[100:], x[100:], history)]
    whole = Totals.of_units(y, x)
    assert pool(parts).yyx == pytest.approx(whole.yyx)
    assert pool(parts).units == 300
    assert pool(parts).history == History.of_values(units=6, h=2, hh=4, yh=6, y=8)


def test_it_frees_a_mean_of_what_history_foretold_with_one_coefficient_for_all_arms() -> None:
    rng = np.random.default_rng(4)
    (y0, h0), (y1, h1) = draw_mean_units(rng, 800), draw_mean_units(rng, 600, shift=0.3)
    y, h = np.concatenate([y0, y1]), np.concatenate([h0, h1])
    theta = np.cov(y, h)[0, 1] / h.var(ddof=1)
    for arm, own_y, own_h in zip(
        estimate_arms([with_history(y0, h0), with_history(y1, h1)], "mean"), (y0, y1), (h0, h1), strict=True
    ):
        adjusted = own_y - theta * (own_h - h.mean())
        assert arm.mean == pytest.approx(adjusted.mean())
        assert arm.variance == pytest.approx(adjusted.var(ddof=1) / len(own_y))


def test_it_gives_units_without_history_the_mean_of_those_that_have_one() -> None:
    rng = np.random.default_rng(5)
    arms = [draw_mean_units(rng, 700), draw_mean_units(rng, 900)]
    has = [rng.random(len(y)) < 0.4 for y, _ in arms]
    mean = np.concatenate([h[some] for (_, h), some in zip(arms, has, strict=True)]).mean()
    filled = [np.where(some, h, mean) for (_, h), some in zip(arms, has, strict=True)]
    expected = estimate_arms([with_history(y, h) for (y, _), h in zip(arms, filled, strict=True)], "mean")
    found = estimate_arms([with_history(y, h, some) for (y, h), some in zip(arms, has, strict=True)], "mean")
    for one, other in zip(found, expected, strict=True):
        assert one.mean == pytest.approx(other.mean)
        assert one.variance == pytest.approx(other.variance)


def test_it_frees_a_ratio_of_what_history_foretold() -> None:
    rng = np.random.default_rng(6)
    units, arms = [], []
    for _ in range(2):
        rate = rng.beta(2, 18, 4000)
        x, g = rng.poisson(50, 4000), rng.poisson(50, 4000)
        y, h = rng.binomial(x, rate), rng.binomial(g, rate)
        units.append(tuple(each.astype(np.float64) for each in (y, x, h, g)))
        sums = (h, g, h * h, h * g, g * g, y * h, y * g, x * h, x * g)
        history = History(*(float(each.sum()) for each in sums), units=4000.0)
        arms.append(Totals.of_units(units[-1][0], units[-1][1], history))
    y, x, h, g = (np.concatenate(each) for each in zip(*units, strict=True))
    earlier = h.sum() / g.sum()
    residual, foretold = (y - y.sum() / x.sum() * x) / x.mean(), h - earlier * g
    theta = (residual * foretold).sum() / (foretold**2).sum()
    for arm, (y, x, h, g) in zip(estimate_arms(arms, "ratio"), units, strict=True):
        ratio, foretold = y.sum() / x.sum(), h - earlier * g
        adjusted = (y - ratio * x) / x.mean() - theta * foretold
        assert arm.mean == pytest.approx(ratio - theta * foretold.mean())
        assert arm.variance == pytest.approx(adjusted.var(ddof=1) / 4000)
        assert arm.variance < 0.6 * ((y - ratio * x) / x.mean()).var(ddof=1) / 4000


def test_it_leaves_a_mean_alone_where_history_is_scarce_or_says_nothing() -> None:
    rng = np.random.default_rng(7)
    y, h = draw_mean_units(rng, 500)
    few = np.arange(500) < LEAST_UNITS_WITH_HISTORY - 1
    for arm in (with_history(y, h, few), with_history(y, np.full(500, 2.0))):
        assert estimate_arms([arm], "mean") == estimate_arms([arm], "mean", adjust=False)


def test_it_counts_late_rows_by_share() -> None:
    assert Totals.of_conversion(10, 5, rows=200, late=3).late_share == 0.015
    assert Totals.of_conversion(0, 0).late_share == 0
