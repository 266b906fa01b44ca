"""An experiment read at an instant, on top of the looks before."""

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from experiments.stats.plan import Guardrail, Memory, Metric, Observed, Plan
from experiments.stats.read import read
from experiments.stats.sequence import half_width, one_sided_width
from experiments.stats.split import Phase
from experiments.stats.totals import Totals
from tests.stats.looks import COMPLAINTS, ERRORS, ORDERS, make_plan, read_all, see
from tests.stats.units import draw_ratio_units


def test_it_reads_a_difference_with_its_interval_and_p_value() -> None:
    (orders,) = read_all(make_plan(), see(make_plan(), (2000, 200), (2000, 260))).primary
    error = math.sqrt((0.1 * 0.9 + 0.13 * 0.87) / 2000)
    reach = half_width(0.4, 0.05) * error
    assert orders.readable
    assert orders.difference == pytest.approx(0.03)
    assert orders.lift == pytest.approx(0.3)
    assert orders.interval == pytest.approx((0.03 - reach, 0.03 + reach))
    assert (orders.p <= 0.05) == (reach < 0.03)
    assert orders.control_side.error == pytest.approx(math.sqrt(0.09 / 2000))


def test_it_shows_no_interval_before_the_start_and_says_how_many_units_it_takes() -> None:
    (orders,) = read_all(make_plan(), see(make_plan(), (90, 9), (95, 12))).primary
    assert not orders.readable
    assert orders.needed is not None
    assert orders.needed > 100
    assert (orders.interval, orders.lift_interval, orders.p) == (None, None, 1)
    assert orders.difference == pytest.approx(12 / 95 - 0.1)


def test_it_shows_nothing_where_nothing_was_seen() -> None:
    reading = read_all(
        make_plan(guardrails=(COMPLAINTS,)), see(make_plan(), (0, 0), (0, 0), complaints=[(0, 0), (0, 0)])
    )
    (orders,) = reading.primary
    assert (orders.difference, orders.lift, orders.needed) == (None, None, None)
    assert reading.beliefs is None
    assert not reading.guardrails[0].readable


def test_it_shows_nothing_of_a_ratio_without_weights() -> None:
    plan = make_plan(primary=Metric("orders", "orders", "ratio"), guardrails=(Guardrail(Metric("g", "g", "ratio")),))
    y, x = draw_ratio_units(np.random.default_rng(1), 2000)
    totals = Totals.of_units(y, x), Totals.of_units(0 * y, 0 * x)
    seen = Observed(totals={"orders": totals, "g": totals}, phases=(Phase((1, 1), (2000, 2000)),))
    reading = read_all(plan, seen, seen)
    assert not reading.primary[0].readable
    assert not reading.guardrails[0].readable
    assert reading.primary[0].treatment_side.mean is None
    assert "nan" not in repr(reading.memory)


def test_it_raises_the_start_to_the_minimum_asked_for() -> None:
    seen = see(make_plan(), (2000, 200), (2000, 260))
    assert not read_all(make_plan(min_sample_size=2001), seen).primary[0].readable
    assert read_all(make_plan(min_sample_size=1), seen).primary[0].needed == pytest.approx(20 / 0.115 * 0.77**2 / 0.885)


def test_it_reads_the_intersection_of_all_looks() -> None:
    plan = make_plan()
    early, late = see(plan, (1000, 100), (1000, 160)), see(plan, (3000, 300), (3000, 330))
    (first,), (second,), (both,) = (
        read_all(plan, early).primary,
        read_all(plan, late).primary,
        read_all(plan, early, late).primary,
    )
    assert first.interval
    assert second.interval
    assert both.interval == (max(first.interval[0], second.interval[0]), min(first.interval[1], second.interval[1]))
    assert both.p == min(first.p, second.p)
    assert both.lift == second.lift


def test_it_keeps_its_memory_as_plain_json() -> None:
    plan = make_plan(guardrails=(COMPLAINTS,), secondaries=(ERRORS,))
    seen = see(plan, (2000, 200), (2000, 260), complaints=[(2000, 60), (2000, 70)])
    seen = replace(seen, totals={**seen.totals, "errors": seen.totals["complaints"]})
    memory = read(plan, seen, Memory()).memory
    assert msgspec.json.decode(msgspec.json.encode(memory), type=Memory) == memory
    assert read(plan, seen, memory).memory == memory


