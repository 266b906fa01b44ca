"""This file lets you read by which runs others were called, all the way up."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

MOST = 100_000
# UNION keeps each call once: what should not be there, a circle, ends.
ABOVE = """
    WITH RECURSIVE above AS (
        SELECT run_id, parent_run_id FROM agents_call
        WHERE project_id = %(project)s AND run_id = ANY(%(runs)s::text[])
        UNION
        SELECT call.run_id, call.parent_run_id FROM above
        JOIN agents_call AS call ON call.project_id = %(project)s AND call.run_id = above.parent_run_id
    )
    SELECT run_id, parent_run_id FROM above LIMIT %(most)s
"""


def read_ancestors(*, project_id: UUID, runs: Collection[str]) -> dict[str, str]:
    """The parent of each of these runs and of all above them, as far as one is stored. One query, none for no runs."""
    if not runs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, {"project": project_id, "runs": list(runs), "most": MOST})
        return dict(cursor.fetchall())
