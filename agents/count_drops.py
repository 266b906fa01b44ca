"""This file lets you count what was left out of telemetry on its way in."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection
from django.utils import timezone

COUNT = """
    INSERT INTO agents_dropcount (project_id, day, door, what, count)
    SELECT %(project)s, %(day)s, %(door)s, what, count
    FROM unnest(%(what)s::text[], %(count)s::bigint[]) AS dropped (what, count)
    ORDER BY what
    ON CONFLICT (project_id, day, door, what) DO UPDATE SET count = agents_dropcount.count + excluded.count
"""


def count_drops(*, project_id: UUID, door: str, dropped: Mapping[str, int]) -> None:
    """Add to today's counts (UTC): by a code of what was dropped, how often. One query, none where nothing was."""
    told = {what: count for what, count in dropped.items() if count}
    if not told:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "project": project_id,
                "day": timezone.now().date(),
                "door": door,
                "what": list(told),
                "count": list(told.values()),
            },
        )
