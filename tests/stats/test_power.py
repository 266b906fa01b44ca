"""How many units, which effect, how many days."""

import pytest

from experiments.stats.power import Baseline, chance_to_find, detectable_lift, inflation, plan_units

CONVERSION = Baseline("conversion", 0.1)


def test_it_gives_the_sequential_number_and_the_single_look_beside_it() -> None:
    plan = plan_units(CONVERSION, lift=0.1, shares=(1, 1))
    assert plan.single_look_units == pytest.approx(2 * 14_749, rel=0.001)
    assert plan.units == pytest.approx(plan.single_look_units * inflation(0.05, 0.8), rel=0.001)
    assert 1.5 < inflation(0.05, 0.8) < 1.8
    assert plan.by_arm == (plan.units // 2, plan.units // 2)


def test_it_finds_with_that_power_by_its_own_recursion() -> None:
    assert chance_to_find(2.801585 * inflation(0.05, 0.8) ** 0.5, 0.05) == pytest.approx(0.8, abs=0.001)
    assert chance_to_find(0.0, 0.05) < 0.05


def test_it_needs_more_units_for_more_treatments_and_uneven_shares() -> None:
    even = plan_units(CONVERSION, lift=0.1, shares=(1, 1)).units
    uneven = plan_units(CONVERSION, lift=0.1, shares=(9, 1)).units
    thin = plan_units(CONVERSION, lift=0.1, shares=(5, 4, 1)).units
    assert thin == pytest.approx(plan_units(CONVERSION, lift=0.1, shares=(5, 1, 4)).units, rel=1e-4)
    assert thin > 1.5 * plan_units(CONVERSION, lift=0.1, shares=(5, 2.5, 2.5)).units
    three = plan_units(CONVERSION, lift=0.1, shares=(1, 1, 1))
    assert uneven > 2.5 * even
    assert three.units > 1.5 * even
    assert three.units == sum(three.by_arm)


def test_it_tells_which_lift_so_many_units_find() -> None:
    units = plan_units(CONVERSION, lift=0.1, shares=(1, 1)).units
    assert detectable_lift(CONVERSION, units=units, shares=(1, 1)) == pytest.approx(0.1, rel=1e-3)
    down = plan_units(CONVERSION, lift=-0.1, shares=(1, 1)).units
    assert detectable_lift(CONVERSION, units=down, shares=(1, 1), sign=-1) == pytest.approx(-0.1, rel=1e-3)
    ratio = Baseline("ratio", 40.0, deviation=60.0, variance_kept=0.51)
    units = plan_units(ratio, lift=0.05, shares=(5, 3, 2)).units
    assert detectable_lift(ratio, units=units, shares=(5, 3, 2)) == pytest.approx(0.05, rel=1e-3)


def test_it_knows_when_units_are_too_few_for_any_lift() -> None:
    assert detectable_lift(Baseline("conversion", 0.9), units=250, shares=(1, 1)) is None
    assert detectable_lift(CONVERSION, units=100, shares=(1, 1)) is None


def test_it_counts_days_until_the_last_window_has_closed() -> None:
    plan = plan_units(CONVERSION, lift=0.1, shares=(1, 1), units_per_day=1000, window_days=7)
    assert plan.days == pytest.approx(plan.units / 1000 + 7, abs=0.01)
    assert plan_units(CONVERSION, lift=0.1, shares=(1, 1)).days is None


def test_it_never_plans_fewer_units_than_reading_takes() -> None:
    rare = plan_units(Baseline("conversion", 0.001), lift=20, shares=(9, 1))
    assert rare.by_arm[1] >= 19_900


@pytest.mark.parametrize(
    ("baseline", "lift", "shares"),
    [
        (CONVERSION, 0.0, (1, 1)),
        (CONVERSION, 9.5, (1, 1)),
        (CONVERSION, 0.1, (1,)),
        (CONVERSION, 0.1, (1, 0)),
        (Baseline("conversion", 0.0), 0.1, (1, 1)),
        (Baseline("conversion", 1.2), -0.5, (1, 1)),
        (Baseline("mean", 3.0), 0.1, (1, 1)),
        (Baseline("mean", 0.0, deviation=1.0), 0.1, (1, 1)),
    ],
)
def test_it_refuses_what_no_number_of_units_can_answer(
    baseline: Baseline, lift: float, shares: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError):
        plan_units(baseline, lift=lift, shares=shares)
