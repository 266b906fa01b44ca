"""Experiments as one looks at them: plans, and what was seen."""

from collections.abc import Sequence
from typing import Any

from experiments.stats.plan import Guardrail, Memory, Metric, Observed, Plan
from experiments.stats.read import Reading, read
from experiments.stats.split import Phase
from experiments.stats.totals import Totals

ORDERS = Metric("orders", "orders", "conversion")
ERRORS = Metric("errors", "errors", "conversion", better="less")
COMPLAINTS = Guardrail(Metric("complaints", "complaints", "conversion", better="less"))


def make_plan(**changes: Any) -> Plan:
    """Two arms, equal shares, orders as the primary metric, an effect of 5 % worth having, 10,000 units planned."""
    given = {
        "treatments": ("warm",),
        "shares": (5000, 5000),
        "primary": ORDERS,
        "planned_units": 10_000,
        "smallest_effect": 0.05,
    }
    return Plan(**{**given, **changes})


def see(
    plan: Plan,
    *counts: tuple[int, int],
    complaints: Sequence[tuple[int, int]] | None = None,
    exposed: tuple[int, ...] | None = None,
    **changes: Any,
) -> Observed:
    """Conversions as (units, successes) by arm; exposures are the units unless given."""
    totals = {plan.primary.slug: tuple(Totals.of_conversion(*each) for each in counts)}
    if complaints is not None:
        totals["complaints"] = tuple(Totals.of_conversion(*each) for each in complaints)
    phase = Phase(plan.shares, exposed or tuple(units for units, _ in counts))
    return Observed(**{"totals": totals, "phases": (phase,), **changes})


def read_all(plan: Plan, *looks: Observed) -> Reading:
    """One look after another, each with the memory of the ones before."""
    memory = Memory()
    for observed in looks:
        reading = read(plan, observed, memory)
        memory = reading.memory
    return reading
