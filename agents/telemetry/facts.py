"""A run and what belongs to it, as plain values: codes, numbers and times, checked before they are made."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

Metadata = dict[str, str | int | float | bool | None]


class Trial(msgspec.Struct, frozen=True):
    """Which version of a prompt was used, and as which arm of which experiment."""

    version_id: UUID
    experiment_id: UUID | None = None
    arm: int | None = None


class Step(msgspec.Struct, kw_only=True):
    """`step_id` is unique in its run; `latency_ms` in milliseconds; tokens are counts."""

    step_id: str
    parent_step_id: str | None = None
    step_type: str
    name: str | None = None
    seq: int
    status: str = "success"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    latency_ms: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    model: str | None = None
    trial: Trial | None = None
    metadata: Metadata = {}


class Failure(msgspec.Struct, kw_only=True):
    """`own_id` is what makes it itself among the failures of its run."""

    own_id: str
    failure_type: str
    code: str
    step_id: str | None = None
    metadata: Metadata = {}


class Decision(msgspec.Struct, kw_only=True):
    """`confidence` is in [0, 1]; `reason_code` belongs to `decision_type`."""

    own_id: str
    decision_type: str
    selected: str
    candidates: list[str] = []
    reason_code: str
    confidence: float | None = None
    step_id: str | None = None
    at: datetime | None = None
    metadata: Metadata = {}


class Signal(msgspec.Struct, kw_only=True):
    """`weight` is in [0, 1]; `signal_code` belongs to `signal_type`."""

    own_id: str
    signal_type: str
    signal_code: str
    value: bool
    weight: float | None = None
    step_id: str | None = None
    at: datetime | None = None
    metadata: Metadata = {}


class Run(msgspec.Struct, kw_only=True):
    """What one agent did. `run_id` is the sender's own name of it, unique in its project.

    `latency_ms` in milliseconds, `cost_usd` in US dollars. `loop_length` and `loop_repeats`: the steps of a cycle that
    it went through, and how often in a row; both are worked out, and None where there is none.
    """

    run_id: str
    agent_id: str
    agent_version: str
    environment: str
    status: str
    started_at: datetime
    ended_at: datetime | None = None
    latency_ms: float | None = None
    parent_run_id: str | None = None
    session_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost_usd: Decimal | None = None
    trial: Trial | None = None
    loop_length: int | None = None
    loop_repeats: int | None = None
    metadata: Metadata = {}
    steps: list[Step] = []
    failures: list[Failure] = []
    decisions: list[Decision] = []
    signals: list[Signal] = []


class Group(msgspec.Struct):
    """What is stored and merged as one: a run that was reported as such, or the runs of a trace.

    `key` is the run's id or the trace's; `began_at` when it is first heard to have begun, which decides the hour and
    the month that all of it is counted and kept in.
    """

    key: str
    began_at: datetime
    runs: list[Run]


def primitive(metadata: dict[str, Any]) -> Metadata:
    """The metadata as it is stored: whole floats stay floats, and the order of keys is none."""
    return dict(sorted(metadata.items()))
