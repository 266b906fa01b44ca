"""This file lets you read an experiment at an instant: every comparison, the guardrails, the split, the beliefs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.stats.belief import Belief, believe
from experiments.stats.compare import Comparison, Frame, Sequences, Side, compare, harm, lift_between
from experiments.stats.estimate import Estimate, Kind, estimate_arms
from experiments.stats.number import known
from experiments.stats.plan import Guardrail, Memory, Metric, Observed, Plan
from experiments.stats.secondary import discover
from experiments.stats.split import Split, check_split
from experiments.stats.start import units_to_start
from experiments.stats.totals import Totals


@dataclass(frozen=True, slots=True)
class GuardrailReading:
    """A guardrail in one treatment. `crossed` once is crossed for good. `lift`: the point estimate, relative."""

    metric: Metric
    margin: float
    treatment: str
    control_side: Side
    treatment_side: Side
    readable: bool
    needed: float | None
    crossed: bool
    lift: float | None


@dataclass(frozen=True, slots=True)
class SecondaryReading:
    """A secondary metric in one treatment. `q`: its always-valid p-value after Benjamini and Hochberg, over all
    secondaries and treatments."""

    comparison: Comparison
    q: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that is known about an experiment at one look, and `memory` to hand to the next."""

    plan: Plan
    primary: tuple[Comparison, ...]
    guardrails: tuple[GuardrailReading, ...]
    secondaries: tuple[SecondaryReading, ...]
    split: Split
    beliefs: tuple[Belief, ...] | None
    late_shares: tuple[float, ...]
    withdrawn: frozenset[str]
    time_up: bool
    memory: Memory


def read(plan: Plan, observed: Observed, memory: Memory) -> Reading:
    """Read the totals of one look on top of the looks before, which `memory` holds.

    Raises KeyError where a metric of the plan has no totals, ValueError where those are not of as many arms."""
    sequences = Sequences(memory.bounds)
    split = check_split(observed.phases, in_two_arms=observed.in_two_arms, smallest_p=memory.split_p)
    primary = _Table.of(plan, plan.primary, observed)
    tables = [primary]
    guardrails: list[GuardrailReading] = []
    for guardrail in plan.guardrails:
        tables.append(_Table.of(plan, guardrail.metric, observed))
        guardrails.extend(_guard(tables[-1], guardrail, sequences))
    comparisons = _compare_all(primary, "primary", sequences, smallest_effect=plan.smallest_effect)
    secondaries = [
        comparison
        for metric in plan.secondaries
        for comparison in _compare_all(_Table.of(plan, metric, observed), "secondary", sequences)
    ]
    adjusted = discover([comparison.ahead.p for comparison in secondaries])
    return Reading(
        plan=plan,
        primary=comparisons,
        guardrails=tuple(guardrails),
        secondaries=tuple(SecondaryReading(each, q) for each, q in zip(secondaries, adjusted, strict=True)),
        split=split,
        beliefs=believe(primary.estimates, sign=plan.primary.sign),
        late_shares=tuple(max(shares) for shares in zip(*(table.late_shares for table in tables), strict=True)),
        withdrawn=observed.withdrawn,
        time_up=observed.time_up,
        memory=Memory(sequences.bounds, split.p),
    )


def glance(totals: Sequence[Totals], kind: Kind) -> tuple[Side, ...]:
    """Each arm's mean and its error, of whatever units: for what is still open and provisional, and decides nothing."""
    return tuple(Side.of(estimate) for estimate in estimate_arms(totals, kind))


@dataclass(frozen=True, slots=True)
class _Table:
    """One metric at one look: each arm's estimate, and the units that an arm needs before it is read."""

    plan: Plan
    metric: Metric
    estimates: tuple[Estimate, ...]
    needed: float
    late_shares: tuple[float, ...]
    withdrawn: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, metric: Metric, observed: Observed) -> "_Table":
        totals = observed.totals[metric.slug]
        if len(totals) != len(plan.shares):
            raise ValueError(f"{metric.slug} has totals of {len(totals)} arms, the plan has {len(plan.shares)}.")
        return cls(
            plan=plan,
            metric=metric,
            estimates=estimate_arms(totals, metric.kind),
            needed=float(units_to_start(totals, floor=plan.min_sample_size)),
            late_shares=tuple(arm.late_share for arm in totals),
            withdrawn=observed.withdrawn,
        )

    def readable(self, arm: int) -> bool:
        if self.plan.treatments[arm - 1] in self.withdrawn:
            return False
        # An arm may hold units enough and still have no mean: a ratio whose weights are all 0.
        both = self.estimates[0], self.estimates[arm]
        return all(each.units >= self.needed and np.isfinite(each.mean + each.variance) for each in both)

    def fraction(self, *arms: int) -> float:
        """N / N* of these arms together."""
        return sum(float(self.estimates[arm].units) for arm in arms) / self.plan.planned_for(*arms)


def _compare_all(
    table: _Table, role: str, sequences: Sequences, *, smallest_effect: float = 0.0
) -> tuple[Comparison, ...]:
    plan = table.plan
    return tuple(
        compare(
            table.estimates[0],
            table.estimates[arm],
            metric=table.metric.slug,
            name=name,
            needed=table.needed,
            readable=table.readable(arm),
            key=f"{role}/{table.metric.slug}/{name}",
            frame=Frame(
                level=plan.level,
                comparisons=len(plan.treatments),
                fraction=table.fraction(0, arm),
                control_fraction=table.fraction(0),
                sign=table.metric.sign,
                smallest_effect=smallest_effect,
            ),
            sequences=sequences,
        )
        for arm, name in enumerate(plan.treatments, start=1)
    )


def _guard(table: _Table, guardrail: Guardrail, sequences: Sequences) -> list[GuardrailReading]:
    plan, control, readings = table.plan, table.estimates[0], []
    for arm, name in enumerate(plan.treatments, start=1):
        treatment, key = table.estimates[arm], f"guardrail/{table.metric.slug}/{name}"
        if table.readable(arm):
            harm(
                control,
                treatment,
                key=key,
                margin=guardrail.margin,
                sign=table.metric.sign,
                level=plan.guardrail_level,
                fraction=table.fraction(0, arm),
                sequences=sequences,
            )
        sides = Side.of(control), Side.of(treatment)
        readings.append(
            GuardrailReading(
                metric=table.metric,
                margin=guardrail.margin,
                treatment=name,
                control_side=sides[0],
                treatment_side=sides[1],
                readable=table.readable(arm),
                needed=known(table.needed),
                crossed=sequences.of(key).below_zero,
                lift=lift_between(*sides),
            )
        )
    return readings
