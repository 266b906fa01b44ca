"""This file lets you write the rows of one table of telemetry, and take others away."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from agents.telemetry.rows import COLUMNS, Row, csv_of

_COPY = {
    table: rf"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\')"
    for table, columns in COLUMNS.items()
}
_DELETE = {
    table: f"DELETE FROM {table} WHERE project_id = %(project)s AND id = ANY(%(gone)s::uuid[])"  # noqa: S608 - our own
    for table in COLUMNS
}


def write_rows(*, project_id: UUID, table: str, gone: Sequence[str], new: Sequence[Row]) -> None:
    """Delete the rows of these ids, then COPY these rows: a query for each of the two that is not empty."""
    if not (gone or new):
        return
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if gone:
            cursor.execute(_DELETE[table], {"project": project_id, "gone": list(gone)})
        if new:
            with cursor.copy(_COPY[table]) as copy:
                copy.write(csv_of(new))
