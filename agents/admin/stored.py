"""This file lets one see what is kept of telemetry, and what was left out on its way in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth

from agents.fold_counts import fold_counts
from agents.models import DropCount, Run, RunCount
from agents.otlp.aliases import NAMES
from config.months import time_of_id
from config.templatetags.assay import spoken

DROPS_GO_BACK = timedelta(days=30)
TABLES = (
    "agents_run",
    "agents_step",
    "agents_failure",
    "agents_decision",
    "agents_qualitysignal",
    "agents_call",
)
SAID = NAMES | {
    "decisions": "decisions, which this project does not keep",
    "quality_signals": "quality signals, which this project does not keep",
    "names_content": "metadata under a key that names content",
    "not_a_code": "texts that are no codes",
    "not_a_number": "texts under a key that begins with a word for content",
    "not_primitive": "lists and objects in metadata",
    "not_of_its_type": "reasons and signal codes of another type",
    "time_out_of_range": "times before what is kept, or more than a day ahead",
    "out_of_range": "numbers out of their range",
    "required": "parts without a field that they need",
    "not_found": "versions or experiments that this project does not have",
    "unknown_step": "parts that name a step which their run does not have",
    "unknown_field": "parts with a field that there is not",
    "run_conflict": "other content for a run that is finished",
    "invalid_json": "bodies and lines that are no JSON",
    "invalid_id": "spans without a valid id",
    "invalid_time": "times without a day, an hour or a zone",
    "invalid_resolution_id": "resolutions that Assay did not make",
    "wrong_type": "values of another type than their field",
    "unknown_code": "codes of no closed list",
    "not_hexadecimal": "ids of traces and spans that are not hexadecimal, or zero",
    "ended_before_started": "what ended before it started",
    "parent_cycle": "parents that lead back to themselves",
    "duplicate_id": "second parts with an id that is taken",
    "too_many_candidates": "decisions with more than 50 candidates",
    "too_many_keys": "metadata with more than 50 keys",
    "too_many_steps": "runs of more than 10,000 steps",
    "too_many_values": "runs of more than 300,000 values",
    "too_many_spans": "spans of traces that have more than 10,000",
    "too_many_sent": "spans after the first 50,000 of a request",
}
DOORS = {"api": "as JSON", "otlp": "by OpenTelemetry"}
# The rows are an estimate by which the database plans; a new table that nobody has looked at yet has none.
PARTITIONS = """
    SELECT right(child.relname, 7) AS month, NULLIF(sum(greatest(child.reltuples, 0)), 0)::bigint AS rows,
           sum(pg_total_relation_size(child.oid))::bigint AS bytes
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
    WHERE parent.relname = ANY(%s) GROUP BY 1 ORDER BY 1 DESC
"""


@dataclass(frozen=True, slots=True)
class Month:
    """What a project's runs of a month hold."""

    month: date
    runs: int
    steps: int
    decisions: int
    signals: int


@dataclass(frozen=True, slots=True)
class Partitions:
    """All projects' rows of a month, about so many (None: not estimated yet), and what they take on disk."""

    month: str
    rows: int | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Drop:
    """What was left out of what came in by a door, in words; `last`: the last day that it happened."""

    what: str
    door: str
    count: int
    last: date
    share: int


def months_of(project_id: UUID, oldest: datetime | None) -> list[Month]:
    """The newest first, from the month of the oldest run on. Two queries, once everything is folded."""
    if oldest is None:
        return []
    fold_counts(project_id=project_id)
    days: QuerySet[Any] = RunCount.objects.filter(
        project_id=project_id, grain="d", start__gte=oldest.replace(hour=0, minute=0, second=0, microsecond=0)
    )
    names = ("runs", "steps", "decisions", "signals")
    rows = (
        days.annotate(month=TruncMonth("start"))
        .values("month")
        .annotate(**{f"sum_{name}": Sum(name) for name in names})
        .order_by("-month")
    )
    return [
        Month(row["month"].date(), **{name: row[f"sum_{name}"] for name in names})
        for row in rows
        if row["sum_runs"] > 0
    ]


def oldest_of(project_id: UUID) -> datetime | None:
    """When the oldest run that is kept began. One query, of the key's end."""
    runs: QuerySet[Any] = Run.objects.in_project(project_id)
    first = runs.order_by("id").values_list("id", flat=True).first()
    return None if first is None else time_of_id(first)


def partitions() -> list[Partitions]:
    """The months of all tables of telemetry, the newest first. One query of the catalog."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [list(TABLES)])
        return [Partitions(month.replace("_", "-"), rows, size) for month, rows, size in cursor.fetchall()]


def drops_of(project_id: UUID, today: date) -> list[Drop]:
    """What was left out in the last 30 days, the most frequent first. One query."""
    lately: QuerySet[Any] = DropCount.objects.filter(project_id=project_id, day__gt=today - DROPS_GO_BACK)
    found: dict[tuple[str, str], tuple[int, date]] = {}
    for door, what, day, count in lately.values_list("door", "what", "day", "count"):
        total, last = found.get((door, what), (0, day))
        found[door, what] = total + count, max(last, day)
    most = max((total for total, _ in found.values()), default=1)
    drops = [
        Drop(SAID.get(what, spoken(what)), DOORS.get(door, door), total, last, round(100 * total / most))
        for (door, what), (total, last) in found.items()
    ]
    return sorted(drops, key=lambda it: (-it.count, it.what))
