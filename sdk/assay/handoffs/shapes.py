"""What the server tells of handoffs."""

from datetime import datetime
from typing import Any

import msgspec


class Lease(msgspec.Struct, frozen=True):
    """Who has the work, under which lease, and until when."""

    id: str
    worker: str
    until: datetime


class Input(msgspec.Struct, frozen=True):
    """What was asked back, and the answer once there is one."""

    question: Any
    asked_at: datetime
    answer: Any = None
    answered_at: datetime | None = None


class Result(msgspec.Struct, frozen=True):
    """What came back. `late_reason` says why it is late: the lease was lost, or the handoff was over."""

    result: Any
    attempt: int
    worker: str
    late: bool
    late_reason: str
    created_at: datetime


class Handoff(msgspec.Struct, frozen=True):
    """A handoff as it stood when the server told of it. What a newer server tells beyond this is let be."""

    task_id: str
    context_id: str
    from_agent: str | None
    to_agent: str
    task_type: str
    payload_version: int
    payload: dict[str, Any]
    priority: str
    status: str
    attempt: int
    max_attempts: int
    hop_count: int
    chain: list[str]
    lease_seconds: int
    created_at: datetime
    parent_task_id: str | None = None
    deadline: datetime | None = None
    lease: Lease | None = None
    run_id: str | None = None
    trace_id: str | None = None
    reason_code: str = ""
    reason: str = ""
    inputs: list[Input] = []
    result: Result | None = None
    late_results: list[Result] = []


class Completed(msgspec.Struct, frozen=True):
    """What became of a result: `late` when it changed nothing and was kept beside."""

    late: bool
    late_reason: str
    handoff: Handoff


class Page(msgspec.Struct, frozen=True):
    """A page of handoffs."""

    results: list[Handoff]


class Pending(list[Handoff]):
    """What waits for an agent, in turn; and in how many seconds to ask again."""

    def __init__(self, handoffs: list[Handoff], retry_after: float) -> None:
        super().__init__(handoffs)
        self.retry_after = retry_after
