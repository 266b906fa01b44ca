"""This file lets you read what an experiment's units add up to: every metric and arm, in one pass over the units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from experiments.models import Experiment, Metric
from experiments.models.metrics import Kind
from experiments.stats.totals import History, Totals

# A unit brings y over x, and from before its exposure h over g. The regr_ functions of one pair share one transition,
# which makes five sums for the price of one: a million units of four metrics take about three seconds of one core,
# divided by the cores that there are.
TOTALS = """
    SELECT metric_id, arm, exposed_at <= cut AS closed, count(*), sum(rows), sum(late_rows), sum(y), sum(x),
           regr_syy(y, x), regr_sxy(y, x), regr_sxx(y, x), sum(y * y * y), sum(y * y * x), sum(y * x * x),
           sum(x * x * x), count(*) FILTER (WHERE rows_before > 0), sum(h), sum(g),
           regr_syy(h, g), regr_sxy(h, g), regr_sxx(h, g), sum(y * h), sum(y * g), sum(x * h), sum(x * g),
           sum(y) FILTER (WHERE rows_before > 0)
    FROM (
        SELECT total.metric_id, arm, exposed_at, cut, rows, late_rows, rows_before,
               LEAST(value, cap) AS y, weight AS x, LEAST(value_before, cap) AS h, weight_before AS g
        FROM experiments_unittotal total
        JOIN unnest(%(metrics)s::uuid[], %(cuts)s::timestamptz[], %(caps)s::float8[]) AS asked (metric_id, cut, cap)
          ON asked.metric_id = total.metric_id
        WHERE experiment_id = %(experiment)s AND exposed_at <= %(end)s
    ) AS units
    GROUP BY 1, 2, 3
"""
# Over all arms together, of units that brought something.
PERCENTILE = """
    SELECT percentile_cont(%(share)s) WITHIN GROUP (ORDER BY value)
    FROM experiments_unittotal
    WHERE experiment_id = %(experiment)s AND metric_id = %(metric)s AND exposed_at <= %(cut)s AND rows > 0
"""


@dataclass(frozen=True, slots=True)
class MetricTotals:
    """One metric: each arm's totals, control first, of units whose window has closed, and of those still open."""

    closed: tuple[Totals, ...]
    open: tuple[Totals, ...]


def read_totals(
    *,
    experiment: Experiment,
    metrics: Sequence[Metric],
    arms: int,
    cuts: Mapping[UUID, datetime],
    caps: Mapping[UUID, float],
    end: datetime,
) -> dict[str, MetricTotals]:
    """By metric slug. `cuts`: a unit exposed until then has a closed window, the same for all arms; `caps`: by metric
    id, of a unit's value, infinity for none; `end`: later exposures do not count. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            TOTALS,
            {
                "experiment": experiment.pk,
                "metrics": [metric.pk for metric in metrics],
                "cuts": [cuts[metric.pk] for metric in metrics],
                # Of a conversion it counts whether, not how often.
                "caps": [1.0 if metric.kind == Kind.CONVERSION else caps[metric.pk] for metric in metrics],
                "end": end,
            },
        )
        rows = {(metric_id, arm, closed): sums for metric_id, arm, closed, *sums in cursor.fetchall()}
    return {
        metric.slug: MetricTotals(
            closed=tuple(_totals(metric, rows.get((metric.pk, arm, True))) for arm in range(arms)),
            open=tuple(_totals(metric, rows.get((metric.pk, arm, False))) for arm in range(arms)),
        )
        for metric in metrics
    }


def percentile_of(*, experiment: Experiment, metric: Metric, share: float, cut: datetime) -> float | None:
    """The percentile of units' values over all arms together; None where no unit brought anything yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PERCENTILE, {"share": share, "experiment": experiment.pk, "metric": metric.pk, "cut": cut})
        row = cursor.fetchone()
    return None if row is None or row[0] is None else float(row[0])


def _totals(metric: Metric, sums: Sequence[Any] | None) -> Totals:
    if sums is None:
        return Totals.of_mean(0.0, 0.0, 0.0, 0.0)
    n, rows, late, y, x, yy, yx, xx, yyy, yyx, yxx, xxx, m, h, g, hh, hg, gg, yh, yg, xh, xg, known_y = (
        float(each or 0) for each in sums
    )
    # From sums of squared deviations back to sums of squares.
    yy, yx, xx = yy + y * y / n, yx + y * x / n, xx + x * x / n
    hh, hg, gg = hh + h * h / n, hg + h * g / n, gg + g * g / n
    if metric.kind == Kind.RATIO:
        history = History(h, g, hh, hg, gg, yh, yg, xh, xg, m)
        return Totals(n, y, x, yy, yx, xx, yyy, yyx, yxx, xxx, history, rows, late)
    history = History.of_values(units=m, h=h, hh=hh, yh=yh, y=known_y)
    return Totals.of_mean(n, y, yy, yyy, history=history, rows=rows, late=late)
