"""This file lets you find out how many units an experiment needs, from what is known of its metric."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from assay.core.errors import single
from django.db import connection
from django.utils import timezone

from experiments.models import Experiment, Metric
from experiments.models.metrics import Direction, Kind
from experiments.stats.estimate import Kind as StatsKind
from experiments.stats.power import Baseline, Plan, plan_units

# What units, whose windows have closed, brought in the control of the project's newest experiment with this metric: as
# it stood for those who were served what was in production. Of a mean their total holds the mean already.
CONTROLS = """
    SELECT count(*), sum(y), sum(x), sum(y * y), sum(y * x), sum(x * x) FROM (
        SELECT CASE %(kind)s WHEN 'conversion' THEN (value > 0)::int::float8 ELSE value END AS y,
               CASE %(kind)s WHEN 'ratio' THEN weight ELSE 1 END AS x
        FROM experiments_unittotal
        WHERE metric_id = %(metric)s AND arm = 0 AND exposed_at <= %(closed)s AND experiment_id = (
            SELECT experiment.id FROM experiments_experiment experiment
            JOIN experiments_measured measured ON measured.experiment_id = experiment.id
            WHERE experiment.project_id = %(project)s AND measured.metric_id = %(metric)s
              AND experiment.status <> 'draft' AND experiment.purpose = 'test'
            ORDER BY (experiment.prompt_id = %(prompt)s) DESC NULLS LAST, experiment.started_at DESC LIMIT 1)
        LIMIT 200000
    ) AS units
"""
# Without such an experiment: what was sent of units at all in the last four weeks.
OUTCOMES = """
    SELECT count(*), sum(y), sum(x), sum(y * y), sum(y * x), sum(x * x) FROM (
        SELECT CASE %(kind)s WHEN 'conversion' THEN (max(value) > 0)::int::float8
                             WHEN 'mean' THEN avg(value) ELSE sum(value) END AS y,
               CASE %(kind)s WHEN 'ratio' THEN sum(weight) ELSE 1 END AS x
        FROM (SELECT unit, value, weight FROM experiments_outcome
              WHERE project_id = %(project)s AND metric_id = %(metric)s AND at > now() - interval '28 days'
              LIMIT 500000) AS recent
        GROUP BY unit
    ) AS units
"""
LEAST_UNITS = 100
MOST_UNITS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Known:
    """The control as it is today, as a person tells it: `mean` in the metric's measure, `deviation` of one unit's value
    (of (y − r·x) / x̄ for a ratio); a conversion needs none."""

    mean: float
    deviation: float | None = None


def plan_experiment(*, experiment: Experiment, baseline: Known | None = None) -> Plan:
    """Units in all and by arm for the smallest effect, always the sequential number. Two queries at most.

    Raises AssayError 422 `baseline_unknown` where the project knows nothing of the metric and none is given,
    `invalid_baseline`, `effect_impossible`.
    """
    metric = experiment.primary_metric
    found = (
        find_baseline(metric=metric, prompt_id=experiment.prompt_id) if baseline is None else as_told(metric, baseline)
    )
    if found is None:
        told = (
            f"Nothing is known of {metric.name} in this project yet: say its baseline, or how many units to plan with."
        )
        raise single("baseline_unknown", "/baseline", told)
    shares = [arm.share for arm in experiment.arms.order_by("number")]
    return plan_for(
        metric=metric,
        baseline=found,
        shares=shares,
        significance=experiment.significance,
        effect=experiment.smallest_effect,
    )


def plan_for(
    *,
    metric: Metric,
    baseline: Baseline,
    shares: Sequence[int],
    significance: float,
    effect: float,
    power: float = 0.8,
    units_per_day: float | None = None,
) -> Plan:
    """What finds a relative `effect` (above 0, in the direction of better). Raises AssayError 422
    `effect_impossible`."""
    lift = effect if metric.direction == Direction.UP else -effect
    try:
        plan = plan_units(
            baseline,
            lift=lift if baseline.mean > 0 else -lift,
            shares=shares,
            significance=significance,
            power=power,
            units_per_day=units_per_day,
            window_days=metric.waits.total_seconds() / 86_400,
        )
    except ValueError as error:
        raise single("effect_impossible", "/smallest_effect", str(error)) from None
    except ArithmeticError:
        plan = None
    if plan is None or plan.units >= MOST_UNITS:
        needed = f"To find this takes more than {MOST_UNITS:,} units."
        raise single("effect_impossible", "/smallest_effect", needed)
    return plan


def find_baseline(*, metric: Metric, prompt_id: UUID | None = None) -> Baseline | None:
    """How the metric stands for a unit in this project: in the control of the newest experiment that measured it, one
    on the same prompt before others, or else as sent at all. None where fewer than 100 units tell of it. Two queries at
    most."""
    known: dict[str, str | UUID | datetime | None] = {
        "project": metric.project_id,
        "metric": metric.pk,
        "kind": metric.kind,
        "prompt": prompt_id,
        "closed": timezone.now() - metric.waits,
    }
    with connection.cursor() as cursor:
        for question in (CONTROLS, OUTCOMES):
            cursor.execute(question, known)
            row = cursor.fetchone()
            found = _baseline(metric, row) if row and row[0] >= LEAST_UNITS else None
            if found is not None:
                return found
    return None


def as_told(metric: Metric, known: Known) -> Baseline:
    """The baseline as a person tells it. Raises AssayError 422 `invalid_baseline`."""
    if not math.isfinite(known.mean) or not known.mean:
        raise single("invalid_baseline", "/baseline/mean", "The baseline's mean is a finite number other than 0.")
    if metric.kind == Kind.CONVERSION:
        if not 0 < known.mean < 1:
            raise single("invalid_baseline", "/baseline/mean", "A conversion lies between 0 and 1.")
        return Baseline(kind="conversion", mean=known.mean)
    if known.deviation is None or not math.isfinite(known.deviation) or known.deviation <= 0:
        told = "A mean or a ratio is planned with the deviation of one unit's value, above 0."
        raise single("invalid_baseline", "/baseline/deviation", told)
    return Baseline(kind=_kind(metric), mean=known.mean, deviation=known.deviation)


def _baseline(metric: Metric, row: Sequence[float]) -> Baseline | None:
    units, y, x, yy, yx, xx = row
    if not x or not y:
        return None
    ratio, weight = y / x, x / units
    deviation = math.sqrt(max((yy - 2 * ratio * yx + ratio**2 * xx) / units, 0.0)) / weight
    if not deviation:
        # All units alike: what was sent tells of successes alone, or of nothing.
        return None
    return Baseline(kind=_kind(metric), mean=ratio, deviation=deviation)


def _kind(metric: Metric) -> StatsKind:
    match metric.kind:
        case Kind.CONVERSION:
            return "conversion"
        case Kind.MEAN:
            return "mean"
    return "ratio"
