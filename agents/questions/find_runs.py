"""This file lets you find runs, the newest first, a page at a time, however many there are."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from agents.questions.locate_run import locate_run
from agents.questions.run_rows import COLUMNS, RunTold, group_of, read_rows, read_runs
from agents.questions.scope import Scope, WindowTold
from agents.telemetry.ids import group_range

# A question that no index answers looks at so many runs for a page, and then says where to go on.
LOOKED_AT = 50_000
# Steps that used a prompt's version, for a page of the runs that did.
STEPS_LOOKED_AT = 20_000
RUNS = f"""
    SELECT {", ".join(f"run.{name}" for name in COLUMNS)} FROM agents_run run
    WHERE run.project_id = %(project)s AND run.id >= %(low)s AND run.id < %(high)s
"""  # noqa: S608 - columns of our own
NEWEST = "ORDER BY run.id DESC LIMIT %(most)s"
LOOKED = f"ORDER BY run.id DESC OFFSET {LOOKED_AT - 1} LIMIT 1"
NAMED = "AND run.id = ANY(%(ids)s::uuid[])"
BY_VERSION = "AND run.version_id = %(version_id)s"
BY_STEP = f"{NAMED} AND run.version_id IS DISTINCT FROM %(version_id)s"
FAILED = f"""
    AND EXISTS (SELECT FROM agents_failure failure WHERE failure.project_id = run.project_id AND failure.run = run.id
                AND failure.failure_type = %(failure_type)s AND failure.id {group_of("run.id")})
"""
USES_VERSION = f"""
    AND (run.version_id = %(version_id)s OR EXISTS (
        SELECT FROM agents_step step WHERE step.project_id = run.project_id AND step.run = run.id
        AND step.version_id = %(version_id)s AND step.id {group_of("run.id")}
    ))
"""
STEPS = """
    SELECT run, id FROM agents_step
    WHERE project_id = %(project)s AND version_id = %(version_id)s AND id >= %(low)s AND id < %(high)s
    ORDER BY id DESC LIMIT %(looked_at)s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run must be to be found. `version_id`: the prompt version that it, or a step of it, used."""

    run_id: str | None = None
    status: str | None = None
    session_id: str | None = None
    trace_id: str | None = None
    parent_run_id: str | None = None
    version_id: UUID | None = None
    experiment_id: UUID | None = None
    failure_type: str | None = None


class RunsFound(msgspec.Struct):
    """A page of runs, the newest first by when they were first heard to begin. `next`: where the next page begins; null
    at the end. A page may hold fewer than were asked for, or none, and still have a next one: it was looked through so
    many runs, and the rest is not looked through yet."""

    window: WindowTold
    results: list[RunTold]
    next: UUID | None


def find_runs(*, scope: Scope, wanted: Wanted, before: UUID | None, size: int) -> RunsFound:
    """Up to `size` runs whose ids are below `before`. Two queries, each over a bounded part of the table; up to four
    where a run is named by `run_id`."""
    asked = scope.parameters | {name: getattr(wanted, name) for name in Wanted.__slots__} | {"most": size + 1}
    if before is not None:
        asked["high"] = min(before, asked["high"])
    conditions, streams, floor = _conditions(scope, wanted), [""], None
    if wanted.run_id is not None:
        asked["ids"] = [locate_run(project_id=scope.project_id, run_id=wanted.run_id)]
        streams = [NAMED]
        if wanted.version_id is not None:
            conditions += " " + USES_VERSION
    elif wanted.version_id is not None:
        asked["ids"], floor = _users_of_version(asked)
        streams = [BY_VERSION, BY_STEP]
    elif conditions and wanted.session_id is None and wanted.trace_id is None:
        floor = _floor(asked)
    found = _read(streams, conditions, asked | {"low": floor or asked["low"]})
    if len(found) > size:
        return RunsFound(scope.told, found[:size], found[size - 1].id)
    return RunsFound(scope.told, found, floor)


def _conditions(scope: Scope, wanted: Wanted) -> str:
    """What a run must be, in SQL, each with AND before it."""
    plain = ("status", "session_id", "trace_id", "parent_run_id", "experiment_id")
    conditions = [scope.narrowed("run.")]
    conditions += [f"AND run.{name} = %({name})s" for name in plain if getattr(wanted, name) is not None]
    if wanted.failure_type is not None:
        conditions.append(FAILED)
    return " ".join(condition for condition in conditions if condition)


def _read(streams: list[str], conditions: str, asked: dict[str, Any]) -> list[RunTold]:
    """The newest of each stream of runs, which have none in common."""
    read = [f"({RUNS} {stream} {conditions} {NEWEST})" for stream in streams]
    both = f"SELECT * FROM ({' UNION ALL '.join(read)}) run"  # noqa: S608 - columns of our own
    return read_runs(f"{both} ORDER BY id DESC LIMIT %(most)s", asked)


def _floor(asked: dict[str, Any]) -> UUID | None:
    """The lowest id among as many runs as are looked at for one page; None where fewer are left."""
    rows = read_rows(f"SELECT id FROM ({RUNS} {LOOKED}) run", asked)  # noqa: S608 - columns of our own
    return UUID(str(rows[0]["id"])) if rows else None


def _users_of_version(asked: dict[str, Any]) -> tuple[list[UUID], UUID | None]:
    """The newest runs with a step that used a prompt's version, and the id below which nobody has looked yet."""
    # Of a group that is partly told its steps are read again; of one that is told, not.
    high = group_range(UUID(int=max(asked["high"].int - 1, 0)))[1]
    steps = read_rows(STEPS, asked | {"high": high, "looked_at": STEPS_LOOKED_AT})
    runs = dict.fromkeys(step["run"] for step in steps)
    if len(steps) < STEPS_LOOKED_AT:
        return list(runs), None
    # Of the last group perhaps not every step was seen: it is looked at again, unless there is no other.
    low, high = group_range(steps[-1]["id"])
    if steps[0]["id"] <= high:
        return list(runs), low
    return [run for run in runs if run > high], high
