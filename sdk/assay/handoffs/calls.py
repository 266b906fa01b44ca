"""What is asked of the server: each call as one request that may be sent again without happening twice."""

import os
import socket
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar
from urllib.parse import quote

from assay.core.errors import single
from assay.handoffs.as_json import as_json
from assay.handoffs.shapes import Completed, Handoff, Page

LONGEST_KEY = 200

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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
class Call(Generic[T_co]):
    """One request, and the shape of its answer. A POST carries an Idempotency-Key, so that it is safe to repeat."""

    method: str
    path: str
    shape: type[T_co]
    body: bytes | None = None
    params: dict[str, str] = field(default_factory=dict)
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What it needs beside what every request has."""
        return {"Idempotency-Key": self.key, "Content-Type": "application/json"} if self.key else {}


def send(to_agent: str, task_type: str, payload: dict[str, Any], told: Sent, key: str | None) -> Call[Handoff]:
    """Hand work over."""
    body: dict[str, Any] = {"from_agent": None, "to_agent": to_agent, "task_type": task_type, "payload": payload}
    body |= {name: value for name, value in told.items() if value is not None}
    parent = body.pop("parent", None)
    if parent is not None:
        body["parent_task_id"] = _task_id_of(parent)
    deadline = body.get("deadline")
    if deadline is not None and (not isinstance(deadline, datetime) or deadline.tzinfo is None):
        raise single("invalid_time", "/deadline", "A deadline is a datetime with its zone.")
    return _post("handoff/", body, Handoff, _checked(key))


def get(handoff: Handoff | str) -> Call[Handoff]:
    """Ask where it stands."""
    return Call("GET", f"{_at(handoff)}/", Handoff)


def pending(agent: str, limit: int) -> Call[Page]:
    """Ask what waits."""
    return Call("GET", f"handoff/pending/{quote(agent, safe='')}/", Page, params={"page_size": str(limit)})


def confirm(handoff: Handoff | str, worker: str | None, agent: str | None, lease_seconds: int | None) -> Call[Handoff]:
    """Take it, in the name of this process unless of another."""
    name = _this_process() if worker is None else worker
    return _move(handoff, "confirm", worker=name, agent=agent, lease_seconds=lease_seconds)


def extend(handoff: Handoff, lease_seconds: int | None) -> Call[Handoff]:
    """Keep it for longer."""
    return _move(handoff, "extend", holds=True, lease_seconds=lease_seconds)


def complete(handoff: Handoff | str, result: Any) -> Call[Completed]:
    """Bring back what it came to, null included."""
    return _post(f"{_at(handoff)}/complete/", {"result": result} | _lease_of(handoff), Completed)


def reject(handoff: Handoff | str, reason: str, code: str) -> Call[Handoff]:
    """Turn it down."""
    return _move(handoff, "reject", holds=True, reason=reason, reason_code=code)


def fail(handoff: Handoff | str, reason: str, code: str, *, retry: bool) -> Call[Handoff]:
    """Give it up, or back."""
    return _move(handoff, "fail", holds=True, reason=reason, reason_code=code, retry=retry)


def cancel(handoff: Handoff | str, reason: str) -> Call[Handoff]:
    """Call it off."""
    return _move(handoff, "cancel", reason=reason)


def request_input(handoff: Handoff | str, question: Any) -> Call[Handoff]:
    """Ask back."""
    return _post(f"{_at(handoff)}/request-input/", {"question": question} | _lease_of(handoff), Handoff)


def answer(handoff: Handoff | str, answer: Any) -> Call[Handoff]:
    """Answer what was asked, be it with null."""
    return _post(f"{_at(handoff)}/answer/", {"answer": answer}, Handoff)


def reassign(handoff: Handoff | str, to_agent: str, reason: str) -> Call[Handoff]:
    """Give it to another agent."""
    return _move(handoff, "reassign", to_agent=to_agent, reason=reason)


def _move(handoff: Handoff | str, name: str, *, holds: bool = False, **fields: Any) -> Call[Handoff]:
    """`holds`: in the name of the lease that came with it."""
    body = {field_name: value for field_name, value in fields.items() if value is not None}
    return _post(f"{_at(handoff)}/{name}/", body | (_lease_of(handoff) if holds else {}), Handoff)


def _lease_of(handoff: Handoff | str) -> dict[str, str]:
    lease = handoff.lease if isinstance(handoff, Handoff) else None
    return {"lease_id": lease.id} if lease is not None else {}


def _task_id_of(handoff: Handoff | str) -> str:
    return handoff if isinstance(handoff, str) else handoff.task_id


def _at(handoff: Handoff | str) -> str:
    return f"handoff/{quote(_task_id_of(handoff), safe='')}"


def _this_process() -> str:
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def _checked(key: str | None) -> str | None:
    # An empty one would be none at all; one with a line break would break the request, and be tried over and over.
    if key is None:
        return None
    printable = isinstance(key, str) and key.isascii() and key.isprintable()
    if printable and 1 <= len(key) <= LONGEST_KEY and key == key.strip():
        return key
    told = f"An idempotency key is 1 to {LONGEST_KEY} printable ASCII characters, with no space at its ends."
    raise single("invalid_idempotency_key", "/idempotency_key", told)


def _post(path: str, body: dict[str, Any], shape: type[T], key: str | None = None) -> Call[T]:
    return Call("POST", path, shape, as_json(body), key=key or uuid.uuid4().hex)
