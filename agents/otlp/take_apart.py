"""Make of the runs of a trace the spans that they were assembled from, as far as assembling asks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from agents.otlp.assemble import EPOCH, INHERITED, assemble
from agents.otlp.span import Chosen, Span
from agents.telemetry.facts import Metadata, Run, Step

_MICROSECOND = timedelta(microseconds=1)


def merge(stored: list[Run], sent: list[Run]) -> list[Run]:
    """The runs of all spans that both tell of. Both are of one trace."""
    if not stored:
        return sent
    runs = stored + sent
    trace_id = next(run.trace_id or run.run_id for run in runs)
    return assemble(trace_id, [*take_apart(stored), *take_apart(sent)])


def take_apart(runs: Iterable[Run]) -> list[Span]:
    """`assemble` makes the same runs of these spans, and of these and others what it makes of all of them."""
    spans: list[Span] = []
    for run in runs:
        codes = {failure.own_id: failure.code for failure in run.failures}
        chosen = {
            decision.own_id: Chosen(
                decision.decision_type, decision.reason_code, decision.selected, decision.confidence
            )
            for decision in run.decisions
        }
        steps = [_of_step(step, codes, chosen) for step in run.steps]
        if run.span_id is not None:
            spans.append(_of_agent(run, codes, chosen))
        elif steps:
            _hint(steps[0], run)
        spans.extend(steps)
    return spans


def _of_agent(run: Run, codes: dict[str, str], chosen: dict[str, Chosen]) -> Span:
    span_id = run.span_id or ""
    return Span(
        span_id=span_id,
        parent_id=run.parent_span_id,
        remote_parent=run.metadata.get("remote_parent") is True,
        kind="agent",
        started=_microseconds(run.started_at),
        ended=_ended(run),
        failed=run.status == "failure",
        code=codes.get(span_id) or _error(run.metadata),
        agent=run.agent_id,
        agent_version=run.agent_version,
        session=None if run.metadata.get(INHERITED) is True else run.session_id,
        service=str(run.metadata.get("service", run.agent_id)),
        service_version=str(run.metadata.get("service_version", run.agent_version)),
        environment=run.environment,
        trial=run.trial,
        decision=chosen.get(span_id),
    )


def _of_step(step: Step, codes: dict[str, str], chosen: dict[str, Chosen]) -> Span:
    cost, documents = step.metadata.get("cost_usd"), step.metadata.get("documents")
    return Span(
        span_id=step.step_id,
        parent_id=step.parent_step_id,
        remote_parent=step.metadata.get("remote_parent") is True,
        kind=step.step_type,
        name=step.name,
        started=0 if step.started_at is None else _microseconds(step.started_at),
        ended=_ended(step),
        failed=step.status == "failure",
        code=codes.get(step.step_id) or _error(step.metadata),
        model=step.model,
        tokens_in=step.tokens_in,
        tokens_out=step.tokens_out,
        tokens_cached=step.tokens_cached,
        cost=float(cost) if isinstance(cost, int | float) else None,
        documents=int(documents) if isinstance(documents, int | float) else None,
        trial=step.trial,
        decision=chosen.get(step.step_id),
    )


def _ended(part: Run | Step) -> int | None:
    """What has ended and took nobody knows how long had ended before it began."""
    if part.ended_at is None:
        return None
    return _microseconds(part.ended_at) - (part.latency_ms is None)


def _hint(step: Span, run: Run) -> None:
    """Let a step tell what the run of a trace was named by; it only counts while no agent is known."""
    step.session, step.environment = run.session_id, run.environment
    step.service_version = run.agent_version
    if "service" in run.metadata:
        step.agent, step.service = run.agent_id, str(run.metadata["service"])
    else:
        step.service = run.agent_id


def _error(metadata: Metadata) -> str | None:
    """What a span failed of that has no failure of its own."""
    error = metadata.get("error")
    return None if error is None else str(error)


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND
