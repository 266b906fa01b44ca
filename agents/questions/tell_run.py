"""This file lets you see all that is known of one run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from assay.core.errors import AssayError

from agents.questions.locate_run import locate_run
from agents.questions.run_rows import COLUMNS, Metadata, RunTold, read_rows, read_runs
from agents.telemetry.ids import group_range


class StepTold(msgspec.Struct, frozen=True):
    """A step, in milliseconds and counts of tokens; null where it was not told."""

    step_id: str
    parent_step_id: str | None
    step_type: str
    name: str | None
    seq: int
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    latency_ms: float | None
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
    model: str | None
    version_id: UUID | None
    experiment_id: UUID | None
    arm: int | None
    metadata: Metadata | None


class FailureTold(msgspec.Struct, frozen=True):
    """A failure, and the step where it was."""

    failure_type: str
    code: str
    step_id: str | None
    metadata: Metadata | None


class DecisionTold(msgspec.Struct, frozen=True):
    """A decision: what was selected of which candidates, for which reason; `confidence` in [0, 1]."""

    decision_type: str
    selected: str
    candidates: list[str] | None
    reason_code: str
    confidence: float | None
    step_id: str | None
    at: datetime | None
    metadata: Metadata | None


class SignalTold(msgspec.Struct, frozen=True):
    """A signal of quality; `weight` in [0, 1]."""

    signal_type: str
    signal_code: str
    value: bool
    weight: float | None
    step_id: str | None
    at: datetime | None
    metadata: Metadata | None


class CallerTold(msgspec.Struct, frozen=True):
    """The run that started this one. `id`, `agent_id` and `status` are null while nothing was heard of it."""

    run_id: str
    id: UUID | None
    agent_id: str | None
    status: str | None


class ChildTold(msgspec.Struct, frozen=True):
    """A run that this one started."""

    id: UUID
    run_id: str
    agent_id: str
    agent_version: str
    status: str
    started_at: datetime
    latency_ms: float | None


class RunDetails(msgspec.Struct, frozen=True):
    """A run and what belongs to it. Of each list this is one page; `totals` say how long they are, and `next_page`
    which page comes next, null at the end of all of them."""

    run: RunTold
    caller: CallerTold | None
    steps: list[StepTold]
    failures: list[FailureTold]
    decisions: list[DecisionTold]
    quality_signals: list[SignalTold]
    children: list[ChildTold]
    totals: dict[str, int]
    next_page: int | None


# By the name of the list: what it is of, its table, and its order.
PARTS: dict[str, tuple[type[Any], str, str]] = {
    "steps": (StepTold, "agents_step", "seq, step_id"),
    "failures": (FailureTold, "agents_failure", "own_id"),
    "decisions": (DecisionTold, "agents_decision", "at NULLS LAST, own_id"),
    "quality_signals": (SignalTold, "agents_qualitysignal", "at NULLS LAST, own_id"),
}
# All rows of a group lie in one range of the key.
PART = """
    SELECT {columns}, count(*) OVER () AS total FROM {table}
    WHERE project_id = %(project)s AND id BETWEEN %(low)s AND %(high)s AND run = %(run)s
    ORDER BY {order} LIMIT %(size)s OFFSET %(skipped)s
"""
RUN = f"SELECT {', '.join(COLUMNS)} FROM agents_run WHERE project_id = %(project)s AND id = %(run)s"  # noqa: S608
CHILDREN = f"""
    SELECT {", ".join(f"run.{name}" for name in ChildTold.__struct_fields__)}, count(*) OVER () AS total
    FROM agents_call call JOIN agents_run run ON run.project_id = call.project_id AND run.id = call.id
    WHERE call.project_id = %(project)s AND call.parent_run_id = %(run_id)s
    ORDER BY run.id LIMIT %(size)s OFFSET %(skipped)s
"""  # noqa: S608 - columns of our own


def tell_run(*, project_id: UUID, name: str, page: int, size: int) -> RunDetails:
    """The run whose id, or whose sender's own name, this is. Some ten queries, each by a key.

    Raises AssayError 404.
    """
    run = _by_id(project_id, _as_uuid(name)) or _by_id(project_id, locate_run(project_id=project_id, run_id=name))
    if run is None:
        raise AssayError("not_found", "There is no such run.", status=404)
    low, high = group_range(run.id)
    asked = {"project": project_id, "run": run.id, "run_id": run.run_id, "low": low, "high": high}
    asked |= {"size": size, "skipped": (page - 1) * size}
    lists: dict[str, list[Any]] = {}
    totals: dict[str, int] = {}
    for part, (type_, table, order) in PARTS.items():
        columns = ", ".join(type_.__struct_fields__).replace("candidates", "candidates::text[]")
        sql = PART.format(columns=columns, table=table, order=order)
        lists[part], totals[part] = _page(type_, sql, asked)
    lists["children"], totals["children"] = _page(ChildTold, CHILDREN, asked)
    return RunDetails(
        run=run,
        caller=_caller(project_id, run),
        **lists,
        totals=totals,
        next_page=page + 1 if max(totals.values()) > page * size else None,
    )


def _page(type_: type[Any], sql: str, asked: Mapping[str, Any]) -> tuple[list[Any], int]:
    """One page of a list, and how long all of it is."""
    rows = read_rows(sql, asked)
    if not rows and asked["skipped"]:
        # Past its end: the first row alone still knows how many there are.
        return [], _page(type_, sql, {**asked, "size": 1, "skipped": 0})[1]
    total = rows[0]["total"] if rows else 0
    return [type_(**{name: row[name] for name in type_.__struct_fields__}) for row in rows], total


def _caller(project_id: UUID, run: RunTold) -> CallerTold | None:
    if run.parent_run_id is None:
        return None
    found = _by_id(project_id, locate_run(project_id=project_id, run_id=run.parent_run_id))
    if found is None:
        return CallerTold(run.parent_run_id, None, None, None)
    return CallerTold(found.run_id, found.id, found.agent_id, found.status)


def _by_id(project_id: UUID, id_: UUID | None) -> RunTold | None:
    return None if id_ is None else next(iter(read_runs(RUN, {"project": project_id, "run": id_})), None)


def _as_uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
