"""This file lets you bring the rollups of telemetry up to date with everything that is stored."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from agents.telemetry.count import DECISION, DECISION_SUMS, PLACE, RUN_SUMS, SIGNAL, SIGNAL_SUMS

# So that no transaction grows without end.
MOST_AT_ONCE = 5_000
# Any number will do, if it is nobody else's: what is held is the right to write to the rollups.
LOCK = 0x636F756E74
LOCKED = f"SELECT pg_advisory_xact_lock({LOCK})"
_OURS = "FROM agents_pendingcount WHERE project_id = COALESCE(%(project)s, project_id)"
_ANY = f"SELECT EXISTS (SELECT {_OURS})"
_TRY = f"SELECT pg_try_advisory_xact_lock({LOCK})"


def _add(table: str, keys: Sequence[str], sums: Sequence[str], source: str) -> str:
    """Hours, and days out of them. Whoever adds to a row adds to others as well, all in the same order."""
    codes = ", ".join((*PLACE[1:], *keys))
    added = ", ".join(f"COALESCE(sum({name}), 0) AS {name}" for name in sums)
    key = f"project_id, grain, start, {codes}"
    return f"""
        INSERT INTO {table} AS kept ({key}, {", ".join(sums)})
        WITH hour AS (
            SELECT project_id, 'h' AS grain, start, {codes}, {added} FROM {source} GROUP BY project_id, start, {codes}
        ), day AS (
            SELECT project_id, 'd', date_trunc('day', start, 'UTC') AS day, {codes}, {added}
            FROM hour GROUP BY project_id, day, {codes}
        )
        TABLE hour UNION ALL TABLE day ORDER BY {key}
        ON CONFLICT ({key}) DO UPDATE SET {", ".join(f"{name} = kept.{name} + excluded.{name}" for name in sums)}
    """  # noqa: S608 - names of our own


def _lists(kind: str, names: Sequence[str]) -> str:
    """What is listed in each row, an entry a row. A list that is not there is one of nulls."""
    lists = ", ".join(f"of_{kind}_{name}" for name in names)
    place = ", ".join(("project_id", *PLACE))
    return f"(SELECT {place}, entry.* FROM taken, unnest({lists}) AS entry ({', '.join(names)})) AS entries"  # noqa: S608


_FOLD = f"""
    WITH taken AS (
        DELETE FROM agents_pendingcount
        WHERE id IN (SELECT id {_OURS} ORDER BY id LIMIT %(most)s) RETURNING *
    ), runs AS ({_add("agents_runcount", (), RUN_SUMS, "taken")}
    ), decisions AS ({_add("agents_decisioncount", DECISION[:2], DECISION_SUMS, _lists("decisions", DECISION))}
    ), signals AS ({_add("agents_signalcount", SIGNAL[:2], SIGNAL_SUMS, _lists("signals", SIGNAL))}
    )
    SELECT count(*) FROM taken
"""  # noqa: S608 - names of our own


def fold_counts(*, project_id: UUID | None = None, wait: bool = True) -> None:
    """Add to the hours and days what was noted of a project's runs, or of all: what cannot be added up in one, as past
    the largest number, is nothing to the others. Without `wait` it is left to whoever is at it.

    One query where nothing is noted, else three for each 5,000 notes. Safe to run twice and at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANY, {"project": project_id})
        ((any_,),) = cursor.fetchall()
    while any_ and _fold_some(project_id, wait) == MOST_AT_ONCE:
        pass


def _fold_some(project_id: UUID | None, wait: bool) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCKED if wait else _TRY)
        if cursor.fetchone()[0] is False:
            return 0
        cursor.execute(_FOLD, {"project": project_id, "most": MOST_AT_ONCE})
        ((taken,),) = cursor.fetchall()
        return int(taken)
