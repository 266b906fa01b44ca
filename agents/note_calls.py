"""This file lets you note which run was called by which agent."""

from collections.abc import Sequence
from uuid import UUID

from agents.find_agents import find_agents
from agents.models import Call
from agents.telemetry.held import Held
from agents.telemetry.rows import Row, row_of_call
from agents.write_rows import write_rows


def note_calls(*, project_id: UUID, held: Sequence[Held]) -> None:
    """Write the calls of these groups' runs, as far as they differ. A caller is known where its run is stored, or among
    these; the others wait for `answer_calls`.

    No query where no run has a parent or had one, four at most.
    """
    ours = {run.run_id: run.agent_id for one in held for run in one.now}
    called = [(one, run) for one in held for run in one.now if run.parent_run_id is not None]
    before = _load(project_id, [one.id_of(run) for one in held for run in one.stored or () if run.parent_run_id])
    callers = ours | find_agents(
        project_id=project_id, runs={str(run.parent_run_id) for _, run in called} - ours.keys()
    )
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


def _load(project_id: UUID, ids: Sequence[UUID]) -> dict[str, Call]:
    """The calls of these runs, by their ids in hexadecimal."""
    if not ids:
        return {}
    found = Call.objects.filter(project_id=project_id, pk__in=ids)
    return {call.pk.hex: call for call in found if isinstance(call, Call)}


def _row(call: Call) -> Row:
    """As it stands, in the order of `row_of_call`."""
    return call.pk.hex, call.project_id.hex, None, call.run_id, call.parent_run_id, call.caller, call.callee
