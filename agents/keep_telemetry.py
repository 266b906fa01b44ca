"""This file lets you have the months that telemetry is written to, and let go of what is past keeping."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.forget_counts import forget_counts
from agents.forget_telemetry import forget_telemetry
from agents.keep_telemetry_months import forget_months, keep_telemetry_months
from agents.telemetry.rows import COLUMNS
from config.months import drop_months, first_id, month_of, next_month
from sentinel.models import Project

# This month and the next two: a worker that stands still for weeks keeps nothing from being written.
AHEAD = 3
# Who holds one of these keys just now writes to it: it goes another day.
FORGET_KEYS = """
    DELETE FROM agents_runkey WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM agents_runkey WHERE id < %(before)s LIMIT 5000 FOR UPDATE SKIP LOCKED
    ))
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The partitions that were dropped; and by the project's slug how many runs were deleted of those that keep
    telemetry for less long than others."""

    dropped: list[str]
    deleted: dict[str, int]


def keep_telemetry() -> Kept:
    """Make the partitions of this month and the next two; drop those that ended before the longest retention of all
    projects; and delete what is past a shorter one, by whole days. Nobody waits for it. Not within a transaction.
    """
    now = timezone.now()
    month = month_of(now)
    for _ in range(AHEAD):
        # Asked anew each day: what another process dropped is not there.
        forget_months()
        keep_telemetry_months({month})
        month = next_month(month)
    days = Project.objects.all().days()
    longest = max(days.values(), default=settings.RETENTION_DAYS)
    dropped = _drop(now - timedelta(days=longest))
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    deleted = {
        project.slug: forget_telemetry(project_id=project.pk, before=today - timedelta(days=kept))
        for project, kept in days.items()
        if kept < longest
    }
    return Kept(dropped, {slug: runs for slug, runs in deleted.items() if runs})


def _drop(before: datetime) -> list[str]:
    """Drop the months that had ended by then: first the keys of what they hold, last what counts it."""
    month = month_of(before)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(FORGET_KEYS, {"before": first_id(month)})
            if not cursor.rowcount:
                break
        dropped = [name for table in COLUMNS for name in drop_months(table, before)]
    forget_counts(before=month)
    return dropped
