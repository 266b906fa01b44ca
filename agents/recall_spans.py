"""This file lets you recall spans that wait for their trace to be known."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from agents.hold_spans import FIELDS
from agents.models import WaitingSpan
from agents.otlp.span import Span


@dataclass(slots=True)
class Held:
    """The spans of one trace that wait, and the ids of their rows."""

    spans: list[Span] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def recall_spans(*, project_id: UUID, traces: Collection[str], most: int) -> dict[str, Held]:
    """Those that wait, of each of the traces that has any; `most` of all of them. They go on waiting until their rows
    are deleted. One query."""
    found: dict[str, Held] = {}
    for row in WaitingSpan.objects.of_traces(project_id, list(traces)).order_by("pk")[:most] if traces else ():
        held = found.setdefault(row.trace_id, Held())
        held.rows.append(row.pk)
        held.spans.append(Span(kind="other", **{name: getattr(row, name) for name in FIELDS}))
    return found
