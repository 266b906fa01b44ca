"""This file lets you take a message of the A2A protocol: as work for an agent, or as the answer to what one asked."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from assay.core.errors import single

from agents.a2a.messages import Message, whole
from agents.find_agent import find_agent
from agents.handoffs.answer_handoff import answer_handoff
from agents.handoffs.create_handoff import create_handoff
from agents.handoffs.find_handoff import find_handoff
from agents.models import Handoff
from agents.models.handoff_states import Priority, Status
from agents.models.roster import LEAD
from sentinel.access import Access

# What a plain text is: a goal, for the lead to reach in its own way.
PLAIN = "strategic_delegation"


class Told(msgspec.Struct):
    """What the message's metadata may say. Without a `to_agent` it is for the lead."""

    to_agent: str = LEAD
    from_agent: str | None = None
    task_type: str | None = None
    payload_version: Annotated[int, msgspec.Meta(ge=1, lt=2**31)] | None = None
    priority: Literal["URGENT", "HIGH", "NORMAL", "LOW"] = "NORMAL"
    deadline: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    run_id: str | None = None
    trace_id: str | None = None


def take_message(*, access: Access, message: Message, metadata: dict[str, Any]) -> Handoff:
    """The handoff that it made or answered. The same message again makes nothing more.

    Raises what `create_handoff` and `answer_handoff` raise, and AssayError 422 `unsupported_parts`, `invalid_metadata`.
    """
    said = _content(message)
    if message.task_id:
        return _answer(access, message, said)
    told = _told({**metadata, **message.metadata})
    task_type, payload = told.task_type, said
    if isinstance(said, str):
        if task_type not in (None, PLAIN):
            raise single("invalid_payload", "/message/parts", f"A {task_type} is sent as a data part.")
        task_type, payload = PLAIN, {"objective": said}
    elif task_type is None:
        raise single("invalid_metadata", "/message/metadata/task_type", "Name the task_type of the data.")
    project_id = access.project_id
    giver = told.from_agent
    referred = message.reference_task_ids[:1]
    return create_handoff(
        access=access,
        from_agent=find_agent(project_id, giver, pointer="/message/metadata/from_agent") if giver else None,
        to_agent=find_agent(project_id, told.to_agent, pointer="/message/metadata/to_agent"),
        task_type=task_type,
        payload_version=told.payload_version,
        payload=payload,
        priority=Priority[told.priority],
        deadline=told.deadline,
        context_id=message.context_id or None,
        parent=find_handoff(project_id, referred[0]) if referred else None,
        run_id=told.run_id,
        trace_id=told.trace_id,
        idempotency_key=f"a2a:{message.message_id}",
    )


def _answer(access: Access, message: Message, said: Any) -> Handoff:
    """The handoff, answered. The same answer again, since its first one was lost on the way, changes nothing."""
    handoff = find_handoff(access.project_id, message.task_id)
    if message.context_id and message.context_id != handoff.context_id:
        told = f"{handoff.task_id} is of another context."
        raise single("another_context", "/message/contextId", told)
    asked = handoff.inputs[-1] if handoff.inputs else None
    is_said = asked is not None and asked["answered_at"] is not None and asked["answer"] == said
    if is_said and handoff.state in (Status.PENDING, Status.IN_PROGRESS):
        access.require("agents.write")
        return handoff
    return answer_handoff(access=access, handoff=handoff, answer=said)


def _content(message: Message) -> Any:
    """The data of its data part, or its texts."""
    if any(part.raw is not None or part.url is not None for part in message.parts):
        raise single("unsupported_parts", "/message/parts", "Parts are text or data here: no files.")
    data = [part.data for part in message.parts if part.data is not msgspec.UNSET]
    texts = [part.text for part in message.parts if part.text is not None]
    if len(data) > 1 or (data and texts) or not (data or texts):
        told = "A message holds one data part, or parts of text."
        raise single("unsupported_parts", "/message/parts", told)
    return whole(data[0]) if data else "\n\n".join(texts)


def _told(metadata: dict[str, Any]) -> Told:
    try:
        return msgspec.convert(whole(metadata), Told)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$.")
        pointer = f"/message/metadata/{place.rstrip('`')}" if place else "/message/metadata"
        raise single("invalid_metadata", pointer, f"The metadata cannot be read: {told}.") from None
