"""This file lets you record what was measured of units. An outcome belongs to its unit, never to an experiment."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from assay.core import token
from assay.core.errors import AssayError, single
from assay.core.execution import QUALITY
from django.db import connection, transaction
from django.utils import timezone

from config.ids import uuid7
from config.items import convert_item, time_of
from experiments.execution_days import hold_days
from experiments.models import Metric
from experiments.models.metrics import Kind
from experiments.observed import Answer, Taken, number_of, unit_of
from experiments.rate_executions import Rating, rate_executions
from vault.models import Version

RECORD = """
    INSERT INTO experiments_outcome (id, project_id, unit, metric_id, value, weight, at, outcome_id)
    SELECT id, %(project)s, unit, metric_id, value, weight, at, outcome_id
    FROM unnest(%(ids)s::uuid[], %(units)s::bigint[], %(metrics)s::uuid[], %(values)s::float8[], %(weights)s::float8[],
                %(times)s::timestamptz[], %(outcomes)s::uuid[])
         AS sent (id, unit, metric_id, value, weight, at, outcome_id)
    ORDER BY outcome_id
    ON CONFLICT (project_id, outcome_id) DO NOTHING
    RETURNING outcome_id
"""
# When these units were first exposed in an experiment that measures the metric and has not been concluded.
EXPOSED = """
    SELECT exposure.unit, measured.metric_id, min(exposure.exposed_at)
    FROM experiments_exposure exposure
    JOIN experiments_experiment experiment ON experiment.id = exposure.experiment_id
         AND experiment.status IN ('running', 'paused')
    JOIN experiments_measured measured ON measured.experiment_id = experiment.id
    WHERE exposure.project_id = %(project)s AND exposure.unit = ANY(%(units)s)
    GROUP BY 1, 2
