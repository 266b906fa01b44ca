"""This file lets you hold spans of traces of which nothing is known that makes a run, until something is."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from agents.known_traces import known_traces
from agents.let_go_spans import let_go_spans
from agents.otlp.span import Span

# So many of those that waited too long are let go at a time.
MOST_LET_GO = 10_000
FIELDS = {
    "span_id": "text",
    "parent_id": "text",
    "remote_parent": "boolean",
    "name": "text",
    "started": "bigint",
    "ended": "bigint",
    "failed": "boolean",
    "code": "text",
    "agent": "text",
    "session": "text",
    "service": "text",
    "service_version": "text",
    "environment": "text",
}
_NAMES = ", ".join(FIELDS)
HOLD = f"""
    INSERT INTO agents_waitingspan (project_id, trace_id, {_NAMES})
    SELECT %(project)s, trace_id, {_NAMES}
    FROM unnest(%(trace_id)s::text[], {", ".join(f"%({name})s::{kind}[]" for name, kind in FIELDS.items())})
        AS sent (trace_id, {_NAMES})
    ORDER BY trace_id, span_id
    ON CONFLICT (project_id, trace_id, span_id) DO NOTHING
"""  # noqa: S608 - names of our own columns


def hold_spans(*, project_id: UUID, traces: Mapping[str, Sequence[Span]]) -> set[str]:
    """Hold the spans of each trace for an hour; which of the traces have become known in the meantime.

    Whoever makes a trace known looks for those that wait after that is stored, and this looks for what is known after
    these wait: one of the two sees the other. Not within a transaction. Three queries, none for no spans.
    """
    if not traces:
        return set()
    columns: dict[str, list[Any]] = {name: [] for name in ("trace_id", *FIELDS)}
    for trace_id, spans in traces.items():
        for span in spans:
            columns["trace_id"].append(trace_id)
            for name in FIELDS:
                columns[name].append(getattr(span, name))
    let_go_spans(most=MOST_LET_GO)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"project": project_id, **columns})
    return known_traces(project_id=project_id, traces=traces.keys())
