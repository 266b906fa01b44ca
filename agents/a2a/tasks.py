"""A handoff as a task of the A2A protocol."""

from datetime import UTC, datetime
from typing import Any

from agents.models import Handoff
from agents.models.handoff_states import Status

STATES = {
    Status.PENDING: "TASK_STATE_SUBMITTED",
    Status.IN_PROGRESS: "TASK_STATE_WORKING",
    Status.INPUT_REQUIRED: "TASK_STATE_INPUT_REQUIRED",
    Status.COMPLETED: "TASK_STATE_COMPLETED",
    Status.REJECTED: "TASK_STATE_REJECTED",
    Status.FAILED: "TASK_STATE_FAILED",
    Status.CANCELED: "TASK_STATE_CANCELED",
    # The protocol knows no deadline: what is past it has failed, and says why.
    Status.EXPIRED: "TASK_STATE_FAILED",
}


def statuses_of(state: str) -> list[Status]:
    """The statuses that are this state of the protocol."""
    return [status for status, name in STATES.items() if name == state]


def as_task(handoff: Handoff, *, history_length: int | None = None, with_artifacts: bool = True) -> dict[str, Any]:
    """A judged handoff with its parts. `history_length`: the last so many messages, all when None."""
    history = _history(handoff)
    shown = history if history_length is None else history[max(len(history) - history_length, 0) :]
    task: dict[str, Any] = {
        "id": handoff.task_id,
        "contextId": handoff.context_id,
        "status": _status(handoff),
        "history": shown,
        "metadata": {
            "status": handoff.state,
            "from_agent": handoff.from_agent.code if handoff.from_agent else None,
            "to_agent": handoff.to_agent.code,
            "task_type": handoff.task_type,
            "payload_version": handoff.payload_type.version,
            "priority": handoff.priority_name,
            "deadline": _written(handoff.deadline) if handoff.deadline else None,
            "attempt": handoff.attempt_now,
            "chain": handoff.chain,
        },
    }
    if with_artifacts:
        task["artifacts"] = _artifacts(handoff)
    return task


def _status(handoff: Handoff) -> dict[str, Any]:
    state = Status(handoff.state)
    status: dict[str, Any] = {"state": STATES[state], "timestamp": _written(handoff.since)}
    said: Any = None
    if state == Status.INPUT_REQUIRED and handoff.inputs:
        said = handoff.inputs[-1]["question"]
    elif state == Status.EXPIRED:
        said = "The deadline passed."
    elif state in (Status.FAILED, Status.REJECTED, Status.CANCELED):
        said = handoff.reason_now or handoff.reason_code_now or None
    if said is not None:
        status["message"] = _message(handoff, "status", "ROLE_AGENT", said)
    return status


def _history(handoff: Handoff) -> list[dict[str, Any]]:
    told = [_message(handoff, "payload", "ROLE_USER", handoff.payload)]
    for number, asked in enumerate(handoff.inputs):
        told.append(_message(handoff, f"question-{number}", "ROLE_AGENT", asked["question"]))
        if asked["answered_at"] is not None:
            told.append(_message(handoff, f"answer-{number}", "ROLE_USER", asked["answer"]))
    return told


def _artifacts(handoff: Handoff) -> list[dict[str, Any]]:
    result = handoff.result
    if result is None:
        return []
    return [{"artifactId": str(result.pk), "name": "result", "parts": [_part(result.result)]}]


def _message(handoff: Handoff, name: str, role: str, said: Any) -> dict[str, Any]:
    return {
        "messageId": f"{handoff.task_id}-{name}",
        "contextId": handoff.context_id,
        "taskId": handoff.task_id,
        "role": role,
        "parts": [_part(said)],
    }


def _part(value: Any) -> dict[str, Any]:
    return {"text": value} if isinstance(value, str) else {"data": value, "mediaType": "application/json"}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
