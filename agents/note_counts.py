"""This file lets you note what runs count for, in the transaction that stores them."""

from uuid import UUID

from django.db import connection

from agents.telemetry.count import COLUMNS, Counts, rows
from agents.telemetry.rows import csv_of

_COPY = rf"COPY agents_pendingcount (project_id, {', '.join(COLUMNS)}) FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\')"


def note_counts(*, project_id: UUID, counts: Counts) -> None:
    """One query. `fold_counts` adds it up; whoever reads rollups calls that first."""
    if noted := [(project_id, *row) for row in rows(counts)]:
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            copy.write(csv_of(noted))
