"""A run and what belongs to it, as the server takes them: what was admitted, codes and numbers alone."""

from datetime import datetime
from decimal import Decimal

import msgspec

from assay.core.privacy import Metadata


class StepItem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A step. It is `running` until it ends."""

    step_id: str
    parent_step_id: str | None = None
    step_type: str
    name: str | None = None
    seq: int
    status: str
    started_at: datetime
    ended_at: datetime | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    model: str | None = None
    resolution_id: str | None = None
    metadata: Metadata | None = None


class FailureItem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A failure, of the run or of one step."""

    failure_type: str
    code: str
    step_id: str | None = None
    metadata: Metadata | None = None


class DecisionItem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A decision; `confidence` is in [0, 1]."""

    decision_type: str
    selected: str
    reason_code: str
    candidates: list[str] | None = None
    confidence: float | None = None
    step_id: str | None = None
    at: datetime
    metadata: Metadata | None = None


class SignalItem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A quality signal; `weight` is in [0, 1]."""

    signal_type: str
    signal_code: str
    value: bool
    weight: float | None = None
    step_id: str | None = None
    at: datetime
    metadata: Metadata | None = None


class RunItem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A run with all that belongs to it. Tokens are counts, `cost_usd` is in US dollars."""

    run_id: str
    agent_id: str
    agent_version: str
    environment: str
    status: str
    started_at: datetime
    ended_at: datetime | None = None
    parent_run_id: str | None = None
    session_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost_usd: Decimal | None = None
    resolution_id: str | None = None
    metadata: Metadata | None = None
    steps: list[StepItem] = []
    failures: list[FailureItem] = []
    decisions: list[DecisionItem] = []
    quality_signals: list[SignalItem] = []
