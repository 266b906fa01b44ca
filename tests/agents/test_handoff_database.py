"""The database holds the same rules against whoever writes past the verbs."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.request_input import request_input
from agents.models import AgentMemory, Handoff, HandoffEvent, HandoffResult, PayloadType
from agents.models.handoff_states import MOVES, OPEN, Status
from agents.remember import remember
from tests.agents.handing import again, agent, confirmed, hand_over, let_pass
from tests.conftest import Person


def refuses(sql: str, *values: Any) -> str:
    """The constraint by which the statement is refused."""
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return constraint_of(error.value)


def constraint_of(error: IntegrityError) -> str:
    cause: Any = error.__cause__
    return str(cause.diag.constraint_name)


def standing(person: Person, status: Status, **fields: Any) -> Handoff:
    if status == Status.PENDING:
        return hand_over(person, **fields)
    handoff = confirmed(person, **fields)
    if status == Status.INPUT_REQUIRED:
        request_input(access=person.access, handoff=handoff, question="?")
    return again(handoff)


SET = "UPDATE agents_handoff SET status = %s, lease_id = NULL, lease_until = NULL WHERE id = %s"
TAKE = "UPDATE agents_handoff SET status = %s, lease_id = gen_random_uuid(), lease_until = now() + '1 h' WHERE id = %s"
# Legal as moves, but for a reason of their own: see the tests below.
CONDITIONAL = {
    (Status.PENDING, Status.EXPIRED),
    (Status.IN_PROGRESS, Status.EXPIRED),
    (Status.INPUT_REQUIRED, Status.EXPIRED),
    (Status.IN_PROGRESS, Status.PENDING),
    (Status.IN_PROGRESS, Status.COMPLETED),
}


@pytest.mark.parametrize("start", OPEN)
def test_it_lets_through_legal_moves_alone(mia: Person, start: Status) -> None:
    for status in Status:
        if status == start:
            continue
        handoff = standing(mia, start)
        sql = TAKE if status == Status.IN_PROGRESS else SET
        if status in MOVES[start] and (start, status) not in CONDITIONAL:
            with connection.cursor() as cursor:
                cursor.execute(sql, [status, handoff.pk])
            moved = again(handoff)
            assert moved.status == status
            assert getattr(moved, f"{status.lower()}_at") is not None
        else:
            assert refuses(sql, status, handoff.pk) == "handoff_moves_legally", (start, status)


@pytest.mark.parametrize("start", OPEN)
def test_past_its_deadline_it_is_expired_and_nothing_else(mia: Person, start: Status) -> None:
    handoff = standing(mia, start, deadline=timezone.now() + timedelta(minutes=1))
    let_pass(handoff, timedelta(hours=1))
    for status in MOVES[start]:
        if status != Status.EXPIRED:
            sql = TAKE if status == Status.IN_PROGRESS else SET
            assert refuses(sql, status, handoff.pk) == "handoff_moves_legally", status
    with connection.cursor() as cursor:
        cursor.execute(SET, [Status.EXPIRED, handoff.pk])
    assert again(handoff).expired_at is not None


def test_what_is_over_stays_as_it_is(mia: Person) -> None:
    handoff = hand_over(mia)
    cancel_handoff(access=mia.access, handoff=handoff)
    for change in ("status = 'PENDING'", "reason = 'other'", "canceled_at = now() - interval '1 h'"):
        assert refuses(f"UPDATE agents_handoff SET {change} WHERE id = %s", handoff.pk) == "handoff_is_over"


def test_what_was_handed_over_stays_what_it_is(mia: Person) -> None:
    handoff = hand_over(mia)
    for change in ("payload = '{}'", "task_id = 'TASK-00000000'", "priority = 0", "hop_count = 2", "deadline = now()"):
        told = refuses(f"UPDATE agents_handoff SET {change} WHERE id = %s", handoff.pk)
        assert told == "handoff_keeps_its_content", change


def test_a_lease_is_taken_over_only_when_it_has_run_out(mia: Person) -> None:
    handoff = confirmed(mia)
    assert refuses(f"{TAKE}", "IN_PROGRESS", handoff.pk) == "handoff_moves_legally"
    assert refuses("UPDATE agents_handoff SET attempt = 3 WHERE id = %s", handoff.pk) == "handoff_counts_attempts"
    assert refuses("UPDATE agents_handoff SET lease_until = NULL WHERE id = %s", handoff.pk) in (
        "handoff_moves_legally",
        "lease_while_in_progress",
    )


def test_it_is_given_to_nobody_who_had_it(mia: Person, stranger: Person) -> None:
    handoff = hand_over(mia)
    sql = "UPDATE agents_handoff SET to_agent_id = %s, chain = %s WHERE id = %s"
    for taker, chain in (
        (agent(mia, "NOVA"), '["NOVA", "NOVA"]'),
        (agent(mia, "REX"), '["REX"]'),
        (agent(stranger, "REX"), '["NOVA", "REX"]'),
    ):
        assert refuses(sql, taker.pk, chain, handoff.pk) == "handoff_continues_chain"


def test_it_begins_pending_at_the_end_of_its_chain(mia: Person, stranger: Person) -> None:
    payload_type = PayloadType.objects.get(project=mia.project, name="content_brief")
    first = hand_over(mia, to="ATLAS")

    def begins(**fields: Any) -> str:
        fields = {
            "from_agent": agent(mia, "NOVA"),
            "to_agent": agent(mia, "RAFA"),
            "chain": ["NOVA", "RAFA"],
            "payload_type": payload_type,
            "payload": {"topic": "x"},
            "context_id": "c",
        } | fields
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            Handoff.objects.create(project=mia.project, **fields)
        return constraint_of(error.value)

    lease = {"lease_id": uuid4(), "lease_until": timezone.now()}
    assert begins(status="COMPLETED") == "handoff_begins_pending"
    assert begins(status="IN_PROGRESS", **lease) == "handoff_begins_pending"
    assert begins(to_agent=agent(stranger, "RAFA")) == "handoff_within_project"
    assert begins(chain=["RAFA"]) == "handoff_continues_chain"
    assert begins(hop_count=2) == "handoff_counts_hops"
    follows = {"parent": first, "from_agent": agent(mia, "ATLAS"), "hop_count": 2}
    assert begins(**follows, to_agent=agent(mia, "NOVA"), chain=["NOVA", "ATLAS", "NOVA"]) == "chain_comes_back"
    assert begins(**follows, chain=["ATLAS", "RAFA"]) == "handoff_continues_chain"
    assert begins(**(follows | {"from_agent": agent(mia, "REX")})) == "handoff_continues_chain"


def test_what_was_told_stays_told(mia: Person) -> None:
    handoff = confirmed(mia)
    kept = complete_handoff(access=mia.access, handoff=handoff, result={"text": "Flour."})
    event = HandoffEvent.objects.filter(handoff=handoff).first()
    assert event is not None
    assert (
        refuses("UPDATE agents_handoffresult SET result = '{}' WHERE id = %s", kept.pk) == "agents_handoffresult_stays"
    )
    assert refuses("UPDATE agents_handoffevent SET action = 'x' WHERE id = %s", event.pk) == "agents_handoffevent_stays"
    type_ = handoff.payload_type
    assert refuses("UPDATE agents_payloadtype SET schema = '{}' WHERE id = %s", type_.pk) == "agents_payloadtype_stays"
    assert refuses("UPDATE agents_agent SET code = 'X' WHERE id = %s", handoff.to_agent_id) == "agents_agent_stays"


def test_it_is_completed_by_one_result(mia: Person) -> None:
    handoff = confirmed(mia)
    complete_handoff(access=mia.access, handoff=handoff, result={})
    with pytest.raises(IntegrityError, match="one_result_in_time"), transaction.atomic():
        HandoffResult.objects.create(handoff=handoff, attempt=1, result={})


def test_a_project_goes_with_all_that_it_has(olga: Person) -> None:
    first = hand_over(olga, to="ATLAS")
    hand_over(olga, giver="ATLAS", to="RAFA", parent=first)
    for value in (1, 2, 3):
        remember(access=olga.access, agent=agent(olga, "RAFA"), kind="fact", key="size", value=value)
    olga.project.delete()
    assert not Handoff.objects.exists()
    assert not AgentMemory.objects.exists()
