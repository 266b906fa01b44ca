"""Read a run as it was sent, in JSON: what is right of it, and what was wrong where."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from assay.core.errors import AssayError, single

from agents.telemetry.decode import Decoded, bad_metadata, decode_run
from agents.telemetry.facts import Decision, Failure, Run, Signal, Step
from agents.telemetry.parts import Window, cost_of, decision_of, failure_of, latency_of, signal_of, step_of, trial_of
from agents.telemetry.refusals import Refusals, refused, within
from agents.telemetry.sent import ENVIRONMENT

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
            latency_ms=latency_of(sent, self.window),
            parent_run_id=sent.parent_run_id,
            session_id=sent.session_id,
            trace_id=sent.trace_id and sent.trace_id.lower(),
            span_id=sent.span_id and sent.span_id.lower(),
            tokens_in=sent.tokens_in,
            tokens_out=sent.tokens_out,
            tokens_cached=sent.tokens_cached,
            cost_usd=cost_of(sent.cost_usd),
            trial=trial_of(sent),
            metadata=sent.metadata or {},
            steps=self._read_steps(),
        )
        if sent.failure or sent.failures:
            alone = [sent.failure] if sent.failure else []
            run.failures = self._keep(
                "failures", [*alone, *(sent.failures or ())], failure_of, ["/failure"][: len(alone)]
            )
        if sent.decisions:
            run.decisions = self._keep("decisions", sent.decisions, decision_of)
        if sent.quality_signals:
            run.signals = self._keep("quality_signals", sent.quality_signals, signal_of)
        return Read(run, self.refused, self.doubts)

    def _read_steps(self) -> list[Step]:
        steps = self.steps
        have_parents = False
        for place, sent in enumerate(self.sent.steps or ()):
            try:
                step = step_of(sent, place, self.window)
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
