"""What the statistics promise, by seeded simulation; `make bench` prints the same at full size."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.random import Generator

from bench import stats_promises as promises
from bench.stats_traffic import (
    Values,
    clicks_over_views,
    conversions,
    even_looks,
    exponential,
    foretold,
    lognormal,
    measured,
)
from experiments.stats.estimate import Kind
from experiments.stats.plan import Memory, Observed
from experiments.stats.power import chance_to_find
from experiments.stats.read import read
from experiments.stats.split import Phase
from experiments.stats.totals import Totals
from tests.stats.looks import make_plan

EXPERIMENTS, LOOKS = 2000, 50


@pytest.fixture
def rng() -> Generator:
    return np.random.default_rng(20261120)


@pytest.mark.parametrize("shares", [(1, 1), (9, 1), (1, 1, 1), (8, 1, 1)])
@pytest.mark.parametrize(("rate", "units"), [(0.5, 10_000), (0.01, 60_000)])
def test_it_rarely_finds_an_effect_on_conversion_where_there_is_none(
    rng: Generator, shares: tuple[int, ...], rate: float, units: int
) -> None:
    traffic = conversions(
        rng, experiments=EXPERIMENTS, looks=even_looks(units, LOOKS), shares=shares, rates=[rate] * len(shares)
    )
    found = promises.false_verdicts(traffic, "conversion")
    assert found.as_built <= 0.05
    assert found.ever_read > 0.99
    assert found.fixed_horizon > 0.15


@dataclass(frozen=True)
class Skewed:
    values: Values
    kind: Kind
    units: int
    experiments: int


@pytest.mark.parametrize("shares", [(1, 1), (9, 1), (1, 1, 1), (8, 1, 1)])
@pytest.mark.parametrize(
    "case",
    [
        Skewed(exponential, "mean", 3_000, 2000),
        Skewed(lognormal(1.0), "mean", 12_000, 500),
        Skewed(clicks_over_views, "ratio", 6_000, 500),
        Skewed(foretold(0.7, 0.5), "mean", 2_000, 1000),
    ],
)
def test_it_rarely_finds_an_effect_on_skewed_values_where_there_is_none(
    rng: Generator, shares: tuple[int, ...], case: Skewed
) -> None:
    looks = even_looks(case.units, LOOKS)
    traffic = measured(rng, experiments=case.experiments, looks=looks, shares=shares, values=case.values)
    found = promises.false_verdicts(traffic, case.kind)
    assert found.as_built <= 0.05
    assert found.ever_read > 0.9


def test_it_needs_the_start_rule_where_arms_are_uneven_and_successes_rare(rng: Generator) -> None:
    for shares, least in (((90, 10), 0.10), ((90, 5, 5), 0.4)):
        traffic = conversions(
            rng,
            experiments=EXPERIMENTS,
            looks=even_looks(20_000, LOOKS),
            shares=shares,
            rates=[0.01] * len(shares),
        )
        found = promises.false_verdicts(traffic, "conversion")
        assert found.without_start > least
        assert found.as_built <= 0.05


def test_it_decides_alike_for_one_experiment_and_for_many(rng: Generator) -> None:
    """The simulations run on arrays; what a person reads goes look by look through `read`."""
    shares, rates = (4, 1, 1), (0.3, 0.3, 0.36)
    traffic = conversions(rng, experiments=30, looks=even_looks(4000, 40), shares=shares, rates=rates)
    plan = make_plan(treatments=("warm", "short"), shares=shares, planned_units=4000)
    may_read = promises.readable(traffic)
    signs = []
    for arm in (1, 2):
        z, fraction = promises.standard_scores(traffic, "conversion", arm)
        beyond = (np.abs(z) > promises.half_width(fraction, plan.level)) & may_read[arm - 1]
        signs.append(np.maximum.accumulate(beyond, axis=1))
    for experiment in range(30):
        memory = Memory()
        for look in range(40):
            counts = [(float(arm.units[experiment, look]), float(arm.y[experiment, look])) for arm in traffic.arms]
            totals = {"orders": tuple(Totals.of_conversion(*each) for each in counts)}
            phase = Phase(shares, tuple(int(units) for units, _ in counts))
            reading = read(plan, Observed(totals=totals, phases=(phase,)), memory)
            memory = reading.memory
            for comparison, sign in zip(reading.primary, signs, strict=True):
                assert (comparison.p <= 0.05) == sign[experiment, look]
    assert signs[1].any()


def test_it_is_not_fooled_by_an_arm_whose_outcomes_come_faster(rng: Generator) -> None:
    found = promises.delayed_outcomes(
        rng, experiments=400, per_day=200, days=14, rate=0.1, delays=(1.0, 3.0), looks=LOOKS
    )
    assert found.closed_windows <= 0.05
    assert found.as_they_come > 0.3


def test_it_rarely_rolls_back_for_a_guardrail_that_nothing_harms(rng: Generator) -> None:
    alarms = promises.guardrail_alarms(
        rng, experiments=EXPERIMENTS, units=20_000, looks=LOOKS, arms=3, guardrails=5, rate=0.05
    )
    assert alarms <= 0.05


@pytest.mark.parametrize("treatments", [1, 2])
def test_it_finds_with_the_power_of_a_single_look_by_less_than_twice_its_units(rng: Generator, treatments: int) -> None:
    once, sequential = promises.power_by(rng, runs=2000, units=20_000, rate=0.1, treatments=treatments, looks=100)
    assert once == pytest.approx(0.8, abs=0.03)
    assert sequential >= 0.8


def test_it_plans_with_the_power_that_it_has(rng: Generator) -> None:
    _, found = promises.power_by(rng, runs=4000, units=20_000, rate=0.1, treatments=1, looks=100, stretch=1.7)
    assert found == pytest.approx(chance_to_find(2.801585 * 1.7**0.5, 0.05, end=1.7), abs=0.02)


def test_it_rarely_alarms_on_a_sound_split_and_soon_on_one_that_is_off(rng: Generator) -> None:
    sound = promises.split_alarms(rng, experiments=1000, units=10_000, looks=1000, actual=(1, 1), planned=(1, 1))
    uneven = promises.split_alarms(rng, experiments=500, units=50_000, looks=1000, actual=(8, 1, 1), planned=(8, 1, 1))
    off = promises.split_alarms(rng, experiments=1000, units=20_000, looks=100, actual=(52, 48), planned=(1, 1))
    assert sound <= 0.003
    assert uneven <= 0.004
    assert off >= 0.9


def test_it_covers_the_truth_of_a_ratio_with_heavy_denominators(rng: Generator) -> None:
    assert 0.94 <= promises.ratio_coverage(rng, runs=3000, units=2000, sigma=1.5) <= 0.965


def test_it_brings_the_variance_to_what_the_correlation_leaves(rng: Generator) -> None:
    found = promises.cuped(rng, runs=3000, units=500, correlation=0.7)
    assert found.as_reported == pytest.approx(0.51, abs=0.02)
    assert found.between_runs == pytest.approx(0.51, abs=0.05)
    assert 0.94 <= found.coverage <= 0.965
