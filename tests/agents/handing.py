"""Handoffs to try things on, made by hand, and time that passes when a test says so."""

from datetime import timedelta
from typing import Any

from django.db import connection

from agents.find_agent import find_agent
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.create_handoff import create_handoff
from agents.handoffs.find_handoff import find_handoff
from agents.models import Agent, Handoff
from tests.conftest import Person

BRIEF = {"topic": "Sourdough at home"}


def agent(person: Person, code: str) -> Agent:
    return find_agent(person.project.pk, code)


def hand_over(person: Person, to: str = "RAFA", giver: str | None = "NOVA", **fields: Any) -> Handoff:
    fields = {"task_type": "content_brief", "payload": BRIEF} | fields
    return create_handoff(
        access=person.access,
        from_agent=agent(person, giver) if giver else None,
        to_agent=agent(person, to),
        **fields,
    )


def confirmed(person: Person, **fields: Any) -> Handoff:
    return confirm_handoff(access=person.access, handoff=hand_over(person, **fields), worker="one")


def again(handoff: Handoff) -> Handoff:
    """The same as it stands now."""
    return find_handoff(handoff.project_id, handoff.task_id)


def let_pass(handoff: Handoff, span: timedelta) -> None:
    """As if the handoff, its lease and its deadline had been there that much longer. No trigger looks."""
    parameters: Any = [span, span, span, handoff.pk]
    with connection.cursor() as cursor:
        # A table with constraints to be looked at later cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE agents_handoff DISABLE TRIGGER handoff_moves")
        cursor.execute(
            "UPDATE agents_handoff SET lease_until = lease_until - %s, deadline = deadline - %s,"
            " created_at = created_at - %s WHERE id = %s",
            parameters,
        )
        cursor.execute("ALTER TABLE agents_handoff ENABLE TRIGGER handoff_moves; SET CONSTRAINTS ALL DEFERRED")
