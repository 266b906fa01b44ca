"""Make runs of the spans of one trace."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from agents.otlp.failures import type_of
from agents.otlp.links import Place, places_of
from agents.otlp.observe import observe
from agents.otlp.sessions import sessions_of
from agents.otlp.span import PRODUCTION, UNSAID, Span
from agents.telemetry.facts import Decision, Failure, Metadata, Run, Step

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of a run whose session is that of a run above it.
INHERITED = "inherited_session"
_CENT = Decimal("0.00000001")


def assemble(trace_id: str, spans: Iterable[Span], *, known: bool = False) -> list[Run]:
    """The runs of a trace: the same for the same set of spans, in whatever order. None where none of them is of a known
    kind, unless another one of the trace is `known`.

    Each agent is a run. The only one without an agent above it has the trace's id as run id; others `<trace>:<span>`,
    and their nearest agent above as parent. Where there is no such agent, or several, a run of the trace stands above
    them, and has the steps that no agent encloses. A run without a session is of that of the nearest run above it which
    has one. Of a span that came twice the report that ended last counts.
    """
    reports = list(spans)
    trace: dict[str, Span] = {}
    for span in reports:
        other = trace.setdefault(span.span_id, span)
        if other is not span and _later(span) > _later(other):
            trace[span.span_id] = span
    if not (known or any(span.known for span in reports)):
        return []
    return _Assembly(trace_id, trace, reports).runs()


def _later(span: Span) -> tuple[bool, int, int, str]:
    """Orders reports of the same span: by what is stored of it, so that the choice stays the same afterwards. What was
    once an agent stays one."""
    stored = [
        span.kind, span.failed, span.code, span.parent_id, span.remote_parent, span.name, span.model, span.trial,
        span.tokens_in, span.tokens_out, span.tokens_cached, span.cost, span.documents, span.decision,
    ]  # fmt: skip
    if span.kind == "agent":
        stored += [span.agent, span.agent_version, span.session, span.service, span.service_version, span.environment]
    return span.kind == "agent", -1 if span.ended is None else span.ended, -span.started, repr(stored)


class _Assembly:
    """The spans of one trace by their ids, where each belongs, and all reports of them."""

    def __init__(self, trace_id: str, trace: Mapping[str, Span], reports: list[Span]) -> None:
        self.trace_id, self.trace = trace_id, trace
        self.places: dict[str, Place] = places_of(trace)
        self.agents = [span for span in trace.values() if span.kind == "agent"]
        top = [span.span_id for span in self.agents if self.places[span.span_id].agent is None]
        self.root = top[0] if len(top) == 1 else None
        # What steps tell of their run counts while no agent is known to tell more.
        self.tellers = self.agents or [span for span in reports if span.kind != "agent"]
        self.session = min((span.session for span in self.tellers if span.session is not None), default=None)
        self.sessions = sessions_of(
            {span.span_id: span for span in self.agents}, self.places, None if self.root else self.session
        )
        # What failed of the same as something below it failed because of that.
        self.passed_on = {
            (span.parent_id, span.code) for span in trace.values() if span.failed and span.kind != "other"
        }

    def run_id(self, agent: str | None) -> str:
        return self.trace_id if agent is None or agent == self.root else f"{self.trace_id}:{agent}"

    def runs(self) -> list[Run]:
        steps: defaultdict[str | None, list[Span]] = defaultdict(list)
        calls: defaultdict[str | None, list[Span]] = defaultdict(list)
        for span in sorted(self.trace.values(), key=lambda span: (span.started, span.span_id)):
            above = self.places[span.span_id].agent or self.root
            if span.kind != "agent":
                steps[above].append(span)
            elif span.span_id != self.root:
                calls[above].append(span)
        runs = [] if self.root else [self._implied(steps[None], calls[None])]
        agents = sorted(self.agents, key=lambda span: (span.span_id != self.root, span.started, span.span_id))
        return runs + [self._of_agent(agent, steps[agent.span_id], calls[agent.span_id]) for agent in agents]

    def _of_agent(self, agent: Span, steps: list[Span], calls: list[Span]) -> Run:
        above = self.places[agent.span_id].agent
        run = Run(
            run_id=self.run_id(agent.span_id),
            agent_id=agent.agent or UNSAID,
            agent_version=agent.agent_version or UNSAID,
            environment=agent.environment or PRODUCTION,
            status="running" if agent.ended is None and not agent.failed else _status(agent.failed, steps, calls),
            started_at=at(agent.started),
            ended_at=_ended_at(agent),
            latency_ms=latency(agent),
            parent_run_id=None if agent.span_id == self.root else self.run_id(above),
            session_id=self.sessions[agent.span_id],
            trace_id=self.trace_id,
            span_id=agent.span_id,
            parent_span_id=agent.parent_id,
            trial=agent.trial,
            metadata=self._said_of_agent(agent),
        )
        self._fill(run, steps, agent)
        return run

    def _implied(self, steps: list[Span], calls: list[Span]) -> Run:
        """The run of a trace of which no agent is known, or several beside each other."""
        below = sorted(steps + calls, key=lambda span: (span.started, span.span_id))
        told = self.tellers
        service, version = min(
            ((span.service, span.service_version or UNSAID) for span in told if span.service is not None),
            default=(UNSAID, UNSAID),
        )
        hint = None if self.agents else min((span.agent for span in told if span.agent is not None), default=None)
        ended = [max(span.ended, span.started) for span in below if span.ended is not None]
        waits = any(self._waits(span) for span in below) or len(ended) < len(below)
        first, last = below[0].started, max(ended, default=None)
        untimed = any(span.ended is not None and span.ended < span.started for span in below)
        run = Run(
            run_id=self.trace_id,
            agent_id=hint or service,
            agent_version=version,
            environment=min((span.environment for span in told if span.environment is not None), default=PRODUCTION),
            status="running" if waits else _status(self._all_failed(below), steps, calls),
            started_at=at(first),
            ended_at=None if waits or last is None else at(last),
            latency_ms=None if waits or last is None or untimed else (last - first) / 1000,
            session_id=self.session,
            trace_id=self.trace_id,
            metadata={"service": service} if hint else {},
        )
        self._fill(run, steps, None)
        return run

    def _waits(self, span: Span) -> bool:
        """Whether the span above this one is still to come: it is in the same process, so it will."""
        return span.parent_id is not None and span.parent_id not in self.trace and not span.remote_parent

    def _all_failed(self, below: list[Span]) -> bool:
        """Whether everything failed that has nothing above it."""
        return all(span.failed for span in [span for span in below if span.parent_id not in self.trace] or below)

    def _fill(self, run: Run, steps: list[Span], agent: Span | None) -> None:
        """Put steps, what they used, failures, decisions and signals into a run."""
        run.steps = [self._step(span, seq) for seq, span in enumerate(steps)]
        counted = [span for span in steps if span.kind == "model" and not self.places[span.span_id].metered]
        run.tokens_in = _sum(span.tokens_in for span in counted)
        run.tokens_out = _sum(span.tokens_out for span in counted)
        run.tokens_cached = _sum(span.tokens_cached for span in counted)
        costs = [Decimal(repr(span.cost)) for span in counted if span.cost is not None]
        run.cost_usd = sum(costs, Decimal(0)).quantize(_CENT) if costs else None
        for span in (agent, *steps) if agent else steps:
            step_id = None if span is agent else span.span_id
            if span.code is not None and span.kind != "other" and not self._passes_on(span):
                run.failures.append(
                    Failure(
                        own_id=span.span_id,
                        failure_type=type_of(span.kind, span.code),
                        code=span.code,
                        step_id=step_id,
                    )
                )
            if span.decision is not None:
                run.decisions.append(_decision(span, step_id))
        run.signals = observe(run)

    def _passes_on(self, span: Span) -> bool:
        """Whether a span failed because of one below it: of the same."""
        return (span.span_id, span.code) in self.passed_on

    def _step(self, span: Span, seq: int) -> Step:
        step = Step(
            step_id=span.span_id,
            parent_step_id=span.parent_id,
            step_type=span.kind,
            name=span.name,
            seq=seq,
            started_at=at(span.started),
            model=span.model,
            tokens_in=span.tokens_in,
            tokens_out=span.tokens_out,
            tokens_cached=span.tokens_cached,
            trial=span.trial,
        )
        if span.ended is None:
            step.status = "running"
        else:
            step.ended_at, step.latency_ms = _ended_at(span), latency(span)
        if span.failed:
            step.status = "failure"
        # A row with metadata costs the database more: few have any.
        if span.failed or span.cost is not None or span.documents is not None or span.remote_parent:
            step.metadata = self._said_of_step(span)
        return step

    def _said_of_step(self, span: Span) -> Metadata:
        said = self._said_of_both(span)
        if span.cost is not None:
            said["cost_usd"] = span.cost
        if span.documents is not None:
            said["documents"] = span.documents
        return said

    def _said_of_agent(self, agent: Span) -> Metadata:
        """Who sent an agent's span, as far as its run does not say it, and what else no column has."""
        said = self._said_of_both(agent) if agent.failed or agent.remote_parent else {}
        if agent.service is not None and agent.service != agent.agent:
            said["service"] = agent.service
        if agent.service_version is not None and agent.service_version != agent.agent_version:
            said["service_version"] = agent.service_version
        if agent.session is None and self.sessions[agent.span_id] is not None:
            # Another run may come between, with a session that is nearer.
            said[INHERITED] = True
        return said

    def _said_of_both(self, span: Span) -> Metadata:
        said: Metadata = {}
        if span.remote_parent:
            said["remote_parent"] = True
        if span.code is not None and (span.kind == "other" or self._passes_on(span)):
            said["error"] = span.code
        return said


def at(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def latency(span: Span) -> float | None:
    """In milliseconds; None where it has not ended, or ended before it began."""
    return None if span.ended is None or span.ended < span.started else (span.ended - span.started) / 1000


def _ended_at(span: Span) -> datetime | None:
    return None if span.ended is None else at(max(span.ended, span.started))


def _sum(counts: Iterable[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None


def _status(failed: bool, steps: list[Span], calls: list[Span]) -> str:
    """`failure`, or `partial` where the last try of something in it failed, or `success`."""
    if failed:
        return "failure"
    last: dict[tuple[str, str | None], bool] = {}
    for span in steps:
        if span.kind != "other":
            last[span.kind, span.name] = span.failed
    for span in calls:
        last["agent", span.agent] = span.failed
    return "partial" if True in last.values() else "success"


def _decision(span: Span, step_id: str | None) -> Decision:
    chosen = span.decision
    assert chosen is not None  # noqa: S101 - whoever calls has looked
    return Decision(
        own_id=span.span_id,
        decision_type=chosen.decision_type,
        selected=chosen.selected or span.name or span.agent or UNSAID,
        reason_code=chosen.reason_code,
        confidence=chosen.confidence,
        step_id=step_id,
        at=at(span.started),
    )
