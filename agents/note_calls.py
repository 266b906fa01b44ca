"""This file lets you note which run was called by which agent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from agents.models import Call
from agents.telemetry.held import Held
from agents.telemetry.ids import key_of
from agents.telemetry.rows import Row, row_of_call
from agents.write_rows import write_rows
from config.months import first_id, time_of_id

# A parent is known by a run of its own, or by its own call.
FIND = """
    SELECT run.run_id, run.agent_id FROM agents_runkey AS held
    JOIN agents_run AS run ON run.project_id = held.project_id AND run.id = held.id
    WHERE held.project_id = %(project)s AND held.key = ANY(%(keys)s::uuid[])
    UNION
    SELECT run_id, callee FROM agents_call WHERE project_id = %(project)s AND run_id = ANY(%(runs)s::text[])
"""
# Whose row somebody else is about to write: they find their caller by themselves, or it is tidied up later.
ANSWER = """
    UPDATE agents_call SET caller = waiting.agent_id
    FROM (
        SELECT call.id, parent.agent_id FROM unnest(%(runs)s::text[], %(agents)s::text[]) AS parent (run_id, agent_id)
        JOIN agents_call AS call ON call.project_id = %(project)s AND call.parent_run_id = parent.run_id
        WHERE call.caller IS DISTINCT FROM parent.agent_id AND call.id >= %(since)s
        FOR UPDATE OF call SKIP LOCKED
    ) AS waiting
    WHERE agents_call.project_id = %(project)s AND agents_call.id = waiting.id
"""


def note_calls(*, project_id: UUID, held: Sequence[Held]) -> None:
    """Write the calls of these groups' runs, as far as they differ; and tell those that wait for one of these runs.

    One query where no run has a parent or had one, five at most.
    """
    ours = {run.run_id: run.agent_id for one in held for run in one.now}
    called = [(one, run) for one in held for run in one.now if run.parent_run_id is not None]
    before = _load(project_id, [one.id_of(run) for one in held for run in one.stored or () if run.parent_run_id])
    callers = _find(project_id, {str(run.parent_run_id) for _, run in called} - ours.keys()) | ours
    after: dict[str, Row] = {}
    for one, run in called:
        id_, parent = one.id_of(run).hex, str(run.parent_run_id)
        known = before.get(id_)
        # A caller that is known is not forgotten.
        earlier = known.caller if known is not None and known.parent_run_id == parent else None
        after[id_] = row_of_call(id_, one.project, run, callers.get(parent, earlier))
    rows = {id_: _row(known) for id_, known in before.items()}
    write_rows(
        project_id=project_id,
        table="agents_call",
        gone=[id_ for id_, row in rows.items() if after.get(id_) != row],
        new=[row for id_, row in after.items() if rows.get(id_) != row],
    )
    _answer(project_id, held)


def _load(project_id: UUID, ids: Sequence[UUID]) -> dict[str, Call]:
    """The calls of these runs, by their ids in hexadecimal."""
    if not ids:
        return {}
    found = Call.objects.filter(project_id=project_id, pk__in=ids)
    return {call.pk.hex: call for call in found if isinstance(call, Call)}


def _row(call: Call) -> Row:
    """As it stands, in the order of `row_of_call`."""
    return call.pk.hex, call.project_id.hex, None, call.run_id, call.parent_run_id, call.caller, call.callee


def _find(project_id: UUID, parents: set[str]) -> dict[str, str]:
    """The agents of these runs, as far as they are known."""
    if not parents:
        return {}
    with connection.cursor() as cursor:
        keys = [key_of(parent) for parent in parents]
        cursor.execute(FIND, {"project": project_id, "keys": keys, "runs": list(parents)})
        return dict(cursor.fetchall())


def _answer(project_id: UUID, held: Sequence[Held]) -> None:
    """Tell the calls that wait for a run which is new, or whose agent is another one now."""
    told: dict[str, str] = {}
    for one in held:
        known = {run.run_id: run.agent_id for run in one.stored or ()}
        told |= {run.run_id: run.agent_id for run in one.now if known.get(run.run_id) != run.agent_id}
    if not told:
        return
    # Who is called begins when its caller has; clocks differ, by a day at most.
    since = first_id(time_of_id(min(one.id for one in held)) - timedelta(days=1))
    with connection.cursor() as cursor:
        sent: dict[str, Any] = {
            "project": project_id,
            "runs": list(told),
            "agents": list(told.values()),
            "since": since,
        }
        cursor.execute(ANSWER, sent)
