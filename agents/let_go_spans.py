"""This file lets you drop spans that waited too long for their trace to be known."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from django.db import connection

from agents.count_drops import count_drops

PATIENCE = timedelta(hours=1)
# What somebody else lets go just now is left to them.
LET_GO = """
    DELETE FROM agents_waitingspan WHERE id = ANY(ARRAY(
        SELECT id FROM agents_waitingspan WHERE received_at < now() - %(seconds)s * interval '1 second'
        ORDER BY received_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING project_id
"""


def let_go_spans(*, most: int) -> int:
    """Drop and count `most` of those that have waited for an hour; how many. Two queries, and one for each project."""
    with connection.cursor() as cursor:
        cursor.execute(LET_GO, {"seconds": PATIENCE.total_seconds(), "most": most})
        gone: Counter[UUID] = Counter(project_id for (project_id,) in cursor.fetchall())
    for project_id, count in gone.items():
        count_drops(project_id=project_id, door="otlp", dropped={"plain_spans": count})
    return gone.total()
