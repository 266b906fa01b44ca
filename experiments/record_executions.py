"""This file lets you record what uses of versions took, each once, with the days that count them and what they say of
their units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from assay.core import token
from assay.core.errors import AssayError, single
from assay.core.execution import QUALITY, Execution, check_execution
from django.db import connection, transaction
from django.utils import timezone

from config.ids import uuid7
from config.items import convert_item, time_of
from config.months import id_at, keep_months, month_of
from experiments.execution_days import COUNTED, hold_days
from experiments.models import Metric
from experiments.observed import Answer, Taken, hash_of_resolution, milliseconds, number_of, unit_of
from experiments.record_outcomes import Measured, counts, measure
from sentinel.models import Project
from vault.models import Version

TABLE = "experiments_execution"
FIELDS = {
    "id": "uuid",
    "prompt_id": "uuid",
    "version_id": "uuid",
    "resolution": "uuid",
    "unit": "bigint",
    "at": "timestamptz",
    "response_time_ms": "float8",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "cached_tokens": "bigint",
    "cost_usd": "numeric",
    "error_type": "text",
    "environment": "text",
    "input_hash": "text",
    **dict.fromkeys(QUALITY, "float8"),
}
_NAMES = ", ".join(FIELDS)
RECORD = f"""
    WITH taken AS (
        INSERT INTO experiments_execution (project_id, {_NAMES})
        SELECT %(project)s, {_NAMES}
        FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, kind in FIELDS.items())}) AS sent ({_NAMES})
        ON CONFLICT (project_id, id) DO NOTHING
        RETURNING *
    ), days AS ({COUNTED})
    SELECT id FROM taken
"""  # noqa: S608 - names of our own columns


class SentExecution(Execution, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One use of a version as it is sent: of a resolution, or of a version with the unit it was for.

    `id` is the sender's own name of it; with one, and without a resolution, it says its time `at`, too.
    """

    id: UUID | None = None
    resolution_id: str | None = None
    version_id: UUID | None = None
    unit: str | None = None
    unit_hash: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """An execution read and placed. `pointer` is where it named its version."""

    id: UUID
    version_id: UUID
    resolution: UUID | None
    unit: int | None
    at: datetime
    sent: SentExecution
    pointer: str


@dataclass(frozen=True, slots=True)
class Window:
    """What is kept: from so many days ago until now."""

    now: datetime
    days: int

    def place(self, at: datetime | None) -> datetime:
        """When it happened, now where it is not said. AssayError for what is not kept."""
        at = time_of(at, now=self.now)
        if at < self.now - timedelta(days=self.days):
            raise single("too_old", "/at", f"What is older than {self.days} days is not kept.")
        return at


def record_executions(*, project_id: UUID, items: Sequence[Any]) -> list[Answer]:
    """For each item whether it is taken, and whether it counts for an experiment as things stand. Eight queries."""
    window = Window(timezone.now(), Project.objects.get(pk=project_id).days)
    answers: dict[int, Answer] = {}
    read: dict[int, Use] = {}
    for place, item in enumerate(items):
        try:
            read[place] = _use(convert_item(item, SentExecution), project_id, window)
        except AssayError as error:
            answers[place] = error
    prompts = _prompts(project_id, {use.version_id for use in read.values()})
    for place in [place for place, use in read.items() if use.version_id not in prompts]:
        answers[place] = single("not_found", read.pop(place).pointer, "There is no such version.", status=404)
    new, counted = _write(project_id, list(read.values()), prompts)
    for place, use in read.items():
        answers[place] = Taken(counted=use.id in counted, duplicate=use.id not in new)
        # A second item of the same batch with the same name is as much a duplicate as one of another batch.
        new.discard(use.id)
    return [answers[place] for place in range(len(items))]


def _use(item: SentExecution, project_id: UUID, window: Window) -> Use:
    check_execution(item)
    if (item.resolution_id is None) == (item.version_id is None):
        raise single("required", "/resolution_id", "Name the resolution that was used, or the version.")
    if item.resolution_id is not None:
        if item.unit is not None or item.unit_hash is not None:
            raise single("invalid_execution", "/unit", "A resolution knows its unit: name no other one.")
        resolved = token.read(item.resolution_id)
        at = window.place(item.at or milliseconds(resolved.milliseconds))
        version_id, pointer = UUID(resolved.version_id), "/resolution_id"
        unit = None if resolved.unit_hash is None else number_of(resolved.unit_hash)
        resolution = hash_of_resolution(item.resolution_id)
    else:
        if item.id is not None and item.at is None:
            raise single("required", "/at", "An execution with an id of its own says when it was: both make it known.")
        at = window.place(item.at)
        version_id, pointer, resolution = item.version_id or UUID(int=0), "/version_id", None
        named = item.unit is not None or item.unit_hash is not None
        unit = unit_of(project_id, item.unit, item.unit_hash) if named else None
    return Use(id_at(at, (item.id or uuid7()).bytes), version_id, resolution, unit, at, item, pointer)


def _prompts(project_id: UUID, versions: set[UUID]) -> dict[UUID, UUID]:
    """The prompt of each version of this project."""
    found = Version.objects.filter(project_id=project_id, pk__in=versions).values_list("pk", "prompt_id")
    return dict(found) if versions else {}


def _write(project_id: UUID, uses: list[Use], prompts: dict[UUID, UUID]) -> tuple[set[UUID], set[UUID]]:
    """Which of them are new, and which count for an experiment."""
    if not uses:
        return set(), set()
    keep_months(TABLE, {month_of(use.at) for use in uses})
    columns: dict[str, Any] = {name: [getattr(use.sent, name, None) for use in uses] for name in FIELDS}
    for name in ("id", "version_id", "resolution", "unit", "at"):
        columns[name] = [getattr(use, name) for use in uses]
    columns["prompt_id"] = [prompts[use.version_id] for use in uses]
    with transaction.atomic(), connection.cursor() as cursor:
        hold_days(cursor, project_id)
        cursor.execute(RECORD, columns | {"project": project_id})
        new = {id_ for (id_,) in cursor.fetchall()}
        counted = _measure(project_id, uses)
    return new, counted


def _measure(project_id: UUID, uses: list[Use]) -> set[UUID]:
    """What uses say of their units: an outcome each, once; which of the uses count for an experiment."""
    metrics = {metric.slug: metric for metric in Metric.objects.in_project(project_id)}
    said = [
        (use.id, Measured(id_at(use.at, use.id.bytes + slug.encode()), use.unit, metrics[slug], value, 1.0, use.at))
        for use in uses
        if use.unit is not None
        for slug, value in _values(use.sent).items()
        if slug in metrics
    ]
    _, exposed = measure(project_id=project_id, measured=[one for _, one in said])
    return {id_ for id_, one in said if counts(one, exposed)}


def _values(sent: SentExecution) -> dict[str, float]:
    """By the metric's slug. Whether it failed is known of each use."""
    values: dict[str, float | None] = {
        "error_rate": 0.0 if sent.error_type is None else 1.0,
        "response_time_ms": sent.response_time_ms,
        "cost_usd": None if sent.cost_usd is None else float(sent.cost_usd),
        **{name: getattr(sent, name) for name in QUALITY},
    }
    return {slug: value for slug, value in values.items() if value is not None}