def test_it_reads_less_as_better_like_the_mirror_image() -> None:
    more, less = make_plan(), make_plan(primary=ERRORS)
    (up,) = read_all(more, see(more, (2000, 200), (2000, 300))).primary
    (down,) = read_all(less, see(less, (2000, 200), (2000, 300))).primary
    assert up.interval == pytest.approx(down.interval)
    assert up.lift_interval == pytest.approx(down.lift_interval)
    assert up.ahead.above_zero
    assert down.ahead.below_zero
    assert up.p == down.p


def test_it_holds_intervals_of_several_treatments_together() -> None:
    plan = make_plan(treatments=("warm", "short"), shares=(1, 1, 1))
    (warm, short) = read_all(plan, see(plan, (2000, 200), (2000, 260), (2000, 200))).primary
    fraction = 4000 / (10_000 * 2 / 3)
    reach = half_width(fraction, 0.025) * math.sqrt((0.09 + 0.13 * 0.87) / 2000)
    assert warm.interval == pytest.approx((0.03 - reach, 0.03 + reach))
    assert warm.p == min(1.0, 2 * warm.ahead.p)
    assert short.p == 1


@pytest.mark.parametrize("better", ["more", "less"])
def test_it_never_lets_interval_lift_and_p_value_disagree(better: str) -> None:
    """Over many looks of many small experiments, with effects and without."""
    rng = np.random.default_rng(5)
    plan = make_plan(treatments=("warm", "short"), shares=(2, 1, 1), primary=ORDERS if better == "more" else ERRORS)
    seen_with_lift = 0
    for rates in rng.choice([0.2, 0.25, 0.35], (60, 3)):
        memory, counts = Memory(), np.zeros((3, 2), dtype=int)
        for _ in range(12):
            units = rng.poisson([200, 100, 100])
            counts += np.column_stack([units, rng.binomial(units, rates)])
            reading = read(plan, see(plan, *((int(n), int(s)) for n, s in counts)), memory)
            memory = reading.memory
            for each in reading.primary:
                assert (each.p <= 0.05) == (each.ahead.above_zero or each.ahead.below_zero)
                if each.lift_interval:
                    seen_with_lift += 1
                    lower, upper = (
                        each.lift_interval if better == "more" else [-end for end in each.lift_interval[::-1]]
                    )
                    assert (lower >= 0) == each.ahead.above_zero
                    assert (upper <= 0) == each.ahead.below_zero
                    assert (upper <= 0.05) == each.enough.below_zero
                    assert (lower >= 0.05) == each.enough.above_zero
    assert seen_with_lift > 300


def mean_of(units: int, mean: float) -> Totals:
    """A mean with a variance of about 1 and no skewness."""
    return Totals.of_units(mean + np.where(np.arange(units) % 2, 1.0, -1.0))


def look_at_means(plan: Plan, control: Totals, treatment: Totals) -> Observed:
    phase = Phase((1, 1), (int(control.units), int(treatment.units)))
    return Observed(totals={"orders": (control, treatment)}, phases=(phase,))


def test_it_shows_no_lift_while_the_control_may_be_zero() -> None:
    plan = make_plan(primary=Metric("orders", "orders", "mean"), planned_units=2000)
    near, far = (look_at_means(plan, mean_of(1000, mean), mean_of(1000, 0.5)) for mean in (0.05, 0.3))
    assert read_all(plan, near).primary[0].ahead.above_zero
    assert read_all(plan, near).primary[0].lift_interval is None
    assert read_all(plan, far).primary[0].lift_interval is not None


def test_it_keeps_in_the_lift_what_was_decided_before_a_lift_could_be_shown() -> None:
    plan = make_plan(primary=Metric("orders", "orders", "mean"), planned_units=2000)
    early = look_at_means(plan, mean_of(200, 0.0), mean_of(200, 0.6))
    late = look_at_means(plan, mean_of(2000, 0.3), mean_of(2000, 0.34))
    alone, both = read_all(plan, late).primary[0], read_all(plan, early, late).primary[0]
    assert alone.lift_interval is not None
    assert both.lift_interval is not None
    assert alone.lift_interval[0] < 0
    assert both.ahead.above_zero
    assert both.lift_interval[0] >= 0


