"""This file lets you add to the rollups of telemetry what runs count for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from agents.telemetry.count import DECISION_SUMS, RUN_SUMS, SIGNAL_SUMS, Counts, rows

_WHERE = {"grain": "text", "start": "timestamptz", "agent_id": "text", "agent_version": "text", "environment": "text"}
_NOT_WHOLE = {
    **dict.fromkeys(("steps_sq", "latency_ms", "latency_sq", "tokens_sq", "cost_sq", "confidence"), "float8"),
    "cost_usd": "numeric",
}


def _add(table: str, keys: dict[str, str], sums: tuple[str, ...]) -> str:
    names = [*_WHERE, *keys, *sums]
    types = {**_WHERE, **keys, **{name: _NOT_WHOLE.get(name, "bigint") for name in sums}}
    return f"""
        INSERT INTO {table} AS kept (project_id, {", ".join(names)})
        SELECT %(project)s, {", ".join([*_WHERE, *keys, *(f"coalesce({name}, 0)" for name in sums)])}
        FROM json_to_recordset(%(rows)s::json) AS sent ({", ".join(f"{name} {types[name]}" for name in names)})
        ON CONFLICT (project_id, {", ".join([*_WHERE, *keys])})
        DO UPDATE SET {", ".join(f"{name} = kept.{name} + excluded.{name}" for name in sums)}
    """  # noqa: S608 - names of our own


_RUNS = _add("agents_runcount", {}, RUN_SUMS)
_DECISIONS = _add(
    "agents_decisioncount",
    {"decision_type": "agents_decision_type", "reason_code": "agents_reason_code"},
    DECISION_SUMS,
)
_SIGNALS = _add(
    "agents_signalcount", {"signal_type": "agents_signal_type", "signal_code": "agents_signal_code"}, SIGNAL_SUMS
)


def _struct(name: str, keys: Sequence[str], sums: Sequence[str]) -> type[msgspec.Struct]:
    """A row as JSON, without the sums that are nothing."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [(key, Any) for key in keys]
    fields += [(each, Any, 0) for each in sums]
    return msgspec.defstruct(name, fields, omit_defaults=True)


_RunRow = _struct("_RunRow", [*_WHERE], RUN_SUMS)
_DecisionRow = _struct("_DecisionRow", [*_WHERE, "decision_type", "reason_code"], DECISION_SUMS)
_SignalRow = _struct("_SignalRow", [*_WHERE, "signal_type", "signal_code"], SIGNAL_SUMS)


def add_counts(*, project_id: UUID, counts: Counts) -> None:
    """Add to the hours and days: a query for each rollup that something is added to.

    Call it last in a transaction. Whoever adds to the same hour waits until that has ended, and all add in the order
    in which `rows` gives them, so that no two wait for each other.
    """
    with connection.cursor() as cursor:
        for add, sums, row in (
            (_RUNS, counts.runs, _RunRow),
            (_DECISIONS, counts.decisions, _DecisionRow),
            (_SIGNALS, counts.signals, _SignalRow),
        ):
            sent = [row(grain, start, *key, *numbers) for grain, start, key, numbers in rows(sums)]
            if sent:
                cursor.execute(add, {"project": project_id, "rows": msgspec.json.encode(sent).decode()})
