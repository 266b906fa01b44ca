"""This file lets you have a month of a busy project: ten million decisions, consistent with their rollups."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from assay.core.codes import FAILURE_TYPES, REASONS, SIGNALS
from django.db import connection, transaction

from agents.questions.count_rows import KINDS, PLACE, Kind, count_rows
from agents.questions.read_counts import HASHED
from agents.questions.window import EPOCH, HOUR, MILLISECOND, Window
from agents.telemetry.count import DECISION_SUMS, RUN_SUMS, SIGNAL_SUMS
from config.months import keep_months, month_of

TABLES = ("run", "step", "failure", "decision", "qualitysignal", "call")
# In each hour so many runs, each with four decisions and two signals: over 30 days 10,002,240 decisions.
RUNS_AN_HOUR = 3473
DECISIONS, SIGNALS_EACH = 4, 2
AGENTS, VERSIONS = 8, 3

# The ids of a run's rows begin alike, as `agents.telemetry.ids` makes them; `own` keeps them apart.
ID = "(to_hex(%(first)s + k * %(step)s) || '7abc8{kind}' || lpad(to_hex(k * 16 + {own}), 14, '0'))"
UUID_OF = f"lpad({ID}, 32, '0')::uuid"
ROWS = "FROM generate_series(0, %(runs)s - 1) AS k"
AGENT = f"'agent-' || k %% {AGENTS}"
RUN = f"""
    INSERT INTO agents_run (id, project_id, run_id, agent_id, agent_version, environment, status, started_at, ended_at,
                            latency_ms, tokens_in, tokens_out, cost_usd, loop_length, loop_repeats)
    SELECT {UUID_OF.format(kind=0, own=0)}, %(project)s, 'run-' || %(first)s + k, {AGENT},
           (ARRAY['1.0', '1.1', '2.0'])[1 + (k / {AGENTS}) %% {VERSIONS}],
           CASE WHEN k %% 5 = 0 THEN 'staging' ELSE 'production' END,
           (CASE WHEN random() < 0.9 THEN 'success' WHEN random() < 0.7 THEN 'failure' ELSE 'partial' END)
               ::agents_run_status,
           at, at + interval '2 seconds', 300 * exp(random() * 3), 200 + k %% 900, 50 + k %% 300, 0.001 * random(),
           CASE WHEN k %% 1000 = 7 THEN 1 END, CASE WHEN k %% 1000 = 7 THEN 9 END
    {ROWS}, LATERAL (SELECT to_timestamp((%(first)s + k * %(step)s) / 1000.0) AS at) began
"""
STEP = f"""
    INSERT INTO agents_step (id, project_id, run, step_id, step_type, name, seq, status)
    SELECT {UUID_OF.format(kind=1, own="seq")}, %(project)s, {UUID_OF.format(kind=0, own=0)}, seq::text,
           'tool', 'search', seq, 'success'
    {ROWS}, generate_series(0, 8) AS seq WHERE k %% 1000 = 7
"""
FAILURE = f"""
    INSERT INTO agents_failure (id, project_id, run, own_id, failure_type, code)
    SELECT {UUID_OF.format(kind=2, own=0)}, %(project)s, {UUID_OF.format(kind=0, own=0)}, 'broke',
           (%(failure_types)s::text[])[1 + k %% {len(FAILURE_TYPES)}]::agents_failure_type, 'broke'
    {ROWS} WHERE random() < 0.15
"""
DECISION = f"""
    INSERT INTO agents_decision (id, project_id, run, own_id, decision_type, selected, reason_code, confidence)
    SELECT {UUID_OF.format(kind=3, own="place")}, %(project)s, {UUID_OF.format(kind=0, own=0)}, 'd' || place,
           (%(decision_types)s::text[])[pair]::agents_decision_type, 'this',
           (%(reasons)s::text[])[pair]::agents_reason_code, random()
    {ROWS}, generate_series(0, {DECISIONS - 1}) AS place,
    LATERAL (SELECT 1 + (k + 7 * place) %% %(pairs)s AS pair) chosen
"""
SIGNAL = f"""
    INSERT INTO agents_qualitysignal (id, project_id, run, own_id, signal_type, signal_code, value)
    SELECT {UUID_OF.format(kind=4, own="place")}, %(project)s, {UUID_OF.format(kind=0, own=0)}, 's' || place,
           (%(signal_types)s::text[])[pair]::agents_signal_type, (%(codes)s::text[])[pair]::agents_signal_code,
           random() < 0.7
    {ROWS}, generate_series(0, {SIGNALS_EACH - 1}) AS place,
    LATERAL (SELECT 1 + (k + 11 * place) %% %(signal_pairs)s AS pair) chosen
