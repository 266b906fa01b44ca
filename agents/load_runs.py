"""This file lets you load groups of runs as they are stored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from agents.telemetry.facts import Run
from agents.telemetry.ids import group_range
from agents.telemetry.rows import COLUMNS, OF_RUNS, runs_of


def _load(table: str) -> str:
    # Django has psycopg leave JSON as text, and an array of a domain is one that psycopg does not know.
    cast = {"candidates": "::text[]"}
    columns = ", ".join(f"t.{name}{cast.get(name, '')}" for name in COLUMNS[table] if name != "project_id")
    return f"""
        SELECT {columns} FROM unnest(%(low)s::uuid[], %(high)s::uuid[]) AS held (low, high)
        JOIN {table} t ON t.project_id = %(project)s AND t.id BETWEEN held.low AND held.high
    """  # noqa: S608 - names of our own


_LOAD = {table: _load(table) for table in OF_RUNS}


def load_runs(*, project_id: UUID, ids: Sequence[UUID]) -> Mapping[str, Sequence[tuple[UUID, Run]]]:
    """By the first 16 hexadecimal digits of these ids: all runs whose ids begin so, with what belongs to them.

    Two groups may begin alike. A query for each table of telemetry.
    """
    ranges = {group_range(id_) for id_ in ids}
    held: dict[str, Any] = {
        "project": project_id,
        "low": [low for low, _ in ranges],
        "high": [high for _, high in ranges],
    }
    found: dict[str, list[tuple[Any, ...]]] = {}
    with connection.cursor() as cursor:
        for table, load in _LOAD.items():
            cursor.execute(load, held)
            found[table] = cursor.fetchall()
    groups: dict[str, list[tuple[UUID, Run]]] = defaultdict(list)
    for id_, run in runs_of(found).items():
        groups[id_.hex[:16]].append((id_, run))
    return groups
