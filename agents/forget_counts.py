"""This file lets you delete what rollups hold from before a day."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from agents.fold_counts import LOCKED, fold_counts

ROLLUPS = ("agents_runcount", "agents_decisioncount", "agents_signalcount")


def forget_counts(*, before: datetime, project_id: UUID | None = None) -> None:
    """Of this project, or of all. Call it when the runs that were counted are gone: what waits to be added is, first,
    so that nothing of them comes back."""
    fold_counts(project_id=project_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCKED)
        for table in ROLLUPS:
            cursor.execute(
                f"DELETE FROM {table} WHERE start < %(before)s AND project_id = COALESCE(%(of)s, project_id)",  # noqa: S608
                {"before": before, "of": project_id},
            )
