"""This file lets you tell calls that wait for their caller who it is."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from agents.find_agents import find_agents
from agents.telemetry.held import Held
from config.months import first_id, time_of_id

# Who is called begins when its caller has; clocks differ, by a day at most.
SKEW = timedelta(days=1)
# A row that somebody else is about to write finds its caller by itself, afterwards.
ANSWER = """
    UPDATE agents_call SET caller = waiting.agent_id
    FROM (
        SELECT call.id, parent.agent_id FROM unnest(%(runs)s::text[], %(agents)s::text[]) AS parent (run_id, agent_id)
        JOIN agents_call AS call ON call.project_id = %(project)s AND call.parent_run_id = parent.run_id
        WHERE call.caller IS DISTINCT FROM parent.agent_id AND call.id >= %(since)s
        FOR UPDATE OF call SKIP LOCKED
    ) AS waiting
    WHERE agents_call.project_id = %(project)s AND agents_call.id = waiting.id AND agents_call.id >= %(since)s
"""


def answer_calls(*, project_id: UUID, held: Iterable[Held]) -> None:
    """Tell the calls of these groups' runs, whoever made them, and those that these runs wait with.

    Call it when the groups are committed. Of a caller and a called run that are stored at the very same time, the one
    that is committed last then sees the other; and who was cut off before this sends the same again. One query, and
    one more where a run of these groups waits.
    """
    groups = list(held)
    agents = {run.run_id: run.agent_id for one in groups for run in one.now}
    if not agents:
        return
    called = {str(run.parent_run_id) for one in groups for run in one.now if run.parent_run_id is not None}
    agents |= find_agents(project_id=project_id, runs=called - agents.keys())
    since = first_id(time_of_id(min(one.id for one in groups)) - SKEW)
    with connection.cursor() as cursor:
        sent: dict[str, Any] = {
            "project": project_id,
            "runs": list(agents),
            "agents": list(agents.values()),
            "since": str(since),
        }
        cursor.execute(ANSWER, sent)
