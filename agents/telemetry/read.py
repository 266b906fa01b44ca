"""Read a run as it was sent, in JSON: what is right of it, and what was wrong where."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from assay.core import token
from assay.core.codes import REASONS, SIGNALS
from assay.core.errors import AssayError, single

from agents.telemetry.decode import Decoded, bad_metadata, decode_run
from agents.telemetry.facts import Decision, Failure, Run, Signal, Step, Trial
from agents.telemetry.refusals import Refusals, refused, within
from agents.telemetry.sent import (
    ENVIRONMENT,
    STATUS,
    SentDecision,
    SentFailure,
    SentRun,
    SentSignal,
    SentStep,
    SentTrial,
)

_COST = Decimal("1e-8")
_MOST_COST = Decimal(10**8)
# A Decimal may also be written with these in it.
_NO_NUMBER = re.compile(r"[^\x21-\x7e]|_")
MILLISECOND = timedelta(milliseconds=1)
# Under which field a part may have an id of its own.
_OWN = {"decisions": "decision_id", "quality_signals": "signal_id", "failures": "code"}

Part = Failure | Decision | Signal
P = TypeVar("P", Failure, Decision, Signal)
S = TypeVar("S")


@dataclass(slots=True)
class Doubt:
    """A part that names a step which was not sent with it: it may have been sent before."""

    pointer: str
    part: Part | Step


@dataclass(slots=True)
class Read:
    """A run, the parts of it that were refused, and those that hang on what was sent of it before."""

    run: Run
    refused: Refusals = field(default_factory=Refusals)
    doubts: list[Doubt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Window:
    """When something may have been."""

    earliest: datetime
    latest: datetime

    def check(self, at: datetime | None, name: str) -> None:
        """AssayError for a time that no clock of today shows."""
        if at is not None and not self.earliest <= at <= self.latest:
            raise single("time_out_of_range", f"/{name}", "This is before what is kept, or more than a day ahead.")


def read_run(raw: bytes | msgspec.Raw, window: Window) -> Read:
    """The run in this JSON. Raises AssayError for what costs the whole of it."""
    return _Reading(decode_run(raw), window).read()


class _Reading:
    """One pass over a run whose fields have the right types."""

    def __init__(self, decoded: Decoded, window: Window) -> None:
        self.window = window
        self.sent = decoded.sent
        self.places = decoded.places
        self.refused = decoded.refused
        self.doubts: list[Doubt] = []
        self.steps: dict[str, Step] = {}
        self.alike: dict[str, int] = {}

    def read(self) -> Read:
        sent = self.sent
        if sent.parent_run_id == sent.run_id:
            raise single("parent_cycle", "/parent_run_id", "A run is not its own parent.")
        if sent.status == "running" and sent.ended_at is not None:
            raise single("ended_while_running", "/ended_at", "A run that is running has not ended: leave the end out.")
        if sent.metadata and (told := bad_metadata(sent.metadata)):
            raise refused(told)
        run = Run(
            run_id=sent.run_id,
            agent_id=sent.agent_id,
            agent_version=sent.agent_version,
            environment=sent.environment or ENVIRONMENT,
            status=sent.status,
            started_at=sent.started_at,
            ended_at=sent.ended_at,
            latency_ms=_latency(sent, self.window),
            parent_run_id=sent.parent_run_id,
            session_id=sent.session_id,
            trace_id=sent.trace_id and sent.trace_id.lower(),
            span_id=sent.span_id and sent.span_id.lower(),
            tokens_in=sent.tokens_in,
            tokens_out=sent.tokens_out,
            tokens_cached=sent.tokens_cached,
            cost_usd=_cost(sent.cost_usd),
            trial=_trial(sent),
            metadata=sent.metadata or {},
            steps=self._read_steps(),
        )
        if sent.failure or sent.failures:
            alone = [sent.failure] if sent.failure else []
            run.failures = self._keep(
                "failures", [*alone, *(sent.failures or ())], _failure, ["/failure"][: len(alone)]
            )
        if sent.decisions:
            run.decisions = self._keep("decisions", sent.decisions, _decision)
        if sent.quality_signals:
            run.signals = self._keep("quality_signals", sent.quality_signals, _signal)
        return Read(run, self.refused, self.doubts)

    def _read_steps(self) -> list[Step]:
        steps = self.steps
        have_parents = False
        for place, sent in enumerate(self.sent.steps or ()):
            try:
                step = _step(sent, place, self.window)
            except AssayError as error:
                raise refused(within(f"/steps/{place}", error.errors[0])) from None
            if step.step_id in steps:
                raise single("duplicate_id", f"/steps/{place}/step_id", "Another step of this run has the same id.")
            steps[step.step_id] = step
            have_parents = have_parents or step.parent_step_id is not None
        if have_parents:
            check_parents(steps)
            self.doubts += [
                Doubt(f"/steps/{place}/parent_step_id", step)
                for place, step in enumerate(steps.values())
                if step.parent_step_id is not None and step.parent_step_id not in steps
            ]
        return list(steps.values())

    def _keep(
        self, name: str, sent: Sequence[S], made: Callable[[S, Window], P], pointers: Sequence[str] = ()
    ) -> list[P]:
        """The parts of one list that are right; the others are refused, each alone."""
        taken: dict[str, P] = {}
        for number, one in enumerate(sent):
            try:
                part = made(one, self.window)
                if part.own_id in taken:
                    raise single("duplicate_id", f"/{_OWN[name]}", "Another one of this run has the same id.")
                if part.metadata and (told := bad_metadata(part.metadata)):
                    raise refused(told)
            except AssayError as error:
                self.refused.add(within(self._pointer(name, number, pointers), error.errors[0]))
                continue
            if part.step_id is not None and part.step_id not in self.steps:
                self.doubts.append(Doubt(f"{self._pointer(name, number, pointers)}/step_id", part))
            if not part.own_id:
                part.own_id = self._own_id(part, taken)
            taken[part.own_id] = part
        return list(taken.values())

    def _own_id(self, part: Part, taken: Mapping[str, Any]) -> str:
        """What a part without an id is known by: its content, and which of those with the same content it is."""
        digest = blake2b(msgspec.json.encode(part), digest_size=12).hexdigest()
        number = self.alike.get(digest, 0)
        while (own_id := f"{digest}.{number}") in taken:
            number += 1
        self.alike[digest] = number + 1
        return own_id

    def _pointer(self, name: str, number: int, pointers: Sequence[str]) -> str:
        if number < len(pointers):
            return pointers[number]
        place = number - len(pointers)
        return f"/{name}/{self.places[name][place] if name in self.places else place}"


def check_parents(steps: Mapping[str, Step]) -> None:
    """AssayError where a step leads back to itself."""
    clear: set[str] = set()
    for place, step in enumerate(steps.values()):
        path: set[str] = set()
        above: Step | None = step
        while above is not None and above.step_id not in clear:
            if above.step_id in path:
                raise single("parent_cycle", f"/steps/{place}/parent_step_id", "This step leads back to itself.")
            path.add(above.step_id)
            above = steps.get(above.parent_step_id) if above.parent_step_id is not None else None
        clear |= path


def _step(sent: SentStep, place: int, window: Window) -> Step:
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
        latency_ms=_latency(sent, window),
        tokens_in=sent.tokens_in,
        tokens_out=sent.tokens_out,
        tokens_cached=sent.tokens_cached,
        model=sent.model,
        trial=_trial(sent),
        metadata=sent.metadata or {},
    )


def _failure(sent: SentFailure, _: Window) -> Failure:
    return Failure(
        own_id="", failure_type=sent.failure_type, code=sent.code, step_id=sent.step_id, metadata=sent.metadata or {}
    )


def _decision(sent: SentDecision, window: Window) -> Decision:
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


def _signal(sent: SentSignal, window: Window) -> Signal:
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


def _latency(sent: SentStep | SentRun, window: Window) -> float | None:
    """As it was measured, else from beginning to end."""
    window.check(sent.started_at, "started_at")
    window.check(sent.ended_at, "ended_at")
    # To the nanosecond: squares of less could not be told from nothing, which the database refuses to add up.
    measured = None if sent.latency_ms is None else round(sent.latency_ms, 6)
    if sent.ended_at is None or sent.started_at is None:
        return measured
    if sent.ended_at < sent.started_at:
        raise single("ended_before_started", "/ended_at", "This ended before it started.")
    return (sent.ended_at - sent.started_at) / MILLISECOND if measured is None else measured


def _cost(sent: str | float | None) -> Decimal | None:
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


def _trial(sent: SentTrial) -> Trial | None:
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
