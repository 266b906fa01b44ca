"""This file lets you time what the machine could do at best: COPY of the same rows, and nothing else."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from agents.models import Decision, Failure, QualitySignal, Run, Step

WRITERS = 2
TABLES: tuple[type[Model], ...] = (Run, Step, Failure, Decision, QualitySignal)
# The types beneath: of a list of codes a text, as of everything that is checked.
PLAIN = """
    SELECT string_agg(format('%%I %%s', attname, CASE WHEN held.typtype IN ('d', 'e') OR held.typcategory = 'A'
                                                     THEN 'text' ELSE format_type(held.oid, NULL) END),
                      ', ' ORDER BY attnum)
    FROM pg_attribute JOIN pg_type AS held ON held.oid = atttypid
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""

# A batch: of each table that it has rows of, these as COPY takes them.
Batch = dict[str, bytes]


def rows_stored(project_id: UUID) -> int:
    """Rows that are stored of a project's runs, with all that belongs to them."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT count(*) FROM {model._meta.db_table} WHERE project_id = %(of)s" for model in TABLES
            ),
            {"of": project_id},
        )
        return sum(number for (number,) in cursor.fetchall())


def make_tables() -> None:
    """Beside each table one with its columns, checks and indexes, and one with its columns alone; neither has
    partitions, and nobody looks after them while something else is timed."""
    with connection.cursor() as cursor:
        for model in TABLES:
            table = model._meta.db_table
            cursor.execute(f"CREATE TABLE IF NOT EXISTS bench_keyed_{table} (LIKE {table} INCLUDING ALL)")
            cursor.execute(PLAIN, [table])
            (columns,) = cursor.fetchone()
            cursor.execute(f"CREATE TABLE IF NOT EXISTS bench_plain_{table} ({columns})")
            for kind in ("keyed", "plain"):
                cursor.execute(f"ALTER TABLE bench_{kind}_{table} SET (autovacuum_enabled = false)")


def batches_of(project_id: UUID, number: int) -> list[Batch]:
    """The rows of a project as they lie in its tables, in so many batches."""
    batches: list[Batch] = [{} for _ in range(number)]
    for model in TABLES:
        table = model._meta.db_table
        _, lines = rows_of(table, project_id)
        for place, batch in enumerate(batches):
            first, last = place * len(lines) // number, (place + 1) * len(lines) // number
            if first < last:
                batch[table] = b"".join(lines[first:last])
    return batches


def rows_of(table: str, project_id: UUID) -> tuple[str, list[bytes]]:
    """The table's columns, and the rows of a project in it as COPY takes them."""
    columns = _columns(table)
    wanted = f"COPY (SELECT {columns} FROM {table} WHERE project_id = '{project_id}') TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(wanted) as copy:
        return columns, b"".join(bytes(block) for block in copy).splitlines(keepends=True)


def _columns(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        (columns,) = cursor.fetchone()
    return str(columns)


def seconds_to_copy(batches: Sequence[Batch], kind: str) -> float:
    """COPY each batch in a transaction of its own, over two connections, into the tables of this kind, which are empty
    before and after: what they hold is no burden to what is timed next."""
    columns = {model._meta.db_table: _columns(model._meta.db_table) for model in TABLES}
    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        shares = [batches[first::WRITERS] for first in range(WRITERS)]
        list(pool.map(lambda share: _copy(share, kind, columns), shares))
    seconds = time.perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(f'bench_{kind}_{table}' for table in columns)}")
    return seconds


def _copy(batches: Sequence[Batch], kind: str, columns: dict[str, str]) -> None:
    try:
        for batch in batches:
            with transaction.atomic(), connection.cursor() as cursor:
                for table, rows in batch.items():
                    _write(cursor, f"bench_{kind}_{table} ({columns[table]})", rows)
    finally:
        connection.close()


def _write(cursor: Any, into: str, rows: bytes) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        copy.write(rows)