"""
LARGEST = 1e15


class SentOutcome(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An outcome as it is sent. `metric` is a slug; `id` is the caller's own name of it.

    Its unit is named, or told by its hash (16 hexadecimal digits) or by the resolution that served it.
    """

    metric: str
    value: float
    id: UUID | None = None
    unit: str | None = None
    unit_hash: str | None = None
    resolution_id: str | None = None
    weight: float = 1.0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A number measured of a unit."""

    outcome_id: UUID
    unit: int
    metric: Metric
    value: float
    weight: float
    at: datetime
    rating: Rating | None = None


# Since when a unit is exposed in an experiment that measures a metric.
Exposed = dict[tuple[int, UUID], datetime]


def counts(one: Measured, exposed: Exposed) -> bool:
    """Whether it lies in the metric's window after its unit's exposure."""
    since = exposed.get((one.unit, one.metric.pk))
    return since is not None and timedelta(0) <= one.at - since <= one.metric.waits


def record_outcomes(*, project_id: UUID, items: Sequence[Any]) -> list[Answer]:
    """For each item whether it is taken, and whether it counts for an experiment as things stand.

    Three queries; one more where resolutions are named, and three where those are rated.
    """
    now = timezone.now()
    metrics = {metric.slug: metric for metric in Metric.objects.in_project(project_id)}
    answers: dict[int, Answer] = {}
    read: dict[int, Measured] = {}
    for place, item in enumerate(items):
        try:
            read[place] = _measured(convert_item(item, SentOutcome), project_id, metrics, now)
        except AssayError as error:
            answers[place] = error
    for place in _foreign(project_id, items, read):
        answers[place] = single("not_found", "/resolution_id", "There is no such resolution.", status=404)
        del read[place]
    new, exposed = _write(project_id, list(read.values()))
    for place, one in read.items():
        answers[place] = Taken(counted=counts(one, exposed), duplicate=one.outcome_id not in new)
        # A second item of the same batch with the same name is as much a duplicate as one of another batch.
        new.discard(one.outcome_id)
    return [answers[place] for place in range(len(items))]


@transaction.atomic
def _write(project_id: UUID, measured: list[Measured]) -> tuple[set[UUID], Exposed]:
    ratings = {one.outcome_id: one.rating for one in measured if one.rating is not None}
    if ratings:
        with connection.cursor() as cursor:
            hold_days(cursor, project_id)
    new, exposed = measure(project_id=project_id, measured=measured)
    rate_executions(
        project_id=project_id, ratings=[rating for outcome_id, rating in ratings.items() if outcome_id in new]
    )
    return new, exposed


@transaction.atomic
def measure(*, project_id: UUID, measured: Sequence[Measured]) -> tuple[set[UUID], Exposed]:
    """Write down what is right: which outcomes are new, and since when their units are exposed. Two queries."""
    if not measured:
        return set(), {}
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "project": project_id,
                "ids": [uuid7() for _ in measured],
                "units": [one.unit for one in measured],
                "metrics": [one.metric.pk for one in measured],
                "values": [one.value for one in measured],
                "weights": [one.weight for one in measured],
                "times": [one.at for one in measured],
                "outcomes": [one.outcome_id for one in measured],
            },
        )
        new = {outcome_id for (outcome_id,) in cursor.fetchall()}
        cursor.execute(EXPOSED, {"project": project_id, "units": list({one.unit for one in measured})})
        exposed = {(unit, metric_id): since for unit, metric_id, since in cursor.fetchall()}
    return new, exposed


def _foreign(project_id: UUID, items: Sequence[Any], read: Iterable[int]) -> list[int]:
    """The places of those that name a resolution of what this project does not have: a token grants nothing."""
    served = {
        place: UUID(token.read(items[place]["resolution_id"]).version_id)
        for place in read
        if items[place].get("resolution_id") is not None
    }
    if not served:
        return []
    ours = set(Version.objects.filter(project_id=project_id, pk__in=set(served.values())).values_list("pk", flat=True))
    return [place for place, version_id in served.items() if version_id not in ours]


def _measured(item: SentOutcome, project_id: UUID, metrics: dict[str, Metric], now: datetime) -> Measured:
    metric = metrics.get(item.metric)
    if metric is None:
        raise single("unknown_metric", "/metric", f"There is no metric {item.metric[:50]!r}.", status=404)
    return Measured(
        outcome_id=item.id or uuid7(),
        unit=_unit(item, project_id),
        metric=metric,
        value=_value(item, metric),
        weight=_weight(item, metric),
        at=time_of(item.at, now=now),
        rating=_rating(item),
    )


def _rating(item: SentOutcome) -> Rating | None:
    """What it says of the use of a resolution, where it does."""
    rates = item.metric in QUALITY and item.weight == 1.0 and 0 <= item.value <= 1
    if item.resolution_id is None or not rates:
        return None
    return Rating(item.resolution_id, token.read(item.resolution_id).milliseconds, item.metric, item.value)


def _unit(item: SentOutcome, project_id: UUID) -> int:
    if [item.unit, item.unit_hash, item.resolution_id].count(None) != 2:
        raise single("required", "/unit", "Name the unit, or the resolution it was served.")
    if item.resolution_id is None:
        return unit_of(project_id, item.unit, item.unit_hash)
    resolved = token.read(item.resolution_id)
    if resolved.unit_hash is None:
        raise single("no_unit", "/resolution_id", "This resolution was for no unit.")
    return number_of(resolved.unit_hash)


def _value(item: SentOutcome, metric: Metric) -> float:
    if not math.isfinite(item.value) or abs(item.value) > LARGEST:
        raise single("invalid_value", "/value", "A value is a finite number.")
    if metric.kind == Kind.CONVERSION and item.value not in (0.0, 1.0):
        raise single("invalid_value", "/value", "A conversion is 0 or 1.")
    return item.value


def _weight(item: SentOutcome, metric: Metric) -> float:
    if not math.isfinite(item.weight) or not 0 < item.weight <= LARGEST:
        raise single("invalid_weight", "/weight", "A weight is a finite number above 0.")
    if metric.kind != Kind.RATIO and item.weight != 1.0:
        raise single("invalid_weight", "/weight", "Only an outcome of a ratio has a weight.")
    return item.weight
