"""This file lets you have the months that executions are written to, and let go of what is past keeping."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.months import drop_months, first_id, keep_months, month_of, next_month
from experiments.record_executions import TABLE
from sentinel.models import Project

# So many go in one transaction: short enough that nobody waits for it.
SLICE = 5_000
FORGET = f"""
    DELETE FROM {TABLE} WHERE (project_id, id) IN (
        SELECT project_id, id FROM {TABLE} WHERE project_id = %s AND id < %s ORDER BY id LIMIT {SLICE}
    )
"""  # noqa: S608 - names of our own


def keep_execution_months() -> None:
    """Make this month and the next where they are not there yet, drop what ended before the longest retention of all
    projects, and delete what is past a shorter one. Days go on counting what is gone. Not within a transaction."""
    now = timezone.now()
    keep_months(TABLE, {month_of(now), next_month(month_of(now))})
    days = Project.objects.all().days()
    longest = max(days.values(), default=settings.RETENTION_DAYS)
    drop_months(TABLE, now - timedelta(days=longest))
    for project, kept in days.items():
        if kept < longest:
            _forget(project.pk, now - timedelta(days=kept))


def _forget(project_id: UUID, before: datetime) -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute(FORGET, [project_id, first_id(before)])
            if cursor.rowcount < SLICE:
                return
