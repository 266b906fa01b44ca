"""The JSON in which a run is sent: what fields there are, and what each may hold. Null is as good as nothing wherever a
field may be left out."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from assay.core.codes import FAILURE_TYPES, REASONS, RUN_STATUSES, SIGNALS, STEP_TYPES

from agents.telemetry.facts import Metadata

MOST_CANDIDATES = 50
# What a run's environment and a step's status are where nobody says.
ENVIRONMENT, STATUS = "production", "success"

# Of what letters a code is, `agents.telemetry.codes` checks of all codes of a run at once: a regular expression for
# each would cost more than all else about them.
Code = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100, extra_json_schema={"pattern": "^[A-Za-z0-9._:/@+-]{1,100}$"})
]
# `(?![\s\S])` is the end of the text in every dialect of regular expressions; `$` would let a line end follow. An id
# of zeros alone is none: so say OpenTelemetry and W3C Trace Context.
TraceId = Annotated[str, msgspec.Meta(pattern=r"^(?!0{32})[0-9a-fA-F]{32}(?![\s\S])")]
SpanId = Annotated[str, msgspec.Meta(pattern=r"^(?!0{16})[0-9a-fA-F]{16}(?![\s\S])")]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=31 * 86_400_000)]
Tokens = Annotated[int, msgspec.Meta(ge=0, le=10**10)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Arm = Annotated[int, msgspec.Meta(ge=0, le=255)]
Token = Annotated[str, msgspec.Meta(max_length=120)]
# As text it keeps every digit. Whether a text is a number, `agents.telemetry.read` says: what Python takes for a
# Decimal may have spaces and underscores in it.
Cost = Annotated[str, msgspec.Meta(extra_json_schema={"format": "decimal"})] | int | float

if TYPE_CHECKING:
    # msgspec reads the closed lists as they are; for a type checker they are strings.
    Status: TypeAlias = str
    StepType: TypeAlias = str
    FailureType: TypeAlias = str
    DecisionType: TypeAlias = str
    Reason: TypeAlias = str
    SignalType: TypeAlias = str
    SignalCode: TypeAlias = str
else:
    Status = Literal[RUN_STATUSES]
    StepType = Literal[STEP_TYPES]
    FailureType = Literal[FAILURE_TYPES]
    DecisionType = Literal[tuple(REASONS)]
    Reason = Literal[tuple(reason for reasons in REASONS.values() for reason in reasons)]
    SignalType = Literal[tuple(SIGNALS)]
    SignalCode = Literal[tuple(code for codes in SIGNALS.values() for code in codes)]


class SentTrial(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Which version of a prompt was used, and as which arm of which experiment: by their ids, or by the resolution."""

    version_id: UUID | None = None
    experiment_id: UUID | None = None
    arm: Arm | None = None
    resolution_id: Token | None = None


class SentStep(SentTrial, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A step. Without a `step_id` it is known by its `seq`, and without that by its place in the list, from 0."""

    step_id: Code | None = None
    parent_step_id: Code | None = None
    step_type: StepType
    name: Code | None = None
    seq: Seq | None = None
    status: Status | None = STATUS
    started_at: Time | None = None
    ended_at: Time | None = None
    latency_ms: Milliseconds | None = None
    tokens_in: Tokens | None = None
    tokens_out: Tokens | None = None
    tokens_cached: Tokens | None = None
    model: Code | None = None
    metadata: Metadata | None = None


class SentFailure(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What went wrong, as a code."""

    failure_type: FailureType
    code: Code
    step_id: Code | None = None
    metadata: Metadata | None = None


class SentDecision(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What was chosen, and why: a reason of its decision type."""

    decision_id: Code | None = None
    decision_type: DecisionType
    selected: Code
    candidates: Annotated[list[Code], msgspec.Meta(max_length=MOST_CANDIDATES)] | None = None
    reason_code: Reason
    confidence: Share | None = None
    step_id: Code | None = None
    at: Time | None = None
    metadata: Metadata | None = None


class SentSignal(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What was observed: a code of its signal type, true or false."""

    signal_id: Code | None = None
    signal_type: SignalType
    signal_code: SignalCode
    value: bool
    weight: Share | None = None
    step_id: Code | None = None
    at: Time | None = None
    metadata: Metadata | None = None


class SentRun(SentTrial, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One run of an agent with all that belongs to it; up to 10,000 steps. No field holds what was said."""

    run_id: Code
    agent_id: Code
    agent_version: Code
    environment: Code | None = ENVIRONMENT
    status: Status
    started_at: Time
    ended_at: Time | None = None
    latency_ms: Milliseconds | None = None
    parent_run_id: Code | None = None
    session_id: Code | None = None
    trace_id: TraceId | None = None
    span_id: SpanId | None = None
    tokens_in: Tokens | None = None
    tokens_out: Tokens | None = None
    tokens_cached: Tokens | None = None
    cost_usd: Cost | None = None
    metadata: Metadata | None = None
    steps: list[SentStep] | None = None
    failure: SentFailure | None = None
    failures: list[SentFailure] | None = None
    decisions: list[SentDecision] | None = None
    quality_signals: list[SentSignal] | None = None
