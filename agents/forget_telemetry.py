"""This file lets you delete what a project's telemetry holds from before a day."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from agents.forget_counts import forget_counts
from agents.telemetry.rows import COLUMNS
from config.months import EPOCH, first_id

# Runs that go in one transaction, with all that belongs to them: short enough that nobody waits for it.
SLICE = 500
_MILLISECOND = 80
NEXT = """
    SELECT id FROM agents_run WHERE project_id = %(project)s AND id >= %(start)s AND id < %(end)s
    ORDER BY id OFFSET %(slice)s LIMIT 1
"""
# Whoever writes to one of these groups holds its key. All take keys in their order.
HOLD = """
    SELECT FROM agents_runkey WHERE project_id = %(project)s AND id >= %(start)s AND id < %(end)s
    ORDER BY key FOR UPDATE
"""
DELETE = "DELETE FROM {} WHERE project_id = %(project)s AND id >= %(start)s AND id < %(end)s"


def forget_telemetry(*, project_id: UUID, before: datetime) -> int:
    """Delete all groups that were first heard to begin before this instant, and what counts them; how many runs.

    A few hundred runs in each transaction, so that nobody waits for it. `before` is the first instant of a day (UTC):
    what remains and what counts it then agree by the hour and by the day.
    """
    start, end, runs = first_id(EPOCH), first_id(before), 0
    while start < end:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(NEXT, {"project": project_id, "start": start, "end": end, "slice": SLICE})
            found = cursor.fetchone()
            # No group is cut in two: a slice ends between two milliseconds.
            until = end if found is None else max(_millisecond(found[0]), _millisecond(start, 1))
            named = {"project": project_id, "start": start, "end": until}
            cursor.execute(HOLD, named)
            for table in ("agents_runkey", *COLUMNS):
                cursor.execute(DELETE.format(table), named)
                runs += cursor.rowcount if table == "agents_run" else 0
        start = until
    forget_counts(before=before, project_id=project_id)
    return runs


def _millisecond(id_: UUID, later: int = 0) -> UUID:
    """The lowest id of its millisecond, or of one so many later."""
    return UUID(int=(id_.int >> _MILLISECOND) + later << _MILLISECOND)
