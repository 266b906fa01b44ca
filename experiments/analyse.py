"""This file lets you analyse an experiment: what its units add up to, what that says, and what is to be done."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from experiments.models import Arm, Experiment, Metric
from experiments.models.experiments import Purpose
from experiments.models.metrics import Direction, Kind
from experiments.read_exposures import Exposed, read_exposures
from experiments.read_totals import MetricTotals, percentile_of, read_totals
from experiments.stats import plan as stats
from experiments.stats.read import Reading, read
from experiments.stats.sequence import Bounds
from experiments.stats.verdict import Verdict, decide

# What is measured at the very end of a window still has a way to go.
GRACE = timedelta(minutes=1)
NO_CAP = math.inf


@dataclass(frozen=True, slots=True)
class Analysis:
    """An experiment at one instant. `caps` by metric slug, NO_CAP where there is none; `frozen` are those that stay;
    `memory` is to be kept for the next look, with `fully_read`: whether all windows had closed."""

    experiment: Experiment
    at: datetime
    arms: tuple[Arm, ...]
    metrics: Mapping[str, Metric]
    exposed: Exposed
    totals: Mapping[str, MetricTotals]
    caps: Mapping[str, float]
    frozen: Mapping[str, float]
    reading: Reading
    verdict: Verdict
    fully_read: bool

    @property
    def memory(self) -> dict[str, Any]:
        """As it is stored with the experiment."""
        bounds = self.reading.memory.bounds
        return {
            "bounds": {key: [each.lower, each.upper, each.p] for key, each in bounds.items()},
            "split_p": self.reading.memory.split_p,
            "fully_read": self.fully_read,
        }

    def arm_of(self, treatment: str) -> int:
        """The number of the arm that the statistics know by this name."""
        return 1 + self.reading.plan.treatments.index(treatment)


def analyse(experiment: Experiment, now: datetime) -> Analysis:
    """Read a started experiment as it stands; changes nothing. About a dozen queries, two of which pass over its units.

    Only units whose window has closed are read, all arms cut at the same exposure time; the rest is provisional.
    """
    with transaction.atomic():
        return _analyse(experiment, now)


def _analyse(experiment: Experiment, now: datetime) -> Analysis:
    arms = tuple(experiment.arms.select_related("version").order_by("number"))
    plan, metrics = plan_of(experiment, arms)
    last = experiment.exposure_ended_at or experiment.concluded_at
    end = min(now, last) if last is not None else now
    cuts = {metric.pk: now - metric.waits - GRACE for metric in metrics.values()}
    caps = {slug: _cap(experiment, metric, cuts[metric.pk]) for slug, metric in metrics.items()}
    totals = read_totals(
        experiment=experiment,
        metrics=list(metrics.values()),
        arms=len(arms),
        cuts=cuts,
        caps={metric.pk: caps[slug] for slug, metric in metrics.items()},
        end=end,
    )
    exposed = read_exposures(experiment=experiment, arms=arms, now=now, end=end)
    stored = experiment.intersections
    all_closed = experiment.exposure_ended_at is not None and end <= min(cuts.values())
    observed = stats.Observed(
        totals={slug: each.closed for slug, each in totals.items()},
        phases=exposed.phases,
        in_two_arms=exposed.in_two_arms,
        withdrawn=frozenset(name_of(arm) for arm in arms if arm.withdrawn_at is not None),
        time_up=all_closed and bool(stored.get("fully_read")),
    )
    reading = read(plan, observed, memory_of(stored))
    return Analysis(
        experiment=experiment,
        at=now,
        arms=arms,
        metrics=metrics,
        exposed=exposed,
        totals=totals,
        caps=caps,
        frozen=_frozen(experiment, reading, metrics, caps),
        reading=reading,
        verdict=decide(reading),
        fully_read=all_closed,
    )


def name_of(arm: Arm) -> str:
    """What the statistics, and the reasons of a verdict, call an arm."""
    return str(arm.version.number)


def plan_of(experiment: Experiment, arms: Sequence[Arm]) -> tuple[stats.Plan, dict[str, Metric]]:
    """What was fixed at the start, and every metric that is measured, by slug. Three queries."""
    primary = experiment.primary_metric
    guardrails = list(experiment.guardrails.select_related("metric"))
    secondaries = list(experiment.secondary_metrics.all())
    metrics = {metric.slug: metric for metric in (primary, *(each.metric for each in guardrails), *secondaries)}
    plan = stats.Plan(
        treatments=tuple(name_of(arm) for arm in arms[1:]),
        shares=tuple(float(arm.share) for arm in arms),
        primary=_as_planned(primary),
        planned_units=float(experiment.planned_units or 1),
        # A holdback asks what the shipped version is worth, not whether that is enough.
        smallest_effect=experiment.smallest_effect if experiment.purpose == Purpose.TEST else 0.0,
        guardrails=tuple(stats.Guardrail(_as_planned(each.metric), each.margin) for each in guardrails),
        secondaries=tuple(_as_planned(metric) for metric in secondaries),
        significance=experiment.significance,
        min_sample_size=experiment.min_sample_size,
    )
    return plan, metrics


def _as_planned(metric: Metric) -> stats.Metric:
    kinds: dict[str, Any] = {Kind.CONVERSION: "conversion", Kind.MEAN: "mean", Kind.RATIO: "ratio"}
    return stats.Metric(
        slug=metric.slug,
        name=metric.name,
        kind=kinds[metric.kind],
        better="more" if metric.direction == Direction.UP else "less",
    )


def memory_of(stored: Mapping[str, Any]) -> stats.Memory:
    """What all looks so far agree on, as `Analysis.memory` stored it."""
    bounds = {key: Bounds(*values) for key, values in stored.get("bounds", {}).items()}
    return replace(stats.Memory(), bounds=bounds, split_p=stored.get("split_p", 1.0))


def _cap(experiment: Experiment, metric: Metric, cut: datetime) -> float:
    """What a unit's value counts up to. A percentile that is not frozen yet is that of the units closed so far."""
    if metric.cap_at is not None:
        return metric.cap_at
    if metric.cap_percentile is None or metric.kind == Kind.CONVERSION:
        return NO_CAP
    frozen = experiment.frozen_caps.get(metric.slug)
    if frozen is not None:
        return float(frozen)
    found = percentile_of(experiment=experiment, metric=metric, share=metric.cap_percentile, cut=cut)
    return NO_CAP if found is None else found


def _frozen(
    experiment: Experiment, reading: Reading, metrics: Mapping[str, Metric], caps: Mapping[str, float]
) -> dict[str, float]:
    """The caps that stay: a percentile stays from the first look at which its metric is read."""
    read_now = {comparison.metric for comparison in reading.primary if comparison.readable}
    read_now |= {each.comparison.metric for each in reading.secondaries if each.comparison.readable}
    read_now |= {guardrail.metric.slug for guardrail in reading.guardrails if guardrail.readable}
    new = {slug: caps[slug] for slug in read_now if metrics[slug].cap_percentile and math.isfinite(caps[slug])}
    return new | dict(experiment.frozen_caps)
