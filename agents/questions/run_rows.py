"""This file lets you read rows of runs as they are told."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from django.db import connection

Metadata: TypeAlias = dict[str, str | int | float | bool | None]


class RunTold(msgspec.Struct, frozen=True):
    """A run. `id` is Assay's, `run_id` the sender's own. Milliseconds, counts of tokens, US dollars; null where it was
    not told. `loop_length` and `loop_repeats`: the steps of a cycle it went through, and how often in a row."""

    id: UUID
    run_id: str
    agent_id: str
    agent_version: str
    environment: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    latency_ms: float | None
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
    cost_usd: Decimal | None
    parent_run_id: str | None
    session_id: str | None
    trace_id: str | None
    span_id: str | None
    parent_span_id: str | None
    version_id: UUID | None
    experiment_id: UUID | None
    arm: int | None
    loop_length: int | None
    loop_repeats: int | None
    received_at: datetime
    metadata: Metadata | None


COLUMNS = RunTold.__struct_fields__


def read_runs(sql: str, parameters: Mapping[str, Any]) -> list[RunTold]:
    """The runs of a SELECT of all COLUMNS. One query."""
    return [RunTold(**row) for row in read_rows(sql, parameters)]


def read_rows(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows by their columns, JSON as values. One query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        if isinstance(row.get("metadata"), str):
            # Django leaves jsonb of plain queries as text.
            row["metadata"] = msgspec.json.decode(row["metadata"])
    return rows


def group_of(of: str) -> str:
    """The condition in SQL that an id lies in the same group as another: `id BETWEEN …`, for a column `of` of ids."""
    ends = ("8000-000000000000", "bfff-ffffffffffff")
    return "BETWEEN {} AND {}".format(*(f"overlay({of}::text placing '{end}' from 20)::uuid" for end in ends))
