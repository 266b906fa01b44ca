"""What is asked of the server: each call as one request that may be sent again without happening twice."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import quote

import msgspec

from assay.core.errors import AssayError, single
from assay.handoffs.shapes import Handoff


class Sent(TypedDict, total=False):
    """What may be told of work beyond its payload. `parent` is the handoff, or its task_id, that is passed on; times
    need their zone."""

    from_agent: str | None
    payload_version: int | None
    priority: str
    deadline: datetime | None
    lease_seconds: int
    max_attempts: int
    context_id: str | None
    parent: Handoff | str | None
    run_id: str | None
    trace_id: str | None


@dataclass(frozen=True)
class Call:
    """One request. A POST carries an Idempotency-Key, so that it is safe to repeat."""

    method: str
    path: str
    body: bytes | None = None
    params: dict[str, str] = field(default_factory=dict)
    key: str | None = None


def send(to_agent: str, task_type: str, payload: dict[str, Any], told: Sent, key: str | None) -> Call:
    """Hand work over."""
    body: dict[str, Any] = {"from_agent": None, "to_agent": to_agent, "task_type": task_type, "payload": payload}
    body |= {name: value for name, value in told.items() if value is not None}
    parent = body.pop("parent", None)
    if parent is not None:
        body["parent_task_id"] = task_id_of(parent)
    deadline = body.get("deadline")
    if deadline is not None and (not isinstance(deadline, datetime) or deadline.tzinfo is None):
        raise single("invalid_time", "/deadline", "A deadline is a datetime with its zone.")
    return _post("handoff/", body, key)


def get(handoff: Handoff | str) -> Call:
    """Ask where it stands."""
    return Call("GET", f"{_at(handoff)}/")


def pending(agent: str, limit: int) -> Call:
    """Ask what waits."""
    return Call("GET", f"handoff/pending/{quote(agent, safe='')}/", params={"page_size": str(limit)})


def move(handoff: Handoff | str, name: str, *, holds: bool = False, **fields: Any) -> Call:
    """Do something to it. `holds`: in the name of the lease that came with it."""
    body = {field_name: value for field_name, value in fields.items() if value is not None}
    if holds and isinstance(handoff, Handoff) and handoff.lease is not None:
        body["lease_id"] = handoff.lease.id
    return _post(f"{_at(handoff)}/{name}/", body, None)


def complete(handoff: Handoff | str, result: Any) -> Call:
    """Bring back what it came to, null included."""
    lease = handoff.lease if isinstance(handoff, Handoff) else None
    body = {"result": result} | ({"lease_id": lease.id} if lease else {})
    return _post(f"{_at(handoff)}/complete/", body, None)


def task_id_of(handoff: Handoff | str) -> str:
    """What it is called."""
    return handoff if isinstance(handoff, str) else handoff.task_id


def _at(handoff: Handoff | str) -> str:
    return f"handoff/{quote(task_id_of(handoff), safe='')}"


def _post(path: str, body: dict[str, Any], key: str | None) -> Call:
    try:
        encoded = msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise AssayError("invalid_json", f"This cannot be sent as JSON: {type(error).__name__}.") from None
    return Call("POST", path, encoded, key=key or uuid.uuid4().hex)
