"""This file lets you find whose runs these are."""

from collections.abc import Set
from uuid import UUID

from django.db import connection

from agents.telemetry.ids import key_of

# A run is known by what it is stored as, or by its own call.
FIND = """
    SELECT run.run_id, run.agent_id FROM agents_runkey AS held
    JOIN agents_run AS run ON run.project_id = held.project_id AND run.id = held.id
    WHERE held.project_id = %(project)s AND held.key = ANY(%(keys)s::uuid[])
    UNION
    SELECT run_id, callee FROM agents_call WHERE project_id = %(project)s AND run_id = ANY(%(runs)s::text[])
"""


def find_agents(*, project_id: UUID, runs: Set[str]) -> dict[str, str]:
    """The agents of the runs that their senders call so, as far as they are known. One query, none for no runs."""
    if not runs:
        return {}
    with connection.cursor() as cursor:
        keys = [key_of(run) for run in runs]
        cursor.execute(FIND, {"project": project_id, "keys": keys, "runs": list(runs)})
        return dict(cursor.fetchall())
