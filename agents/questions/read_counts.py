"""This file lets you read what runs, decisions or signals come to in a window: rollups for its whole hours, rows for
its edges."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from agents.fold_counts import fold_counts
from agents.questions.count_rows import Kind, count_rows
from agents.questions.scope import Scope

# Sums of these may be fractions; all the others are counts.
FRACTIONS = {"confidence", "latency_ms", "latency_sq", "tokens_sq", "steps_sq", "cost_usd", "cost_sq"}

# The newest rows lie beyond what the database's statistics know: it takes an hour of them for a single row, and would
# compare each with each.
HASHED = "SET LOCAL enable_nestloop = off"


def read_counts(kind: Kind, scope: Scope, by: tuple[str, ...] = (), sums: Sequence[str] = ()) -> list[dict[str, Any]]:
    """These sums of the rollup (all of them where none is named) by these of its columns, without groups of nothing.
    Two queries, once everything is folded.

    Exact to the millisecond of the window; on hour boundaries no row of telemetry is touched.
    """
    fold_counts(project_id=scope.project_id)
    parts, parameters = scope.window.parts, scope.parameters
    sums = sums or tuple(kind.sums)
    read = []
    spans = [*(("d", "", span) for span in parts.days), *(("h", "", span) for span in parts.hours)]
    spans += [("h", "-", span) for span in parts.less]
    for place, (grain, sign, (start, end)) in enumerate(spans):
        parameters |= {f"start{place}": start, f"end{place}": end}
        read.append(
            f"SELECT {_columns(by, sums, sign)} FROM {kind.table} WHERE project_id = %(project)s "  # noqa: S608
            f"AND grain = '{grain}' AND start >= %(start{place})s AND start < %(end{place})s {scope.narrowed()}"
        )
    if parts.edges:
        edges = count_rows(kind, parts.edges, scope.narrowed(), sums)
        read.append(f"SELECT {_columns(by, sums)} FROM ({edges}) edge")  # noqa: S608
    return _rows(by, sums, " UNION ALL ".join(read), parameters) if read else []


def _columns(by: Sequence[str], sums: Sequence[str], sign: str = "") -> str:
    return ", ".join((*by, *(f"{sign}{name} AS {name}" for name in sums)))


def _rows(by: Sequence[str], sums: Sequence[str], read: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    added = [f"sum({name}){'' if name in FRACTIONS else '::bigint'} AS {name}" for name in sums]
    grouped = f"GROUP BY {', '.join(by)}" if by else ""
    with connection.cursor() as cursor:
        # Two statements in one go, so that the first holds for the second alone.
        cursor.execute(f"{HASHED}; SELECT {', '.join((*by, *added))} FROM ({read}) part {grouped}", parameters)  # noqa: S608
        cursor.nextset()
        rows = [dict(zip((*by, *sums), row, strict=True)) for row in cursor.fetchall()]
    # What was counted and taken back again stays as a row of zeros; without anything at all there is a row of nulls.
    return [row for row in rows if any(row[name] for name in sums if name not in FRACTIONS)]
