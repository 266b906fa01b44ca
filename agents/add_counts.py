"""This file lets you add to the rollups of telemetry what runs count for."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from agents.telemetry.count import DECISION_SUMS, RUN_SUMS, SIGNAL_SUMS, Counts, rows

_WHERE = {
    "grain": "text",
    "start": "timestamptz",
    "agent_id": "assay_code",
    "agent_version": "assay_code",
    "environment": "assay_code",
}
_NOT_WHOLE = {
    **dict.fromkeys(("steps_sq", "latency_ms", "latency_sq", "tokens_sq", "cost_sq", "confidence"), "float8"),
    "cost_usd": "numeric",
}


def _add(table: str, keys: dict[str, str], sums: tuple[str, ...]) -> str:
    """Where is sent once for all that is counted there: whether a text is a code is looked at only that often.

    An array that is too short is filled up with nulls, and a sum that is nothing everywhere is not sent at all.
    """
    types = {"place": "bigint", **keys, **{name: _NOT_WHOLE.get(name, "bigint") for name in sums}}
    values = [f"place.{name}" for name in _WHERE] + [*keys, *(f"coalesce({name}, 0)" for name in sums)]
    return f"""
        INSERT INTO {table} AS kept (project_id, {", ".join([*_WHERE, *keys, *sums])})
        SELECT %(project)s, {", ".join(values)}
        FROM unnest({_arrays(types)}) WITH ORDINALITY AS sent ({", ".join(types)}, number)
        JOIN unnest({_arrays(_WHERE)}) WITH ORDINALITY AS place ({", ".join(_WHERE)}, number)
             ON place.number = sent.place
        ORDER BY sent.number
        ON CONFLICT (project_id, {", ".join([*_WHERE, *keys])})
        DO UPDATE SET {", ".join(f"{name} = kept.{name} + excluded.{name}" for name in sums)}
    """  # noqa: S608 - names of our own


def _arrays(types: dict[str, str]) -> str:
    return ", ".join(f"%({name})s::{type_}[]" for name, type_ in types.items())


_DECISION = {"decision_type": "agents_decision_type", "reason_code": "agents_reason_code"}
_SIGNAL = {"signal_type": "agents_signal_type", "signal_code": "agents_signal_code"}
_RUNS = _add("agents_runcount", {}, RUN_SUMS)
_DECISIONS = _add("agents_decisioncount", _DECISION, DECISION_SUMS)
_SIGNALS = _add("agents_signalcount", _SIGNAL, SIGNAL_SUMS)


def add_counts(*, project_id: UUID, counts: Counts) -> None:
    """Add to the hours and days: a query for each rollup that something is added to.

    Call it last in a transaction. Whoever adds to the same hour waits until that has ended, and all add in the order
    in which `rows` gives them, so that no two wait for each other.
    """
    with connection.cursor() as cursor:
        for add, sums, names in (
            (_RUNS, counts.runs, RUN_SUMS),
            (_DECISIONS, counts.decisions, (*_DECISION, *DECISION_SUMS)),
            (_SIGNALS, counts.signals, (*_SIGNAL, *SIGNAL_SUMS)),
        ):
            places: dict[tuple[Any, ...], int] = {}
            found = [
                (places.setdefault((grain, start, *key[:3]), len(places) + 1), *key[3:], *numbers)
                for grain, start, key, numbers in rows(sums)
            ]
            if found:
                sent = _columns(_WHERE, places) | _columns(("place", *names), found)
                cursor.execute(add, sent | {"project": project_id})


def _columns(names: Iterable[str], table: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """The columns of a table as PostgreSQL writes arrays, by their names; `{}` where there is nothing in it."""
    # Of codes and numbers, a list in JSON differs in its brackets alone.
    return {
        name: f"{{{msgspec.json.encode(column)[1:-1].decode()}}}" if any(column) else "{}"
        for name, column in zip(names, zip(*table, strict=True), strict=True)
    }
