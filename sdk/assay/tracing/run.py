"""One run of an agent, and what it says of itself."""

import os
from collections.abc import Callable
from typing import Any

from assay.core.codes import REASONS, SIGNALS, STEP_TYPES
from assay.error_code import error_code
from assay.tracing import admit, measure
from assay.tracing.fail import is_told, status_of, tell, type_of
from assay.tracing.items import DecisionItem, SignalItem, StepItem
from assay.tracing.place import Place, here
from assay.tracing.record import Record
from assay.tracing.step import Step

HandOver = Callable[[Record], None]
"""Who sends a run, as it has come to be."""

FIRST_ANNOUNCED = 30.0
"""Seconds after which a run that still goes on is told of with its next step; then after twice as long each time."""


class Run(Place):
    """What `AgentTracer.start_run` returns. It has begun; it ends with its `with`, or with `end`. It raises nothing:
    what may not be told is left out, counted in `AgentTracer.dropped`, and warned of once."""

    __slots__ = ("_announce_at", "_failed", "_hand_over", "_status")

    def __init__(self, record: Record, hand_over: HandOver) -> None:
        super().__init__(record)
        self._hand_over = hand_over
        self._announce_at = FIRST_ANNOUNCED
        self._failed = False
        self._status: str | None = None

    @property
    def run_id(self) -> str:
        """Its id, to be kept with what it made."""
        return self.record.item.run_id

    def step(
        self,
        step_type: str,
        name: str | None = None,
        *,
        parent: Step | None = None,
        model: str | None = None,
        resolution: Any = None,
        metadata: dict[str, Any] | None = None,
    ) -> Step:
        """Begin a step, inside of the one that this thread or task is in, or of `parent`.

        `step_type` is one of plan, retrieve, tool, model, validate, respond, handoff, other; `name` and `model` are
        codes; `resolution` is the resolution that the step uses, or its id.
        """
        record, drops = self.record, self.record.drops
        seq = record.next_seq()
        known = admit.one_of(step_type, STEP_TYPES)
        if known is None:
            drops.count("unknown_step_type", field="step_type")
        item = StepItem(
            step_id=str(seq) if seq else "",
            parent_step_id=self._step_id(parent, "parent"),
            step_type=known or "other",
            name=admit.code(name, drops, "name"),
            seq=seq,
            status="running",
            started_at=record.now(),
            # What was not given, most often most of it, costs no call.
            model=None if model is None else admit.code(model, drops, "model"),
            resolution_id=None if resolution is None else admit.resolution_id(resolution, drops),
            metadata=None if metadata is None else admit.metadata(metadata, drops),
        )
        if seq:
            record.step_ids.add(item.step_id)
            record.item.steps.append(item)
            if record.elapsed() > self._announce_at:
                self.announce()
        return Step(record, item)

    def record_decision(
        self,
        decision_type: str,
        selected: str,
        reason_code: str,
        *,
        candidates: list[str] | None = None,
        confidence: float | None = None,
        step_id: str | Step | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Record what was chosen, among which `candidates`, and why: a reason that belongs to the decision's type.

        `confidence` is in [0, 1]. `step_id` is the step that this thread or task is in, unless you name another.
        """
        record, drops = self.record, self.record.drops
        if not record.takes(record.item.decisions):
            return
        pair = admit.pair(decision_type, reason_code, REASONS)
        chosen = admit.code(selected, drops, "selected")
        if pair is None or chosen is None:
            drops.count("unknown_decision", field="reason_code" if pair is None else "selected")
            return
        rated = measure.share(confidence)
        if rated is None and confidence is not None:
            drops.count("out_of_range", field="confidence")
            return
        decision = DecisionItem(
            decision_type=pair[0],
            selected=chosen,
            reason_code=pair[1],
            candidates=None if candidates is None else admit.candidates(candidates, drops),
            confidence=rated,
            step_id=self._step_id(step_id),
            at=record.now(),
            metadata=None if metadata is None else admit.metadata(metadata, drops),
        )
        record.put(record.item.decisions, decision)

    def record_quality_signal(
        self,
        signal_type: str,
        signal_code: str,
        value: bool,
        *,
        weight: float | None = None,
        step_id: str | Step | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Record what was observed: a code that belongs to the signal's type, and whether it was so.

        `weight` is in [0, 1]. `step_id` is the step that this thread or task is in, unless you name another.
        """
        record, drops = self.record, self.record.drops
        if not record.takes(record.item.quality_signals):
            return
        pair = admit.pair(signal_type, signal_code, SIGNALS)
        if pair is None:
            drops.count("unknown_signal", field="signal_code")
            return
        if value is not True and value is not False:
            drops.count("not_a_boolean", field="value")
            return
        weighed = measure.share(weight)
        if weighed is None and weight is not None:
            drops.count("out_of_range", field="weight")
            return
        signal = SignalItem(
            signal_type=pair[0],
            signal_code=pair[1],
            value=value,
            weight=weighed,
            step_id=self._step_id(step_id),
            at=record.now(),
            metadata=None if metadata is None else admit.metadata(metadata, drops),
        )
        record.put(record.item.quality_signals, signal)

    def record_failure(
        self,
        failure_type: str,
        code: str,
        *,
        step_id: str | Step | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Record a failure: tool, model, retrieval, orchestration, validation, timeout or other, and a code for it.

        The run ends as a failure, unless `partial` is called. Exceptions that leave a step or the run need no call.
        """
        self._failed = True
        self.record.fail(failure_type, code, self._step_id(step_id), metadata)

    def set_tokens(
        self,
        tokens_in: int | None = None,
        tokens_out: int | None = None,
        tokens_cached: int | None = None,
        *,
        cost_usd: Any = None,
    ) -> None:
        """Say what all of it took: counts, US dollars. What is never said is the sum of what its model steps took, and
        of what its steps cost."""
        item, drops = self.record.item, self.record.drops
        if not self.record.goes_on():
            return
        item.tokens_in = measure.tokens(tokens_in, drops, "tokens_in", item.tokens_in)
        item.tokens_out = measure.tokens(tokens_out, drops, "tokens_out", item.tokens_out)
        item.tokens_cached = measure.tokens(tokens_cached, drops, "tokens_cached", item.tokens_cached)
        item.cost_usd = measure.cost(cost_usd, drops, item.cost_usd)

    def set_resolution(self, resolution: Any) -> None:
        """Say which resolution (or its id) it used, so that it is seen with the prompt's version."""
        item = self.record.item
        if self.record.goes_on():
            item.resolution_id = admit.resolution_id(resolution, self.record.drops) or item.resolution_id

    def add_metadata(self, metadata: dict[str, Any]) -> None:
        """Add codes, numbers, booleans and None to what is known of it."""
        if self.record.goes_on():
            item = self.record.item
            item.metadata = admit.more_metadata(item.metadata, metadata, self.record.drops)

    def partial(self) -> None:
        """Say that it did a part of what it was to do."""
        if self.record.goes_on():
            self._status = "partial"

    def fail(self, failure_type: str, code: str, metadata: dict[str, Any] | None = None) -> None:
        """Say that it failed, though no exception says so."""
        self._status = "failure"
        self.record_failure(failure_type, code, metadata=metadata)

    def announce(self) -> None:
        """Tell the server now that it is running, and what it has done so far. A long run does so by itself."""
        record = self.record
        self._announce_at = max(record.elapsed(), self._announce_at) * 2
        if not record.ended:
            self._tell()

    def end(self, error: BaseException | None = None) -> None:
        """End it: well, or because of `error`. A second time does nothing."""
        record = self.record
        if record.ended:
            return
        run_id, status = record.item.run_id, status_of(error)
        if status == "success":
            status = self._status or ("failure" if self._failed else status)
        elif error is not None and status == "failure" and not is_told(error, run_id):
            record.fail(type_of(error, None), error_code(error), None)
            tell(error, run_id)
        record.item.ended_at = record.now()
        record.item.status = status
        record.ended = self.ended = True
        self._tell()

    def __repr__(self) -> str:
        """Name it."""
        return f"Run({self.run_id!r})"

    def _tell(self) -> None:
        if self.record.process == os.getpid():
            self._hand_over(self.record)
        else:
            self.record.drops.count("other_process")

    def _step_id(self, named: Any, field: str = "step_id") -> str | None:
        """The id of a step of this run: the one that was named, else the one that this thread or task is in."""
        if named is None:
            place = here()
            while place is not None and (place.record is not self.record or place.ended):
                place = place.outer
            return place.step_id or None if isinstance(place, Step) else None
        if admit.of(named, Step) and named.record is self.record:
            return named.step_id or None
        word = admit.plain(named)
        if word in self.record.step_ids:
            return word
        if word != "":
            self.record.drops.count("unknown_step", field=field)
        return None
