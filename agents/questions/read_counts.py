"""This file lets you read what runs, decisions or signals come to in a window: rollups for its whole hours, rows for
its edges."""

from typing import Any

from django.db import connection

from agents.questions.count_rows import Kind, count_rows
from agents.questions.scope import Scope

# Sums of these may be fractions; all the others are counts.
FRACTIONS = {"confidence", "latency_ms", "latency_sq", "tokens_sq", "steps_sq", "cost_usd", "cost_sq"}

# The newest rows lie beyond what the database's statistics know: it takes an hour of them for a single row, and would
# compare each with each.
HASHED = "SET LOCAL enable_nestloop = off"


def read_counts(kind: Kind, scope: Scope, by: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Each sum of the rollup by these of its columns, groups without anything left out. One query.

    Exact to the millisecond of the window; on hour boundaries no row of telemetry is touched.
    """
    parts = scope.window.parts
    parameters = scope.parameters
    columns = ", ".join((*by, *kind.sums))
    read = []
    for grain, spans in (("d", parts.days), ("h", parts.hours)):
        for place, (start, end) in enumerate(spans):
            parameters |= {f"{grain}{place}": start, f"{grain}{place}_end": end}
            read.append(
                f"SELECT {columns} FROM {kind.table} WHERE project_id = %(project)s AND grain = '{grain}' "  # noqa: S608
                f"AND start >= %({grain}{place})s AND start < %({grain}{place}_end)s {scope.narrowed()}"
            )
    if parts.edges:
        edges = count_rows(kind, parts.edges, scope.narrowed())
        read.append(f"SELECT {columns} FROM ({edges}) edge")  # noqa: S608
    if not read:
        return []
    return _rows(kind, by, " UNION ALL ".join(read), parameters)


def _rows(kind: Kind, by: tuple[str, ...], read: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    sums = ", ".join(f"sum({name}){'' if name in FRACTIONS else '::bigint'} AS {name}" for name in kind.sums)
    grouped = f"GROUP BY {', '.join(by)}" if by else ""
    columns = "".join(f"{name}, " for name in by)
    with connection.cursor() as cursor:
        # Two statements in one go, so that the first holds for the second alone.
        cursor.execute(f"{HASHED}; SELECT {columns} {sums} FROM ({read}) part {grouped}", parameters)  # noqa: S608
        cursor.nextset()
        names = (*by, *kind.sums)
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    # What was counted and taken back again stays as a row of zeros; without anything at all there is a row of nulls.
    return [row for row in rows if any(row[name] for name in kind.sums if name not in FRACTIONS)]
