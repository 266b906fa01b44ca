"""This file lets you time what it costs each row that the database itself refuses content."""

import time
from collections.abc import Iterator
from itertools import product
from uuid import UUID

from django.db import connection, transaction

from agents.models import Step
from bench.agents_ceiling import rows_of
from bench.row import Row

ROUNDS = 3
METADATA = {"without metadata": rb"\N", "with metadata of two keys": rb'{"region": "eu-1", "queue_ms": 12}'}
TABLE = Step._meta.db_table
WALLED, OPEN = "bench_walled", "bench_open"


def rows(project_id: UUID, most: int) -> Iterator[Row]:
    """COPY of steps into two tables that differ in the type of metadata alone, over one connection."""
    with connection.cursor() as cursor:
        for table in (WALLED, OPEN):
            cursor.execute(f"CREATE TABLE {table} (LIKE {TABLE} INCLUDING ALL)")
        cursor.execute(f"ALTER TABLE {OPEN} ALTER metadata TYPE jsonb")
    columns, lines = rows_of(TABLE, project_id)
    bare = [line.rpartition(b"\t")[0] for line in lines[:most]]
    if not columns.endswith("metadata"):
        raise LookupError("Metadata is no longer the last column.")
    for what, metadata in METADATA.items():
        held = b"".join(b"%s\t%s\n" % (line, metadata) for line in bare)
        taken: dict[str, list[float]] = {OPEN: [], WALLED: []}
        for _, table in product(range(ROUNDS), (OPEN, WALLED)):
            taken[table].append(_copy(table, columns, held))
        without, within = (1e6 * min(taken[table]) / len(bare) for table in (OPEN, WALLED))
        yield Row(f"the wall in the database, a row {what}", "", f"{within - without:.1f} of {within:.1f} µs a row")


@transaction.atomic
def _copy(table: str, columns: str, held: bytes) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table}")
        start = time.perf_counter()
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(held)
        return time.perf_counter() - start
