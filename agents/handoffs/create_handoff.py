"""This file lets you hand work over to an agent."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from assay.core.errors import AssayError, FieldError, single
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from agents.handoffs.check_payload import check_payload
from agents.handoffs.find_payload_type import find_payload_type
from agents.handoffs.remember_handoff import GIVEN, remember_handoff
from agents.models import Agent, Handoff
from agents.models.handoff_states import Priority
from agents.models.handoffs import FIRST_ATTEMPTS, FIRST_LEASE, MOST_HOPS
from config.ids import uuid7
from sentinel.access import Access

# How long a key stands for what was asked with it, as everywhere.
KEPT = timedelta(hours=24)
TRIES = 5


@transaction.atomic
def create_handoff(
    *,
    access: Access,
    to_agent: Agent,
    task_type: str,
    payload: Any,
    from_agent: Agent | None = None,
    payload_version: int | None = None,
    priority: Priority = Priority.NORMAL,
    deadline: datetime | None = None,
    lease_seconds: int = FIRST_LEASE,
    max_attempts: int = FIRST_ATTEMPTS,
    context_id: str | None = None,
    parent: Handoff | None = None,
    run_id: str | None = None,
    trace_id: str | None = None,
    idempotency_key: str | None = None,
) -> Handoff:
    """The handoff, pending; with a key that was used within 24 hours for the same, that one.

    It follows `parent`, or what was last handed to its giver in the same context, and goes on with that one's chain.
    Without a `from_agent` it comes from outside. Both agents remember it.

    Raises AssayError 403, 404 `unknown_task_type`, 409 `handoff_loop`, `too_many_hops`, `agent_inactive`, 413
    `payload_too_large`, 422 `invalid_payload`, `invalid`, `not_yours_to_pass_on`, `idempotency_key_reused`.
    """
    access.require("agents.write")
    _check_agents(access, from_agent, to_agent)
    handoff = Handoff(
        project_id=access.project_id,
        from_agent=from_agent,
        to_agent=to_agent,
        payload=payload,
        priority=priority,
        deadline=deadline,
        lease_seconds=lease_seconds,
        max_attempts=max_attempts,
        context_id=context_id or (parent.context_id if parent else str(uuid7())),
        parent=parent,
        run_id=run_id,
        trace_id=trace_id.lower() if trace_id else trace_id,
        idempotency_key=idempotency_key,
    )
    if errors := list(_errors(handoff)):
        raise AssayError("invalid", errors[0].detail, status=422, errors=errors)
    if idempotency_key is not None:
        asked = (task_type, payload_version, context_id)
        handoff.asked_digest = _digest(handoff, asked)
        made = _made_before(handoff)
        if made is not None:
            return made
    if deadline is not None and deadline <= timezone.now():
        raise single("deadline_passed", "/deadline", "The deadline has passed already.")
    handoff.payload_type = find_payload_type(access.project_id, task_type, payload_version)
    check_payload(handoff.payload_type, payload)
    _join_chain(handoff, given=context_id is not None)
    _insert(handoff)
    handoff.tell("created", access)
    remember_handoff(handoff, GIVEN, payload=payload, priority=handoff.priority_name)
    return Handoff.objects.with_parts().get(pk=handoff.pk)


def _check_agents(access: Access, from_agent: Agent | None, to_agent: Agent) -> None:
    for pointer, agent in (("/from_agent", from_agent), ("/to_agent", to_agent)):
        if agent is None:
            continue
        if agent.project_id != access.project_id:
            raise single("unknown_agent", pointer, "There is no such agent.", status=404)
        if not agent.is_active:
            raise single("agent_inactive", pointer, f"{agent.code} is switched off.", status=409)


def _errors(handoff: Handoff) -> Iterator[FieldError]:
    exclude = ["project", "task_id", "from_agent", "to_agent", "chain", "payload_type", "payload", "inputs", "parent"]
    try:
        handoff.clean_fields(exclude=exclude)
    except ValidationError as error:
        for name, found in error.error_dict.items():
            for one in found:
                yield FieldError(f"/{name}", one.code or "invalid", " ".join(one.messages))


def _digest(handoff: Handoff, asked: tuple[Any, ...]) -> str:
    """Of what was asked, so that the same key with something else is noticed."""
    names = ("from_agent_id", "to_agent_id", "payload", "priority", "lease_seconds", "max_attempts", "parent_id")
    told = [*asked, *(getattr(handoff, name) for name in (*names, "deadline", "run_id", "trace_id"))]
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def _made_before(handoff: Handoff) -> Handoff | None:
    """What was made with the same key lately. Two with one key at once are made one after the other."""
    name = f"handoff:{handoff.project_id}:{handoff.idempotency_key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    made = (
        Handoff.objects.in_project(handoff.project_id)
        .with_parts()
        .filter(idempotency_key=handoff.idempotency_key, created_at__gt=timezone.now() - KEPT)
        .first()
    )
    if made is not None and made.asked_digest != handoff.asked_digest:
        raise AssayError("idempotency_key_reused", "This key was used for another handoff.", status=422)
    return made


def _join_chain(handoff: Handoff, *, given: bool) -> None:
    """Set its place in the chain. Raises where the chain would come back to where it was, or grow too long."""
    if handoff.parent is None and given and handoff.from_agent is not None:
        # Nobody escapes the chain by not naming it.
        same_context = Handoff.objects.in_project(handoff.project_id).filter(context_id=handoff.context_id)
        handoff.parent = same_context.filter(to_agent=handoff.from_agent).order_by("-id").first()
    parent = handoff.parent
    if parent is None:
        chain = [handoff.from_agent.code] if handoff.from_agent else []
    else:
        _check_parent(handoff, parent)
        chain, handoff.hop_count = parent.chain, parent.hop_count + 1
    handoff.chain = [*chain, handoff.to_agent.code]
    shown = " → ".join(handoff.chain)
    if handoff.to_agent.code in chain:
        told = f"The chain comes back to where it was: {shown}."
        raise _stopped("handoff_loop", told, handoff)
    if handoff.hop_count > MOST_HOPS:
        told = f"The chain would go past {MOST_HOPS} hops: {shown}."
        raise _stopped("too_many_hops", told, handoff)


def _check_parent(handoff: Handoff, parent: Handoff) -> None:
    if parent.project_id != handoff.project_id:
        raise single("not_found", "/parent_task_id", "There is no such handoff.", status=404)
    if handoff.from_agent is not None and handoff.from_agent_id != parent.to_agent_id:
        told = f"{parent.task_id} is with {parent.to_agent.code}: nobody else passes it on."
        raise single("not_yours_to_pass_on", "/from_agent", told)
    if handoff.context_id != parent.context_id:
        told = f"{parent.task_id} is of the context {parent.context_id}, and so is what follows it."
        raise single("another_context", "/context_id", told)


def _stopped(code: str, told: str, handoff: Handoff) -> AssayError:
    found = [FieldError("/to_agent", code, told)]
    return AssayError(code, told, status=409, errors=found, extra={"chain": handoff.chain})


def _insert(handoff: Handoff) -> None:
    """With another task_id where somebody has this one: eight hex digits are not many."""
    for tried in range(TRIES):
        try:
            with transaction.atomic():
                handoff.save(force_insert=True)
        except IntegrityError as error:
            if "one_task_id" not in str(error) or tried == TRIES - 1:
                raise
            handoff.task_id = Handoff._meta.get_field("task_id").get_default()
        else:
            return
