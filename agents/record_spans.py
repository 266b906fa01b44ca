"""This file lets you record spans as they were sent: as the runs that they tell of."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from assay.core.errors import AssayError
from django.utils import timezone

from agents.count_drops import count_drops
from agents.find_trials import find_trials
from agents.hold_spans import hold_spans
from agents.known_traces import known_traces
from agents.models import WaitingSpan
from agents.namer_of import namer_of
from agents.otlp.assemble import EPOCH, assemble, at
from agents.otlp.span import Sent, Span
from agents.otlp.take_apart import merge
from agents.otlp.withhold import count_new, withhold
from agents.read_settings import read_settings
from agents.recall_spans import recall_spans
from agents.store_runs import Stored, store_runs
from agents.telemetry.facts import Group, Run

AHEAD = timedelta(days=1)
DOOR = "otlp"
# Of a trace, which is merged as a whole whenever more of it comes; and of what is stored in one transaction.
MOST_SPANS = 10_000
TOO_MANY = "too_many_spans"
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many spans were not taken, by why; how many wait for their trace to be known; and how much of the others was
    dropped, by `agents.otlp.aliases.NAMES`."""

    rejected: dict[str, int]
    waiting: int
    dropped: dict[str, int]


def record_spans(*, project_id: UUID, body: bytes, read: Callable[[bytes, Sent], None]) -> Recorded:
    """Store the runs of the spans in `body`, together with what is stored of their traces; all of it when this returns.

    `read` is the reader of the body's encoding. Raises AssayError for a body that it cannot read, 400.
    """
    project = read_settings(project_id)
    now = timezone.now()
    sent = Sent(namer_of(project_id), earliest=_since(now - timedelta(days=project.days)), latest=_since(now + AHEAD))
    read(body, sent)
    _refuse_long_traces(sent)
    _forget_foreign_trials(project_id, sent)
    storing = _Storing(project_id, sent, keeps_decisions=project.keeps_decisions)
    plain = {trace_id for trace_id, spans in sent.traces.items() if not any(span.known for span in spans)}
    alone = plain - known_traces(project_id=project_id, traces=plain)
    stored = storing.store(
        {trace_id: sent.traces[trace_id] for trace_id in sent.traces if trace_id not in alone}, plain
    )
    for trace_id, one in stored.items():
        if isinstance(one, AssayError):
            sent.rejected[one.code] += len(sent.traces[trace_id])
    # What makes a trace known and what waits for that may come at the same time: each looks for the other once it is
    # stored itself.
    alone |= {trace_id for trace_id in plain - alone if _is_nothing(stored[trace_id])}
    known = hold_spans(project_id=project_id, traces={trace_id: sent.traces[trace_id] for trace_id in alone})
    held = recall_spans(project_id=project_id, traces=(stored.keys() - alone) | known, most=MOST_SPANS)
    if held:
        joined = storing.store({trace_id: one.spans for trace_id, one in held.items()}, held.keys())
        kept = [trace_id for trace_id, one in joined.items() if isinstance(one, Stored) and one.runs]
        WaitingSpan.objects.all().forget([row for trace_id in kept for row in held[trace_id].rows])
    waiting = sum(len(sent.traces[trace_id]) for trace_id in alone - known)
    told = Recorded(
        {why: count for why, count in sent.rejected.items() if count},
        waiting,
        {what: count for what, count in sent.dropped.items() if count},
    )
    count_drops(project_id=project_id, door=DOOR, dropped=told.dropped | told.rejected)
    return told


def _is_nothing(told: Stored | AssayError) -> bool:
    return isinstance(told, Stored) and not told.runs


class _Storing:
    """Stores the traces of one request."""

    def __init__(self, project_id: UUID, sent: Sent, *, keeps_decisions: bool) -> None:
        self.project_id, self.sent, self.keeps_decisions = project_id, sent, keeps_decisions

    def store(self, traces: Mapping[str, list[Span]], plain: Set[str]) -> dict[str, Stored | AssayError]:
        """What became of each trace. Of the `plain` ones nothing is stored unless something of them is already.

        Many are stored in several transactions: who is told of an error may send all of them again.
        """
        told: dict[str, Stored | AssayError] = {}
        waiting: dict[str, list[Span]] = {}
        count = 0
        for trace_id, spans in traces.items():
            waiting[trace_id] = spans
            count += len(spans)
            if count >= MOST_SPANS:
                told |= self._store(waiting, plain)
                waiting, count = {}, 0
        return told | self._store(waiting, plain)

    def _store(self, traces: Mapping[str, list[Span]], plain: Set[str]) -> dict[str, Stored | AssayError]:
        groups: list[Group] = []
        for trace_id, spans in traces.items():
            runs = assemble(trace_id, spans, known=trace_id in plain)
            groups.append(Group(trace_id, at(min(span.started for span in spans)), runs))
        # By trace: the database may ask for another try, and then all is merged again.
        left_out: dict[str | None, int] = {}

        def merged(stored: list[Run], sent: list[Run]) -> list[Run]:
            trace_id = sent[0].trace_id
            if not stored and trace_id in plain:
                return []
            runs = _merge(stored, sent)
            if self.keeps_decisions:
                return runs
            left_out[trace_id] = count_new(sent, stored)
            return withhold(runs, stored)

        stored = store_runs(project_id=self.project_id, groups=groups, merge=merged)
        self.sent.dropped["decisions"] += sum(left_out.values())
        return {group.key: one for group, one in zip(groups, stored, strict=True)}


def _merge(stored: list[Run], sent: list[Run]) -> list[Run]:
    """AssayError where the trace's id is that of a run which was sent otherwise, or its spans are too many."""
    if any(run.trace_id is None or not run.run_id.startswith(run.trace_id) for run in stored):
        raise AssayError("run_conflict", "A run that is no trace is known by the id of this trace.", status=409)
    runs = merge(stored, sent)
    if sum((run.span_id is not None) + len(run.steps) for run in runs) > MOST_SPANS:
        raise AssayError(TOO_MANY, f"A trace may have {MOST_SPANS} spans at most.", status=413)
    return runs


def _refuse_long_traces(sent: Sent) -> None:
    """What is too long by itself is neither assembled nor held. A span that came twice is one, here as in `_merge`."""
    for trace_id, spans in list(sent.traces.items()):
        if len(spans) > MOST_SPANS and len({span.span_id for span in spans}) > MOST_SPANS:
            sent.rejected[TOO_MANY] += len(sent.traces.pop(trace_id))


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


def _since(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND
