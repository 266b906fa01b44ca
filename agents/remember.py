"""This file lets you have an agent remember something."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from agents.handoffs.remember_handoff import GIVEN, LATE, OUTCOME
from agents.keep_in_memory import keep_in_memory
from agents.models import Agent, AgentMemory
from agents.models.memory import EVERYWHERE
from agents.read_clock import read_clock
from sentinel.access import Access

LARGEST = 256 * 1024


@transaction.atomic
def remember(
    *,
    access: Access,
    agent: Agent,
    kind: str,
    key: str,
    value: Any,
    scope: str = EVERYWHERE,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> AgentMemory:
    """What it remembers from now on, or from `valid_from`; what it knew of the same kind, key and scope is superseded
    as of then.

    Raises AssayError 403, 404, 413 `value_too_large`, 422 with a pointer for each bad field.
    """
    access.require("agents.write")
    if agent.project_id != access.project_id:
        raise AssayError("not_found", "There is no such agent.", status=404)
    _check(kind, key, scope, value)
    _take_turns(agent, kind, key, scope)
    known = AgentMemory.objects.filter(agent=agent, kind=kind, key=key, scope=scope, superseded_by=None).first()
    begins = valid_from or read_clock()
    if known is not None and begins < known.valid_from:
        if valid_from is not None:
            told = f"What is known now holds since {known.valid_from.isoformat()}: what replaces it begins later."
            raise single("earlier_than_known", "/valid_from", told)
        # What is known holds only later: what replaces it does not begin before.
        begins = known.valid_from
    if valid_to is not None and valid_to < begins:
        raise single("ended_before_started", "/valid_to", "It would end before it begins.")
    written = keep_in_memory(
        agent=agent, kind=kind, key=key, value=value, scope=scope, valid_from=begins, valid_to=valid_to
    )
    return AgentMemory.objects.select_related("agent").get(pk=written.pk)


def _check(kind: str, key: str, scope: str, value: Any) -> None:
    errors = []
    try:
        AgentMemory(kind=kind, key=key, scope=scope).clean_fields(
            exclude=["project", "agent", "value", "valid_from", "superseded_by", "handoff"]
        )
    except ValidationError as error:
        for name, found in error.error_dict.items():
            errors += [FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages)) for one in found]
    if kind in (GIVEN, OUTCOME, LATE):
        errors.append(FieldError("/kind", "reserved_kind", f"{kind} is what handoffs are remembered by."))
    if errors:
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)
    if len(msgspec.json.encode(value)) > LARGEST:
        raise single("value_too_large", "/value", f"A value may take {LARGEST} bytes as JSON.", status=413)


def _take_turns(agent: Agent, kind: str, key: str, scope: str) -> None:
    """Two that remember the same do it one after the other, each in a transaction."""
    name = "\0".join((str(agent.pk), kind, key, scope)).encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
