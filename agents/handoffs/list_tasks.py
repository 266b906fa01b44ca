"""This file lets you list handoffs as the A2A protocol asks for it: what moved last comes first, a page at a time."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from assay.core.errors import AssayError, single

from agents.a2a.messages import ListTasks
from agents.a2a.tasks import STATES, statuses_of
from agents.models import Handoff
from sentinel.access import Access

Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True)
class Tasks:
    """A page, the token of the next one (empty at the end), and how many there are in all."""

    handoffs: list[Handoff]
    next_token: str
    total: int


def list_tasks(*, access: Access, asked: ListTasks) -> Tasks:
    """Three queries. Raises AssayError 403, 422 `invalid_page_token`, `invalid_status`, `invalid_timestamp`."""
    access.require("agents.read")
    found: Any = Handoff.objects.in_project(access.project_id).judged().by_move()
    if asked.context_id:
        found = found.filter(context_id=asked.context_id)
    if asked.status and asked.status != "TASK_STATE_UNSPECIFIED":
        if asked.status not in [*STATES.values(), "TASK_STATE_AUTH_REQUIRED"]:
            raise single("invalid_status", "/status", "There is no such state.")
        found = found.standing(statuses_of(asked.status))
    if asked.status_timestamp_after:
        found = found.filter(moved_at__gte=_moment(asked.status_timestamp_after))
    total = found.count()
    if asked.page_token:
        moved_at, id_ = _read(asked.page_token)
        # The first bound is where the index is entered.
        found = found.filter(moved_at__lte=moved_at).exclude(moved_at=moved_at, id__gte=id_)
    rows: list[Any] = list(found.with_parts()[: asked.page_size + 1])
    page = rows[: asked.page_size]
    return Tasks(page, _token(page[-1]) if len(rows) > len(page) else "", total)


def _moment(written: str) -> datetime:
    try:
        return msgspec.convert(written, Zoned)
    except msgspec.ValidationError:
        told = "This is no time as RFC 3339 writes it, with its zone."
        raise single("invalid_timestamp", "/statusTimestampAfter", told) from None


def _token(last: Any) -> str:
    return base64.urlsafe_b64encode(f"{last.moved_at.isoformat()} {last.pk}".encode()).decode()


def _read(token: str) -> tuple[datetime, UUID]:
    try:
        moved_at, id_ = base64.urlsafe_b64decode(token.encode()).decode().split(" ")
        return msgspec.convert(moved_at, Zoned), UUID(id_)
    except (ValueError, AssayError, msgspec.ValidationError):
        raise single("invalid_page_token", "/pageToken", "This is no token of a page.") from None
