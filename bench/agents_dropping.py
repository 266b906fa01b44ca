"""This file lets you time how long it takes to drop a month of telemetry, and how long ingest has to wait for it."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from django.conf import settings
from django.db import connection

from agents.keep_telemetry import keep_telemetry
from agents.keep_telemetry_months import keep_telemetry_months
from agents.telemetry.rows import COLUMNS
from bench.agents_ceiling import rows_stored
from bench.agents_doors import Doors, Ground
from bench.agents_load import Sent, sending, sent_by
from bench.row import Row, within
from config.months import drop_months, first_id, month_of, next_month, partition

ASKED = 1.0
# The time after which the load has found its pace.
BEFORE = 1.5

# Steps and decisions of a month, spread over it, and a key for each eleven of them, as runs have.
FILL = (
    """
        INSERT INTO agents_step (id, project_id, run, step_id, step_type, name, seq, status, latency_ms)
        SELECT {id}, %(project)s, {id}, 's1', 'tool', 'tool.documents', 1, 'success', 50
        FROM generate_series(1, %(rows)s) AS row
    """,
    """
        INSERT INTO agents_decision (id, project_id, run, own_id, decision_type, selected, reason_code, confidence)
        SELECT {id}, %(project)s, {id}, 'd1', 'tool_selection', 'choice-1', 'fresh_data_required', 0.5
        FROM generate_series(1, %(rows)s) AS row
    """,
    """
        INSERT INTO agents_runkey (project_id, key, id)
        SELECT %(project)s, md5(row::text)::uuid, {id} FROM generate_series(1, %(rows)s * 2 / 11) AS row
    """,
)
ID = """
    (lpad(to_hex(%(first)s + row::bigint * 2000000000 / %(rows)s), 12, '0')
     || '7' || substr(md5(row::text), 1, 3) || '8' || substr(md5(row::text), 4, 15))::uuid
"""


def fill_month(project_id: UUID, now: datetime, rows: int) -> datetime:
    """Put so many rows into a month that is past keeping, half of them steps and half decisions; the month."""
    month = month_of(now - timedelta(days=settings.RETENTION_DAYS + 62))
    known: dict[str, UUID | int] = {"project": project_id, "rows": rows // 2, "first": first_id(month).int >> 80}
    keep_telemetry_months({month, month_of(now)})
    with connection.cursor() as cursor:
        for table in COLUMNS:
            # Nobody tidies up a month that has long been over; this one would be, having just been written.
            cursor.execute(f"ALTER TABLE {partition(table, month)} SET (autovacuum_enabled = off)")
        for wanted in FILL:
            cursor.execute(wanted.format(id=ID), known)
    return month


def rows_of_dropping(doors: Doors, ground: Ground, bodies: Sequence[bytes], month: datetime) -> Iterator[Row]:
    """Drop it while the bodies are sent; then let the daily work find what else there was of it."""
    stored = rows_stored(ground.project_id)
    with sending(doors.runs, ground.headers, bodies, doors.folder) as process:
        time.sleep(BEFORE)
        start = time.monotonic()
        for table in COLUMNS:
            drop_months(table, next_month(month))
        dropped = time.monotonic()
        keep_telemetry()
        end = time.monotonic()
        sent = sent_by(process)
    seconds = dropped - start
    what = f"dropping a month of {stored:,} rows under ingest"
    yield Row(what, f"≤ {ASKED:g} s", f"{seconds:.2f} s", within(ASKED, seconds))
    yield Row(f"  forgetting the keys of its {stored // 11:,} runs after that", "", f"{end - dropped:.2f} s")
    told = sent.refused or f"{_pause(sent, start, end):.2f} s"
    if sent.answered[-1] < end:
        told += f", none in the last {end - sent.answered[-1]:.1f} s"
    yield Row("  longest time without an acknowledged batch meanwhile", "", told)
    yield Row("  and before that", "", f"{_pause(sent, sent.began, start):.2f} s")


def _pause(sent: Sent, start: float, end: float) -> float:
    """The longest time between two answers that lies in [start, end] at least in part."""
    instants = pairwise([sent.began, *sent.answered])
    return max((later - earlier for earlier, later in instants if later > start and earlier < end), default=0.0)
