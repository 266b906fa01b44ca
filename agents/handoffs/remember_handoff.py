"""This file lets you have both agents remember a handoff, or its outcome, in the transaction in which it happens."""

from typing import Any

from agents.keep_in_memory import keep_in_memory
from agents.models import Handoff
from agents.read_clock import read_clock

GIVEN = "handoff"
OUTCOME = "handoff_outcome"
LATE = "handoff_late_result"


def remember_handoff(handoff: Handoff, kind: str, **facts: Any) -> None:
    """Write it down for who gave the work and who has it, by its task_id, in the scope of its context. Two queries for
    each of them and one more."""
    value = {
        "task_id": handoff.task_id,
        "task_type": handoff.task_type,
        "from_agent": handoff.from_agent.code if handoff.from_agent else None,
        "to_agent": handoff.to_agent.code,
        "status": handoff.status,
    } | facts
    now = read_clock()
    for agent in (handoff.from_agent, handoff.to_agent):
        if agent is not None:
            keep_in_memory(
                agent=agent,
                kind=kind,
                key=handoff.task_id,
                value=value,
                valid_from=now,
                scope=f"context:{handoff.context_id}",
                handoff=handoff,
            )
