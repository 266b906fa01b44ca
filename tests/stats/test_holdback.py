"""What a shipped version is worth, measured on units held back from it."""

import numpy as np
import pytest

from experiments.stats.holdback import measure_holdback
from experiments.stats.plan import Memory, Observed
from experiments.stats.read import read
from experiments.stats.split import Phase
from experiments.stats.totals import Totals
from tests.stats.looks import ORDERS, make_plan, see


def test_it_measures_the_shipped_against_the_held_back() -> None:
    totals = Totals.of_conversion(1000, 200), Totals.of_conversion(9000, 1980)
    observed = Observed(totals={"orders": totals}, phases=(Phase((1, 9), (1000, 9000)),))
    found = measure_holdback(
        metric=ORDERS, name="warm", held_back=0.1, planned_units=10_000, observed=observed, memory=Memory()
    )
    assert found.comparison.lift == pytest.approx(0.1)
    assert found.comparison.interval is not None
    assert found.split.sound


def test_it_mends_the_estimate_on_which_an_experiment_stopped() -> None:
    """True lift 10 %: those that stop early on a ship say more than that, and what is held back then does not."""
    rng, plan = np.random.default_rng(3), make_plan(planned_units=4000, smallest_effect=0.0)
    at_stop, held_back = [], []
    for _ in range(120):
        counts, memory = np.zeros((2, 2), dtype=int), Memory()
        for _ in range(12):
            units = rng.multinomial(400, [0.5, 0.5])
            counts += np.column_stack([units, rng.binomial(units, [0.4, 0.44])])
            reading = read(plan, see(plan, *((int(n), int(s)) for n, s in counts)), memory)
            memory = reading.memory
            if reading.primary[0].ahead.above_zero:
                at_stop.append(reading.primary[0].lift)
                after = Observed(
                    totals={"orders": tuple(Totals.of_conversion(4000, rng.binomial(4000, p)) for p in (0.4, 0.44))},
                    phases=(Phase((1, 1), (4000, 4000)),),
                )
                measured = measure_holdback(
                    metric=ORDERS, name="warm", held_back=0.5, planned_units=4000, observed=after, memory=Memory()
                )
                held_back.append(measured.comparison.lift)
                break
    assert len(at_stop) > 30
    assert np.mean(at_stop) > 0.12
    assert np.mean(held_back) == pytest.approx(0.10, abs=0.02)
