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

# A unit brings y (its value, up to the cap) over x (its weight), and from before its exposure h over g. Units above the
# cap come in groups of their own, so that nothing has to be capped one by one: in such a group y is the cap. The regr_
# functions of one pair share one transition, which makes five sums for the price of one. A million units of four
# metrics take about two seconds of one core, divided by the cores that there are.
TOTALS = """
    SELECT total.metric_id, arm, exposed_at <= cut AS closed, value > cap AS over,
           value_before > cap AND rows_before > 0 AS over_before,
           count(*) AS n, sum(rows) AS rows, sum(late_rows) AS late, sum(value) AS y, sum(weight) AS x,
           regr_syy(value, weight) AS yy, regr_sxy(value, weight) AS yx, regr_sxx(value, weight) AS xx,
           sum(value * value * value) AS yyy, sum(value * value * weight) AS yyx,
           sum(value * weight * weight) AS yxx, sum(weight * weight * weight) AS xxx,
           count(*) FILTER (WHERE rows_before > 0) AS known, sum(value) FILTER (WHERE rows_before > 0) AS known_y,
           sum(value_before) AS h, sum(weight_before) AS g, regr_syy(value_before, weight_before) AS hh,
           regr_sxy(value_before, weight_before) AS hg, regr_sxx(value_before, weight_before) AS gg,
           sum(value * value_before) AS yh, sum(value * weight_before) AS yg,
           sum(weight * value_before) AS xh, sum(weight * weight_before) AS xg
    FROM experiments_unittotal total
    JOIN unnest(%(metrics)s::uuid[], %(cuts)s::timestamptz[], %(caps)s::float8[]) AS asked (metric_id, cut, cap)
      ON asked.metric_id = total.metric_id
    WHERE experiment_id = %(experiment)s AND exposed_at <= %(end)s
    GROUP BY 1, 2, 3, 4, 5
"""
# Over all arms together, of units that brought something.
PERCENTILE = """
    SELECT percentile_cont(%(share)s) WITHIN GROUP (ORDER BY value)
    FROM experiments_unittotal
    WHERE experiment_id = %(experiment)s AND metric_id = %(metric)s AND exposed_at <= %(cut)s AND rows > 0
"""

SUMS = (
    *("n", "rows", "late", "y", "x", "yy", "yx", "xx", "yyy", "yyx", "yxx", "xxx"),
    *("known", "known_y", "h", "g", "hh", "hg", "gg", "yh", "yg", "xh", "xg"),
)
NOTHING = Totals.of_mean(0.0, 0.0, 0.0, 0.0)


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
                "caps": [_cap_of(metric, caps) for metric in metrics],
                "end": end,
            },
        )
        names = [column.name for column in cursor.description or ()]
        groups = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found: dict[tuple[UUID, int, bool], Totals] = {}
    for group in groups:
        metric = next(metric for metric in metrics if metric.pk == group["metric_id"])
        key = metric.pk, group["arm"], group["closed"]
        found[key] = found.get(key, NOTHING) + _totals(metric, _cap_of(metric, caps), group)
    return {
        metric.slug: MetricTotals(
            closed=tuple(found.get((metric.pk, arm, True), NOTHING) for arm in range(arms)),
            open=tuple(found.get((metric.pk, arm, False), NOTHING) for arm in range(arms)),
        )
        for metric in metrics
    }


def percentile_of(*, experiment: Experiment, metric: Metric, share: float, cut: datetime) -> float | None:
    """The percentile of units' values over all arms together; None where no unit brought anything yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PERCENTILE, {"share": share, "experiment": experiment.pk, "metric": metric.pk, "cut": cut})
        row = cursor.fetchone()
    return None if row is None or row[0] is None else float(row[0])


def _cap_of(metric: Metric, caps: Mapping[UUID, float]) -> float:
    # Of a conversion it counts whether, not how often.
    return 1.0 if metric.kind == Kind.CONVERSION else caps[metric.pk]


def _totals(metric: Metric, cap: float, group: Mapping[str, Any]) -> Totals:
    s = {name: float(group[name] or 0) for name in SUMS}
    _square(s)
    if group["over"]:
        _cap_y(s, cap)
    if group["over_before"]:
        _cap_h(s, cap)
    history: History
    if metric.kind == Kind.RATIO:
        history = History(s["h"], s["g"], s["hh"], s["hg"], s["gg"], s["yh"], s["yg"], s["xh"], s["xg"], s["known"])
        thirds = s["yyy"], s["yyx"], s["yxx"], s["xxx"]
        return Totals(s["n"], s["y"], s["x"], s["yy"], s["yx"], s["xx"], *thirds, history, s["rows"], s["late"])
    history = History.of_values(units=s["known"], h=s["h"], hh=s["hh"], yh=s["yh"], y=s["known_y"])
    return Totals.of_mean(s["n"], s["y"], s["yy"], s["yyy"], history=history, rows=s["rows"], late=s["late"])


def _square(s: dict[str, float]) -> None:
    """From sums of squared deviations back to sums of squares."""
    for one, other in (("y", "x"), ("h", "g")):
        first, second, n = s[one], s[other], s["n"]
        s[one + one] += first * first / n
        s[one + other] += first * second / n
        s[other + other] += second * second / n


def _cap_y(s: dict[str, float], cap: float) -> None:
    """In this group every y is the cap."""
    n = s["n"]
    s |= {"y": cap * n, "yy": cap**2 * n, "yyy": cap**3 * n, "known_y": cap * s["known"]}
    s |= {"yx": cap * s["x"], "yyx": cap**2 * s["x"], "yxx": cap * s["xx"], "yh": cap * s["h"], "yg": cap * s["g"]}


def _cap_h(s: dict[str, float], cap: float) -> None:
    """In this group every h is the cap."""
    s |= {"h": cap * s["n"], "hh": cap**2 * s["n"], "hg": cap * s["g"], "yh": cap * s["y"], "xh": cap * s["x"]}
