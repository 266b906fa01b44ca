"""Make one run of two reports of it."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from assay.core.errors import single

from agents.telemetry.facts import Decision, Failure, Run, Signal, Step
from agents.telemetry.parts import MILLISECOND

P = TypeVar("P", Failure, Decision, Signal)


def merge_reports(stored: Run, sent: Run) -> Run:
    """The run after this report; `stored` itself where the report says nothing new.

    A run that is under way gathers what each report adds: of a field the later word holds, steps are joined by their
    ids, and so is all else. A finished run is closed: AssayError 409 `run_conflict` for what would change it, but not
    for when it is said to have begun, and a report of it as running that comes late is one that says nothing new. Where
    no decision of it is stored, or no signal, a report that is the same otherwise adds them: they were left out while
    the project kept none, and whoever sends the same again has done nothing wrong.
    """
    if sent.agent_id != stored.agent_id:
        raise single("run_conflict", "/agent_id", "This run is another agent's.", status=409)
    merged = _overlay(stored, sent)
    if stored.status == "running":
        return merged
    merged.started_at = stored.started_at
    if sent.status == "running":
        merged.status = stored.status
    if sent.latency_ms == _span(sent):
        merged.latency_ms = stored.latency_ms
    late = msgspec.structs.replace(
        stored,
        decisions=stored.decisions or merged.decisions,
        signals=stored.signals or merged.signals,
    )
    if merged != late:
        raise single("run_conflict", "/run_id", "This run is finished, and what is stored of it differs.", status=409)
    return stored if late == stored else late


def _span(run: Run) -> float | None:
    return None if run.ended_at is None else (run.ended_at - run.started_at) / MILLISECOND


def _overlay(below: Run, above: Run) -> Run:
    merged = _later(below, above)
    merged.metadata = below.metadata | above.metadata
    merged.steps = _joined_steps(below.steps, above.steps)
    merged.failures = _joined(below.failures, above.failures)
    merged.decisions = _joined(below.decisions, above.decisions)
    merged.signals = _joined(below.signals, above.signals)
    return merged


F = TypeVar("F", Run, Step)


def _later(below: F, above: F) -> F:
    """What is told, and of what is told twice, the later."""
    told = {name: value for name in above.__struct_fields__ if (value := getattr(above, name)) is not None}
    return msgspec.structs.replace(below, **told)


def _joined_steps(below: Sequence[Step], above: Sequence[Step]) -> list[Step]:
    by_id = {step.step_id: step for step in below}
    for step in above:
        known = by_id.get(step.step_id)
        if known is not None:
            step = _later(known, step)  # noqa: PLW2901
            step.metadata = known.metadata | step.metadata
        by_id[step.step_id] = step
    return list(by_id.values())


def _joined(below: Sequence[P], above: Sequence[P]) -> list[P]:
    by_id = {part.own_id: part for part in below}
    by_id |= {part.own_id: part for part in above}
    return list(by_id.values())
