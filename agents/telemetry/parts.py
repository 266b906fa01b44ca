"""Make the parts of a run out of what was sent, each alone. All raise AssayError 422, with a pointer to a fault."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from assay.core import token
from assay.core.codes import REASONS, SIGNALS
from assay.core.errors import single

from agents.telemetry.decode import bad_metadata
from agents.telemetry.facts import Decision, Failure, Signal, Step, Trial
from agents.telemetry.refusals import refused
from agents.telemetry.sent import STATUS, SentDecision, SentFailure, SentRun, SentSignal, SentStep, SentTrial

_COST = Decimal("1e-8")
_MOST_COST = Decimal(10**8)
# A Decimal may also be written with these in it.
_NO_NUMBER = re.compile(r"[^\x21-\x7e]|_")
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """When something may have been."""

    earliest: datetime
    latest: datetime

    def check(self, at: datetime | None, name: str) -> None:
        """AssayError for a time that no clock of today shows."""
        if at is not None and not self.earliest <= at <= self.latest:
            raise single("time_out_of_range", f"/{name}", "This is before what is kept, or more than a day ahead.")


def step_of(sent: SentStep, place: int, window: Window) -> Step:
    """The step at this place; without an id of its own it has its number."""
    if sent.metadata and (told := bad_metadata(sent.metadata)):
        raise refused(told)
    seq = place if sent.seq is None else sent.seq
    return Step(
        step_id=str(seq) if sent.step_id is None else sent.step_id,
        parent_step_id=sent.parent_step_id,
        step_type=sent.step_type,
        name=sent.name,
        seq=seq,
        status=sent.status or STATUS,
        started_at=sent.started_at,
        ended_at=sent.ended_at,
        latency_ms=latency_of(sent, window),
        tokens_in=sent.tokens_in,
        tokens_out=sent.tokens_out,
        tokens_cached=sent.tokens_cached,
        model=sent.model,
        trial=trial_of(sent),
        metadata=sent.metadata or {},
    )


def failure_of(sent: SentFailure, _: Window) -> Failure:
    """The failure, without an id: nobody sends one."""
    return Failure(
        own_id="", failure_type=sent.failure_type, code=sent.code, step_id=sent.step_id, metadata=sent.metadata or {}
    )


def decision_of(sent: SentDecision, window: Window) -> Decision:
    """The decision, for a reason of its type."""
    if sent.reason_code not in REASONS[sent.decision_type]:
        raise single("not_of_its_type", "/reason_code", f"{sent.reason_code} is no reason of {sent.decision_type}.")
    window.check(sent.at, "at")
    return Decision(
        own_id=sent.decision_id or "",
        decision_type=sent.decision_type,
        selected=sent.selected,
        candidates=sent.candidates or [],
        reason_code=sent.reason_code,
        confidence=sent.confidence,
        step_id=sent.step_id,
        at=sent.at,
        metadata=sent.metadata or {},
    )


def signal_of(sent: SentSignal, window: Window) -> Signal:
    """The quality signal, its code one of its type."""
    if sent.signal_code not in SIGNALS[sent.signal_type]:
        raise single("not_of_its_type", "/signal_code", f"{sent.signal_code} is no code of {sent.signal_type}.")
    window.check(sent.at, "at")
    return Signal(
        own_id=sent.signal_id or "",
        signal_type=sent.signal_type,
        signal_code=sent.signal_code,
        value=sent.value,
        weight=sent.weight,
        step_id=sent.step_id,
        at=sent.at,
        metadata=sent.metadata or {},
    )


def latency_of(sent: SentStep | SentRun, window: Window) -> float | None:
    """Milliseconds as they were measured, else from beginning to end; None where neither is known."""
    window.check(sent.started_at, "started_at")
    window.check(sent.ended_at, "ended_at")
    # To the nanosecond: squares of less could not be told from nothing, which the database refuses to add up.
    measured = None if sent.latency_ms is None else round(sent.latency_ms, 6)
    if sent.ended_at is None or sent.started_at is None:
        return measured
    if sent.ended_at < sent.started_at:
        raise single("ended_before_started", "/ended_at", "This ended before it started.")
    return (sent.ended_at - sent.started_at) / MILLISECOND if measured is None else measured


def cost_of(sent: str | float | None) -> Decimal | None:
    """US dollars, to eight decimals."""
    if sent is None:
        return None
    text = sent if isinstance(sent, str) else repr(sent)
    try:
        cost = Decimal(text) if _NO_NUMBER.search(text) is None else None
    except InvalidOperation:
        cost = None
    if cost is None:
        raise single("wrong_type", "/cost_usd", 'A cost is a decimal number of US dollars, as in "0.0031".')
    if not (cost.is_finite() and 0 <= cost < _MOST_COST):
        raise single("out_of_range", "/cost_usd", "A cost is from 0, and below 100,000,000 US dollars.")
    return cost.quantize(_COST)


def trial_of(sent: SentTrial) -> Trial | None:
    """The version and arm that rode on it, None for none."""
    if sent.resolution_id is not None:
        if sent.version_id is not None or sent.experiment_id is not None or sent.arm is not None:
            raise single("invalid", "/resolution_id", "A resolution knows its version and arm: name no other ones.")
        resolved = token.read(sent.resolution_id)
        experiment = None if resolved.experiment_id is None else UUID(resolved.experiment_id)
        return Trial(UUID(resolved.version_id), experiment, resolved.arm)
    if sent.version_id is None:
        if sent.experiment_id is not None or sent.arm is not None:
            raise single("required", "/version_id", "An arm is one of a version: name it, too.")
        return None
    if (sent.experiment_id is None) != (sent.arm is None):
        raise single("required", "/arm", "An experiment and an arm of it are named together.")
    return Trial(sent.version_id, sent.experiment_id, sent.arm)