@pytest.mark.parametrize(("guardrails", "treatments"), [(1, 1), (3, 1), (2, 2)])
def test_it_shares_the_level_among_guardrails_and_treatments(guardrails: int, treatments: int) -> None:
    others = tuple(Guardrail(Metric(f"g{index}", "g", "conversion", "less")) for index in range(guardrails - 1))
    plan = make_plan(
        treatments=("warm", "short")[:treatments], shares=(1,) * (treatments + 1), guardrails=(COMPLAINTS, *others)
    )
    fraction = 4000 / (10_000 * 2 / (treatments + 1))
    edge = one_sided_width(fraction, 0.05 / (guardrails * treatments))
    crossed = []
    for harmed in range(210, 320):
        complaints = [(2000, 200), (2000, harmed)] + [(2000, 200)] * (treatments - 1)
        seen = see(plan, *[(2000, 200)] * (treatments + 1), complaints=complaints)
        quiet = seen.totals["orders"]
        seen = replace(seen, totals={**seen.totals, **{other.metric.slug: quiet for other in others}})
        shares = 0.1, harmed / 2000
        z = (shares[1] - shares[0]) / math.sqrt(sum(share * (1 - share) for share in shares) / 2000)
        crossed.append(read_all(plan, seen).guardrails[0].crossed)
        assert crossed[-1] == (z > edge)
    assert len(set(crossed)) == 2


def test_it_reads_a_guardrail_on_the_harmful_side_only() -> None:
    plan = make_plan(guardrails=(COMPLAINTS,))
    good, bad = [(3000, 300), (3000, 200)], [(3000, 200), (3000, 300)]
    counts = (3000, 300), (3000, 300)
    assert not read_all(plan, see(plan, *counts, complaints=good)).guardrails[0].crossed
    (crossed,) = read_all(plan, see(plan, *counts, complaints=bad)).guardrails
    assert crossed.crossed
    assert crossed.lift == pytest.approx(0.5)
    assert not read_all(plan, see(plan, *counts, complaints=[(100, 1), (100, 9)])).guardrails[0].readable


def test_it_allows_a_guardrail_its_margin() -> None:
    counts, complaints = ((3000, 300), (3000, 300)), [(30_000, 2000), (30_000, 2400)]
    for margin, crossed in ((0.0, True), (0.1, True), (0.2, False), (0.5, False)):
        plan = make_plan(guardrails=(Guardrail(COMPLAINTS.metric, margin),))
        assert read_all(plan, see(plan, *counts, complaints=complaints)).guardrails[0].crossed is crossed


def test_it_remembers_a_crossed_guardrail() -> None:
    plan, counts = make_plan(guardrails=(COMPLAINTS,)), ((3000, 300), (3000, 300))
    bad = see(plan, *counts, complaints=[(3000, 200), (3000, 300)])
    healed = see(plan, *counts, complaints=[(9000, 900), (9000, 900)])
    assert read_all(plan, bad, healed).guardrails[0].crossed


def test_it_asks_secondaries_together() -> None:
    plan = make_plan(secondaries=(ERRORS, COMPLAINTS.metric))
    seen = see(plan, (3000, 300), (3000, 300), complaints=[(3000, 200), (3000, 330)])
    seen = replace(seen, totals={**seen.totals, "errors": seen.totals["orders"]})
    errors, complaints = read_all(plan, seen).secondaries
    assert complaints.q == pytest.approx(2 * complaints.comparison.ahead.p)
    assert errors.q == 1


def test_it_reads_a_withdrawn_treatment_no_more() -> None:
    plan = make_plan(treatments=("warm", "short"), shares=(1, 1, 1))
    before = see(plan, (2000, 200), (2000, 120), (2000, 210))
    after = see(plan, (4000, 400), (2000, 300), (4000, 420), withdrawn=frozenset({"warm"}))
    warm, short = read_all(plan, before, after).primary
    assert not warm.readable
    assert warm.ahead == read_all(plan, before).primary[0].ahead
    assert short.readable


def test_it_takes_the_worst_share_of_late_rows_over_what_decides() -> None:
    plan = make_plan(guardrails=(COMPLAINTS,))
    totals = {
        "orders": (Totals.of_conversion(500, 250, rows=500, late=1), Totals.of_conversion(500, 250, rows=500)),
        "complaints": (Totals.of_conversion(500, 50, rows=50), Totals.of_conversion(500, 50, rows=50, late=2)),
    }
    reading = read(plan, Observed(totals=totals, phases=(Phase((1, 1), (500, 500)),)), Memory())
    assert reading.late_shares == (0.002, 0.04)


@pytest.mark.parametrize(
    "changes",
    [
        {"treatments": ()},
        {"shares": (5000,)},
        {"shares": (5000, 0)},
        {"planned_units": 0},
        {"smallest_effect": -0.1},
        {"significance": 1.0},
    ],
)
def test_it_refuses_a_plan_that_compares_nothing(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        make_plan(**changes)


def test_it_refuses_totals_that_miss_an_arm() -> None:
    plan: Plan = make_plan()
    with pytest.raises(ValueError):
        read(plan, see(plan, (100, 10)), Memory())
