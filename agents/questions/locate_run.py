"""This file lets you find a run by the name that its sender gave it, wherever in time it lies."""

import re
from uuid import UUID

from assay.core.privacy import is_code

from agents.questions.run_rows import read_rows
from agents.telemetry.ids import group_range, key_of

TRACE_ID = re.compile(r"[0-9a-f]{32}")
# A run is a group of its own, or lies in that of its trace; a run that another one called is known by that call.
GROUPS = "SELECT id FROM agents_runkey WHERE project_id = %(project)s AND key = ANY(%(keys)s)"
BY_NAME = """
    SELECT id FROM agents_run WHERE project_id = %(project)s AND run_id = %(run_id)s AND id BETWEEN %(low)s AND %(high)s
"""
BY_CALL = "SELECT id FROM agents_call WHERE project_id = %(project)s AND run_id = %(run_id)s LIMIT 1"


def locate_run(*, project_id: UUID, run_id: str) -> UUID | None:
    """The id of the run that is called so; None where there is none. Two queries, one more for a run within a trace;
    none for what no run can be called."""
    if not is_code(run_id):
        return None
    keys = [key_of(run_id)]
    if trace := TRACE_ID.match(run_id):
        keys.append(key_of(trace.group()))
    asked = {"project": project_id, "run_id": run_id, "keys": keys}
    for group in read_rows(GROUPS, asked):
        low, high = group_range(group["id"])
        for found in read_rows(BY_NAME, asked | {"low": low, "high": high}):
            return _id(found)
    for found in read_rows(BY_CALL, asked):
        return _id(found)
    return None


def _id(row: dict[str, UUID]) -> UUID:
    return row["id"]
