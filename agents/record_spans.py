"""This file lets you record spans as they were sent: as the runs that they tell of."""

import hmac
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from assay.core.errors import AssayError
from django.conf import settings
from django.utils import timezone

from agents.count_drops import count_drops
from agents.find_trials import find_trials
from agents.otlp.assemble import EPOCH, assemble, at
from agents.otlp.name import Namer
from agents.otlp.span import Sent, Span
from agents.otlp.take_apart import merge
from agents.read_settings import read_settings
from agents.store_runs import Stored, store_runs
from agents.telemetry.facts import Group, Run

AHEAD = timedelta(days=1)
DOOR = "otlp"
# A trace is merged as a whole whenever more of it comes.
MOST_SPANS = 10_000
MOST_REMEMBERED = 1_000
_MICROSECOND = timedelta(microseconds=1)
_namers: dict[UUID, Namer] = {}


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many spans were not taken, by why; and how much of the others was dropped, by `agents.otlp.aliases.NAMES`."""

    rejected: dict[str, int]
    dropped: dict[str, int]


def record_spans(*, project_id: UUID, body: bytes, read: Callable[[bytes, Sent], None]) -> Recorded:
    """Store the runs of the spans in `body`, together with what is stored of their traces; all of it when this returns.

    `read` is the reader of the body's encoding. Raises AssayError for a body that it cannot read, 400.
    """
    project = read_settings(project_id)
    now = timezone.now()
    sent = Sent(_namer(project_id), earliest=_since(now - timedelta(days=project.days)), latest=_since(now + AHEAD))
    read(body, sent)
    _forget_foreign_trials(project_id, sent)
    plain: set[str] = set()
    groups: list[Group] = []
    for trace_id, spans in sent.traces.items():
        if not any(span.known for span in spans):
            # They belong to a run where one of this trace is known; alone they make none.
            plain.add(trace_id)
            spans[0].known = True
        if len(spans) > MOST_SPANS:
            sent.rejected["too_many_spans"] += len(spans)
            continue
        groups.append(Group(trace_id, at(min(span.started for span in spans)), assemble(trace_id, spans)))
    if not project.keeps_decisions:
        sent.dropped["decisions"] += sum(len(run.decisions) + len(run.signals) for one in groups for run in one.runs)

    def merged(stored: list[Run], sent_now: list[Run]) -> list[Run]:
        if not stored and sent_now[0].trace_id in plain:
            return []
        return _merge(stored, sent_now, keeps_decisions=project.keeps_decisions)

    for group, told in zip(groups, store_runs(project_id=project_id, groups=groups, merge=merged), strict=True):
        if not isinstance(told, Stored):
            sent.rejected[told.code] += len(sent.traces[group.key])
        elif not told.runs:
            sent.dropped["plain_spans"] += len(sent.traces[group.key])
    told_of = Recorded(dict(sent.rejected), {what: count for what, count in sent.dropped.items() if count})
    count_drops(project_id=project_id, door=DOOR, dropped=told_of.dropped | told_of.rejected)
    return told_of


def _merge(stored: list[Run], sent: list[Run], *, keeps_decisions: bool) -> list[Run]:
    """AssayError where the trace's id is that of a run which was sent otherwise, or its spans are too many."""
    if any(run.trace_id is None or not run.run_id.startswith(run.trace_id) for run in stored):
        raise AssayError("run_conflict", "A run that is no trace is known by the id of this trace.", status=409)
    runs = merge(stored, sent)
    if stored and sum(1 + len(run.steps) for run in runs) > MOST_SPANS:
        raise AssayError("too_many_spans", f"A trace may have {MOST_SPANS} spans at most.", status=413)
    if not keeps_decisions:
        for run in runs:
            run.decisions, run.signals = [], []
    return runs


def _forget_foreign_trials(project_id: UUID, sent: Sent) -> None:
    """A version of another project does not exist: the span is taken without it."""
    tried: defaultdict[object, list[Span]] = defaultdict(list)
    for span in sent.tried:
        tried[span.trial].append(span)
    if not tried:
        return
    known = find_trials(project_id=project_id, trials={span.trial for span in sent.tried if span.trial is not None})
    for trial, spans in tried.items():
        if trial not in known:
            sent.dropped["unknown_versions"] += len(spans)
            for span in spans:
                span.trial = None


def _namer(project_id: UUID) -> Namer:
    namer = _namers.get(project_id)
    if namer is None:
        if len(_namers) >= MOST_REMEMBERED:
            _namers.clear()
        key = hmac.digest(settings.SECRET_KEY.encode(), b"agents.otlp.name:" + project_id.bytes, "sha256")
        namer = _namers[project_id] = Namer(key)
    return namer


def _since(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND
