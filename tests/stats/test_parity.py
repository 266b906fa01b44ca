"""The same numbers as gbstats and statsmodels, where both have them."""

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import zt_ind_solve_power
from statsmodels.stats.proportion import confint_proportions_2indep, samplesize_proportions_2indep_onetail
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from experiments.stats.belief import believe
from experiments.stats.estimate import Kind, estimate_arms
from experiments.stats.power import Baseline, plan_units
from experiments.stats.relative import contrast
from experiments.stats.secondary import discover
from experiments.stats.sequence import half_width, p_value
from experiments.stats.split import Phase, check_split
from experiments.stats.totals import Totals
from tests.stats.units import draw_mean_units, draw_ratio_units, with_history

gbstats = pytest.importorskip("gbstats", reason="gbstats knows no Python after 3.11")
from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig  # noqa: E402
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest  # noqa: E402
from gbstats.models.statistics import (  # noqa: E402
    ProportionStatistic,
    RatioStatistic,
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
    TestStatistic,
)
from gbstats.utils import check_srm  # noqa: E402

PLANNED = 5000.0


def conversion_case() -> tuple[list[Totals], list[TestStatistic], Kind]:
    counts = [(2000, 210), (2100, 290)]
    theirs = [ProportionStatistic(n=units, sum=successes) for units, successes in counts]
    return [Totals.of_conversion(*each) for each in counts], theirs, "conversion"


def mean_case() -> tuple[list[Totals], list[TestStatistic], Kind]:
    rng = np.random.default_rng(1)
    arms = [draw_mean_units(rng, 900)[0], draw_mean_units(rng, 1100, shift=0.4)[0]]
    theirs = [SampleMeanStatistic(n=len(y), sum=y.sum(), sum_squares=(y * y).sum()) for y in arms]
    return [Totals.of_units(y) for y in arms], theirs, "mean"


def ratio_case() -> tuple[list[Totals], list[TestStatistic], Kind]:
    rng = np.random.default_rng(2)
    arms = [draw_ratio_units(rng, 900), draw_ratio_units(rng, 1100, rate=0.12)]
    theirs = [
        RatioStatistic(
            n=len(y),
            m_statistic=SampleMeanStatistic(n=len(y), sum=y.sum(), sum_squares=(y * y).sum()),
            d_statistic=SampleMeanStatistic(n=len(y), sum=x.sum(), sum_squares=(x * x).sum()),
            m_d_sum_of_products=(y * x).sum(),
        )
        for y, x in arms
    ]
    return [Totals.of_units(y, x) for y, x in arms], theirs, "ratio"


def cuped_case() -> tuple[list[Totals], list[TestStatistic], Kind]:
    rng = np.random.default_rng(3)
    arms = [draw_mean_units(rng, 900), draw_mean_units(rng, 1100, shift=0.2)]
    theirs = [
        RegressionAdjustedStatistic(
            n=len(y),
            post_statistic=SampleMeanStatistic(n=len(y), sum=y.sum(), sum_squares=(y * y).sum()),
            pre_statistic=SampleMeanStatistic(n=len(y), sum=h.sum(), sum_squares=(h * h).sum()),
            post_pre_sum_of_products=(y * h).sum(),
            theta=0,
        )
        for y, h in arms
    ]
    return [with_history(y, h) for y, h in arms], theirs, "mean"


CASES = pytest.mark.parametrize("make_case", [conversion_case, mean_case, ratio_case, cuped_case])


@CASES
def test_it_has_the_sequential_interval_and_p_value_of_gbstats(make_case: type) -> None:
    ours, theirs, kind = make_case()
    config = SequentialConfig(difference_type="absolute", alpha=0.05, sequential_tuning_parameter=PLANNED)
    expected = SequentialTwoSidedTTest(*theirs, config).compute_result()
    control, treatment = estimate_arms(ours, kind)
    value, variance = contrast(control, treatment, sign=1)
    fraction = (control.units + treatment.units) / PLANNED
    reach = half_width(fraction, 0.05) * math.sqrt(variance)
    assert value == pytest.approx(expected.expected, rel=1e-9)
    assert [value - reach, value + reach] == pytest.approx(expected.ci, rel=1e-9)
    assert p_value(value / math.sqrt(variance), fraction, 0.05) == pytest.approx(expected.p_value, rel=1e-7)


@CASES
def test_it_has_the_chance_to_win_and_the_risk_of_gbstats(make_case: type) -> None:
    ours, theirs, kind = make_case()
    expected = EffectBayesianABTest(*theirs, EffectBayesianConfig(difference_type="absolute")).compute_result()
    control, treatment = believe(estimate_arms(ours, kind), sign=1) or ()
    assert treatment.chance_best == pytest.approx(expected.chance_to_win, abs=1e-6)
    assert [control.expected_loss, treatment.expected_loss] == pytest.approx(expected.risk, rel=1e-4, abs=1e-7)


def test_it_has_the_chi_square_of_gbstats() -> None:
    assert check_split([Phase((3, 1), (7400, 2600))]).chi_square_p == pytest.approx(
        check_srm([7400, 2600], [0.75, 0.25])
    )


def test_it_has_the_standard_error_of_statsmodels_for_a_difference_of_shares() -> None:
    (control, treatment) = estimate_arms(
        [Totals.of_conversion(2000, 210), Totals.of_conversion(2100, 290)], "conversion"
    )
    value, variance = contrast(control, treatment, sign=1)
    expected = confint_proportions_2indep(290, 2100, 210, 2000, method="wald", compare="diff")
    reach = 1.959963984540054 * math.sqrt(variance)
    assert (value - reach, value + reach) == pytest.approx(expected, rel=1e-9)


def test_it_has_the_standard_error_of_statsmodels_for_a_difference_of_means() -> None:
    rng = np.random.default_rng(4)
    before, after = draw_mean_units(rng, 900)[0], draw_mean_units(rng, 1100)[0]
    control, treatment = estimate_arms([Totals.of_units(before), Totals.of_units(after)], "mean")
    value, variance = contrast(control, treatment, sign=1)
    expected = CompareMeans(DescrStatsW(after), DescrStatsW(before)).zconfint_diff(usevar="unequal")
    reach = 1.959963984540054 * math.sqrt(variance)
    assert (value - reach, value + reach) == pytest.approx(expected, rel=1e-9)


def test_it_has_the_adjusted_p_values_of_statsmodels() -> None:
    p_values = list(np.random.default_rng(5).random(30) ** 3)
    assert discover(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])
    assert discover([]) == ()


def test_it_plans_the_single_look_of_statsmodels_for_a_mean() -> None:
    plan = plan_units(Baseline("mean", 10.0, deviation=4.0), lift=0.05, shares=(1, 2), power=0.9)
    expected = zt_ind_solve_power(effect_size=0.125, alpha=0.05, power=0.9, ratio=2.0)
    assert plan.single_look_units == pytest.approx(3 * expected, abs=1.5)


def test_it_plans_the_single_look_of_statsmodels_for_a_conversion() -> None:
    """statsmodels' number takes the variance of pooled shares under the null, a hair more."""
    plan = plan_units(Baseline("conversion", 0.10), lift=0.1, shares=(1, 1))
    expected = samplesize_proportions_2indep_onetail(0.01, 0.10, 0.8, ratio=1, alpha=0.05)
    assert plan.single_look_units == pytest.approx(2 * expected, rel=0.002)
