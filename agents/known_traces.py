"""This file lets you know of which traces something is stored."""

from collections.abc import Collection
from uuid import UUID

from agents.models import RunKey
from agents.telemetry.ids import key_of


def known_traces(*, project_id: UUID, traces: Collection[str]) -> set[str]:
    """Those of the traces that have a run. One query, none for no traces."""
    if not traces:
        return set()
    keys = {key_of(trace_id): trace_id for trace_id in traces}
    found = RunKey.objects.filter(project_id=project_id, key__in=list(keys)).values_list("key", flat=True)
    return {keys[key] for key in found}
