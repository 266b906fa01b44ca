"""This file lets you time how long it takes to drop a month of telemetry, and how long ingest has to wait for it."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from django.db import connection

from bench.agents_ceiling import TABLES
from bench.agents_doors import Doors, Ground
from bench.agents_load import Sent, sending, sent_by
from bench.row import Row, within
from config.months import drop_months, first_id, keep_months, month_of, next_month

ASKED = 1.0
# The time after which the load has found its pace.
BEFORE = 1.5
MONTHS_AGO = 4

# Steps and decisions of a month, spread over it.
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
)
ID = """
    (lpad(to_hex(%(first)s + row::bigint * 2000000000 / %(rows)s), 12, '0')
     || '7' || substr(md5(row::text), 1, 3) || '8' || substr(md5(row::text), 4, 15))::uuid
"""


def fill_month(project_id: UUID, now: datetime, rows: int) -> datetime:
    """Put so many rows into a month long ago, half of them steps and half decisions; the month."""
    month = month_of(now)
    for _ in range(MONTHS_AGO):
        month = month_of(month - timedelta(days=1))
    known: dict[str, UUID | int] = {"project": project_id, "rows": rows // 2, "first": first_id(month).int >> 80}
    for model in TABLES:
        keep_months(model._meta.db_table, {month, month_of(now)})
    with connection.cursor() as cursor:
        for wanted in FILL:
            cursor.execute(wanted.format(id=ID), known)
    return month


def rows_of_dropping(doors: Doors, ground: Ground, bodies: Sequence[bytes], month: datetime) -> Iterator[Row]:
    """Drop it while the bodies are sent."""
    stored = sum(model._default_manager.filter(project_id=ground.project_id).count() for model in TABLES)
    with sending(doors.runs, ground.headers, bodies, doors.folder) as process:
        time.sleep(BEFORE)
        start = time.monotonic()
        for model in TABLES:
            drop_months(model._meta.db_table, next_month(month))
        end = time.monotonic()
        sent = sent_by(process)
    seconds = end - start
    what = f"dropping a month of {stored:,} rows under ingest"
    yield Row(what, f"≤ {ASKED:g} s", f"{seconds:.2f} s", within(ASKED, seconds))
    told = sent.refused or ("the sender had ended" if sent.answered[-1] < end else f"{_pause(sent, start, end):.2f} s")
    yield Row("  longest time without an acknowledged batch meanwhile", "", told)
    calm = max(_pause(sent, sent.began, start), _pause(sent, end, sent.answered[-1]))
    yield Row("  and before and after that", "", f"{calm:.2f} s")


def _pause(sent: Sent, start: float, end: float) -> float:
    """The longest time between two answers that lies in [start, end] at least in part."""
    instants = pairwise([sent.began, *sent.answered])
    return max((later - earlier for earlier, later in instants if later > start and earlier < end), default=0.0)