"""
CALL = f"""
    INSERT INTO agents_call (id, project_id, run_id, parent_run_id, caller, callee)
    SELECT {UUID_OF.format(kind=0, own=0)}, %(project)s, 'run-' || %(first)s + k, 'run-' || %(first)s + k - 1,
           'agent-' || (k + {AGENTS - 1}) %% {AGENTS}, {AGENT}
    {ROWS} WHERE k %% 10 = 9
"""
# In the order in which `agents.fold_counts` adds them.
HOURS = """
    INSERT INTO {table} (project_id, grain, start, {keys}, {sums}{others})
    SELECT %(project)s, 'h', %(start)s, {keys}, {sums}{zeros} FROM ({counted}) counted ORDER BY {keys}
"""
DAYS = """
    INSERT INTO {table} (project_id, grain, start, {keys}, {sums}{others})
    SELECT project_id, 'd', date_trunc('day', start, 'UTC') AS day, {keys}, {added}{zeros}
    FROM {table} WHERE project_id = %(project)s AND grain = 'h' GROUP BY project_id, day, {keys} ORDER BY day, {keys}
"""
ALL_SUMS = {"agents_runcount": RUN_SUMS, "agents_decisioncount": DECISION_SUMS, "agents_signalcount": SIGNAL_SUMS}
_PAIRS = [(type_, code) for type_, codes in REASONS.items() for code in codes]
_CODES = [(type_, code) for type_, codes in SIGNALS.items() for code in codes]
_LISTS = {
    "failure_types": list(FAILURE_TYPES),
    "decision_types": [type_ for type_, _ in _PAIRS],
    "reasons": [reason for _, reason in _PAIRS],
    "pairs": len(_PAIRS),
    "signal_types": [type_ for type_, _ in _CODES],
    "codes": [code for _, code in _CODES],
    "signal_pairs": len(_CODES),
}


def make_many(project_id: UUID, window: Window, runs_an_hour: int = RUNS_AN_HOUR) -> float:
    """Fill every hour of the window, and count it; the seconds that took."""
    begun = time.perf_counter()
    hours = [window.start + place * HOUR for place in range((window.end - window.start) // HOUR)]
    for table in TABLES:
        keep_months(f"agents_{table}", {month_of(hour) for hour in (*hours, window.end)})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda half: _fill(project_id, half, runs_an_hour), (hours[0::2], hours[1::2])))
    with connection.cursor() as cursor:
        for kind in KINDS:
            cursor.execute(DAYS.format(table=kind.table, **_columns(kind)), {"project": project_id})
        for table in (*(f"agents_{table}" for table in TABLES), *(kind.table for kind in KINDS)):
            # As the database itself would have done it by and by.
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    return time.perf_counter() - begun


def forget_many() -> None:
    """Leave nothing of it."""
    with connection.cursor() as cursor:
        tables = [*(f"agents_{table}" for table in TABLES), *(kind.table for kind in KINDS)]
        cursor.execute(f"TRUNCATE {', '.join(tables)}")


def _columns(kind: Kind) -> dict[str, str]:
    """What is counted of a kind, and the sums that no question reads, as zeros."""
    others = [name for name in ALL_SUMS[kind.table] if name not in kind.sums]
    return {
        "keys": ", ".join((*PLACE, *kind.keys)),
        "sums": ", ".join(kind.sums),
        "added": ", ".join(f"sum({name})" for name in kind.sums),
        "others": "".join(f", {name}" for name in others),
        "zeros": ", 0" * len(others),
    }


def _fill(project_id: UUID, hours: Sequence[datetime], runs: int) -> None:
    try:
        for hour in hours:
            with transaction.atomic(), connection.cursor() as cursor:
                # Nothing is known of these tables yet, as it is of the newest rows of any.
                cursor.execute(HASHED)
                asked = {"project": project_id, "first": (hour - EPOCH) // MILLISECOND, "start": hour, "runs": runs}
                asked |= {"step": HOUR // MILLISECOND // runs, **_LISTS}
                for sql in (RUN, STEP, FAILURE, DECISION, SIGNAL, CALL):
                    cursor.execute(sql, asked)
                for kind in KINDS:
                    counted = count_rows(kind, ((hour, hour + HOUR),))
                    cursor.execute(HOURS.format(table=kind.table, **_columns(kind), counted=counted), asked)
    finally:
        connection.close()
