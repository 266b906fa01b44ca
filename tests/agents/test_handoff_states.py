"""A handoff goes through its states, and every step is written down."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from assay.core.errors import AssayError
from django.utils import timezone
from django.utils.module_loading import import_string

from agents.handoffs.answer_handoff import answer_handoff
from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.create_handoff import create_handoff
from agents.handoffs.extend_lease import extend_lease
from agents.handoffs.fail_handoff import fail_handoff
from agents.handoffs.reassign_handoff import reassign_handoff
from agents.handoffs.reject_handoff import reject_handoff
from agents.handoffs.request_input import request_input
from agents.handoffs.tidy_handoffs import tidy_handoffs
from agents.models import AgentMemory, Handoff
from agents.models.handoff_states import Priority, Status
from agents.tasks import tidy
from config.regular_work import REGULAR
from tests.agents.handing import again, agent, confirmed, hand_over, let_pass
from tests.conftest import Person

HOUR = timedelta(hours=1)


def told(handoff: Handoff) -> list[str]:
    return list(handoff.events.values_list("action", flat=True))


def code_of(error: "pytest.ExceptionInfo[AssayError]") -> str:
    return error.value.code


def test_it_is_created_confirmed_and_completed(mia: Person) -> None:
    handoff = hand_over(mia, priority=Priority.HIGH, run_id="run-1", trace_id="a" * 32)
    assert handoff.task_id.startswith("TASK-")
    assert len(handoff.task_id) == 13
    assert (handoff.state, handoff.attempt, handoff.hop_count) == ("PENDING", 1, 1)
    assert handoff.chain == ["NOVA", "RAFA"]
    assert handoff.pending_at is not None

    taken = confirm_handoff(access=mia.access, handoff=handoff, worker="one")
    assert taken.state == "IN_PROGRESS"
    assert taken.lease_until is not None
    assert taken.lease_until > timezone.now()
    assert taken.in_progress_at is not None

    kept = complete_handoff(access=mia.access, handoff=taken, result={"text": "Flour."}, lease_id=taken.lease_id)
    done = again(handoff)
    assert not kept.late
    assert done.state == "COMPLETED"
    assert done.completed_at is not None
    assert done.lease_until is None
    assert done.result == kept
    assert told(done) == ["created", "confirmed", "completed"]


def test_it_is_confirmed_by_one(mia: Person, olga: Person) -> None:
    handoff = hand_over(mia)
    confirm_handoff(access=mia.access, handoff=handoff, worker="one")
    with pytest.raises(AssayError) as error:
        confirm_handoff(access=olga.access, handoff=handoff, worker="two")
    assert code_of(error) == "already_confirmed"
    assert error.value.status == 409
    assert "RAFA (one) has it until" in error.value.detail
    assert error.value.extra["handoff"]["worker"] == "one"


def test_it_is_confirmed_only_by_whom_it_is_for(mia: Person) -> None:
    with pytest.raises(AssayError) as error:
        confirm_handoff(access=mia.access, handoff=hand_over(mia), agent="REX")
    assert code_of(error) == "wrong_agent"


def test_it_returns_when_the_lease_runs_out(mia: Person) -> None:
    handoff = confirmed(mia)
    let_pass(handoff, HOUR)
    assert again(handoff).status == "IN_PROGRESS"
    assert again(handoff).state == "PENDING"
    assert again(handoff).attempt_now == 2
    assert list(Handoff.objects.waiting()) == [handoff]

    taken = confirm_handoff(access=mia.access, handoff=handoff, worker="two")
    assert (taken.state, taken.attempt, taken.worker) == ("IN_PROGRESS", 2, "two")
    assert taken.lease_id != handoff.lease_id


def test_it_is_tidied_as_it_was_judged(mia: Person) -> None:
    handoff = confirmed(mia)
    last = confirmed(mia, max_attempts=1)
    due = hand_over(mia, deadline=timezone.now() + timedelta(minutes=1))
    idle = hand_over(mia)
    for each in (handoff, last, due):
        let_pass(each, HOUR)
    judged = {each.pk: (again(each).state, again(each).attempt_now) for each in (handoff, last, due, idle)}
    assert [state for state, _ in judged.values()] == ["PENDING", "FAILED", "EXPIRED", "PENDING"]
    unwritten = again(last)

    assert tidy_handoffs() == 3
    assert {each.pk: (each.status, each.attempt) for each in Handoff.objects.all()} == judged
    assert tidy_handoffs() == 0
    assert told(handoff) == ["created", "confirmed", "returned"]
    failed = again(last)
    assert failed.reason_code == "attempts_exhausted"
    assert failed.reason == "No attempt of 1 was finished within its lease."
    written = again(last)
    assert [(it.state, it.reason_code_now, it.reason_now) for it in (unwritten, written)] == [
        ("FAILED", failed.reason_code, failed.reason)
    ] * 2
    assert again(due).expired_at is not None


def test_each_state_has_its_time_before_a_worker_has_written_it_down(mia: Person) -> None:
    lapsed, last = confirmed(mia), confirmed(mia, max_attempts=1)
    due = hand_over(mia, deadline=timezone.now() + timedelta(minutes=1))
    for each in (lapsed, last, due):
        let_pass(each, HOUR)
    unwritten = [again(each) for each in (lapsed, last, due)]
    times = [it.came_at(Status(it.state)) for it in unwritten]
    assert times == [unwritten[0].lease_until, unwritten[1].lease_until, unwritten[2].deadline]
    assert [it.since for it in unwritten] == times
    assert [again(due).came_at(state) for state in (Status.FAILED, Status.COMPLETED)] == [None, None]

    tidy_handoffs()
    written = [again(each) for each in (lapsed, last, due)]
    assert [it.since for it in written] == [written[0].pending_at, written[1].failed_at, written[2].expired_at]


def test_it_is_not_tried_more_often_than_it_may_be(mia: Person) -> None:
    handoff = confirmed(mia, max_attempts=2)
    let_pass(handoff, HOUR)
    assert confirm_handoff(access=mia.access, handoff=handoff).attempt == 2
    let_pass(handoff, HOUR)
    with pytest.raises(AssayError) as error:
        confirm_handoff(access=mia.access, handoff=handoff)
    assert code_of(error) == "wrong_status"
    assert "is FAILED" in error.value.detail


def test_the_worker_tidies_each_minute() -> None:
    assert REGULAR["agents.tasks.tidy"] == timedelta(minutes=1)
    assert import_string("agents.tasks.tidy") is tidy


def test_it_stays_with_whom_is_still_at_it(mia: Person) -> None:
    handoff = confirmed(mia)
    before = handoff.lease_until
    after = extend_lease(access=mia.access, handoff=handoff, lease_id=handoff.lease_id, lease_seconds=3000).lease_until
    assert before is not None
    assert after is not None
    assert after - before > timedelta(minutes=40)
    let_pass(handoff, HOUR)
    with pytest.raises(AssayError) as error:
        extend_lease(access=mia.access, handoff=handoff, lease_id=handoff.lease_id)
    assert code_of(error) == "wrong_status"


def test_it_keeps_a_late_result_of_a_lost_lease(mia: Person) -> None:
    first = confirmed(mia)
    let_pass(first, HOUR)
    second = confirm_handoff(access=mia.access, handoff=first, worker="two")

    late = complete_handoff(access=mia.access, handoff=first, result={"text": "Late."}, lease_id=first.lease_id)
    assert (late.late, late.late_reason) == (True, "lease_lost")
    assert (late.attempt, late.worker) == (1, "one")
    assert again(first).state == "IN_PROGRESS"

    good = complete_handoff(access=mia.access, handoff=first, result={"text": "Good."}, lease_id=second.lease_id)
    assert not good.late
    done = again(first)
    assert done.state == "COMPLETED"
    assert done.result == good
    assert set(done.results.all()) == {late, good}
    assert (good.attempt, good.worker) == (2, "two")


def test_a_late_result_is_of_the_attempt_that_its_worker_had(mia: Person) -> None:
    handoff = confirmed(mia)
    for worker in ("two", "three"):
        let_pass(handoff, HOUR)
        confirm_handoff(access=mia.access, handoff=handoff, worker=worker)
    named = complete_handoff(access=mia.access, handoff=handoff, result=1, worker="two")
    unheard = complete_handoff(access=mia.access, handoff=handoff, result=2, worker="four")
    let_pass(handoff, HOUR)
    nameless = complete_handoff(access=mia.access, handoff=handoff, result=3)
    assert [(it.attempt, it.worker) for it in (named, unheard, nameless)] == [(2, "two"), (3, "four"), (3, "")]
    assert all(it.late for it in (named, unheard, nameless))


def test_a_result_of_a_lease_that_just_ran_out_is_of_its_attempt(mia: Person) -> None:
    handoff = confirmed(mia)
    let_pass(handoff, HOUR)
    late = complete_handoff(access=mia.access, handoff=handoff, result="Late.", lease_id=handoff.lease_id)
    assert (late.attempt, late.worker) == (1, "one")
    assert again(handoff).attempt == 2
    told = {event.action: event.facts for event in handoff.events.all()}
    assert (told["returned"]["attempt"], told["late result"]["attempt"]) == (1, 1)
    assert (told["returned"]["worker"], told["late result"]["worker"]) == ("one", "one")


def test_it_takes_no_result_under_a_lease_that_never_was(mia: Person) -> None:
    handoff, other = confirmed(mia), confirmed(mia)
    acts: list[tuple[Any, dict[str, Any]]] = [
        (complete_handoff, {"result": {}}),
        (fail_handoff, {}),
        (reject_handoff, {}),
        (extend_lease, {}),
        (request_input, {"question": "?"}),
    ]
    for state in ("IN_PROGRESS", "PENDING", "CANCELED"):
        for verb, fields in acts:
            for lease_id in (uuid4(), other.lease_id):
                with pytest.raises(AssayError) as error:
                    verb(access=mia.access, handoff=handoff, lease_id=lease_id, **fields)
                assert (code_of(error), error.value.status) == ("unknown_lease", 422), (verb.__name__, state)
                assert error.value.errors[0].pointer == "/lease_id"
        assert again(handoff).state == state
        if state == "IN_PROGRESS":
            let_pass(handoff, HOUR)
        elif state == "PENDING":
            cancel_handoff(access=mia.access, handoff=handoff)
    assert not again(handoff).results.exists()
    assert complete_handoff(access=mia.access, handoff=handoff, result={}, lease_id=handoff.lease_id).late


def ended(mia: Person, how: str) -> Handoff:
    handoff = confirmed(mia, deadline=timezone.now() + timedelta(minutes=1))
    if how == "canceled":
        cancel_handoff(access=mia.access, handoff=handoff, reason="No longer wanted.")
    elif how == "expired":
        let_pass(handoff, HOUR)
    elif how == "failed":
        fail_handoff(access=mia.access, handoff=handoff, reason_code="tool_down")
    elif how == "completed":
        complete_handoff(access=mia.access, handoff=handoff, result={"text": "First."})
    else:
        request_input(access=mia.access, handoff=handoff, question="For whom?")
    return handoff


@pytest.mark.parametrize("how", ["canceled", "expired", "failed", "completed", "input_required"])
def test_it_keeps_a_result_that_comes_after_the_end(mia: Person, how: str) -> None:
    handoff = ended(mia, how)
    before = again(handoff).state
    late = complete_handoff(access=mia.access, handoff=handoff, result={"text": "Last."}, lease_id=handoff.lease_id)
    assert (late.late, late.late_reason) == (True, how)
    assert again(handoff).state == before
    assert AgentMemory.objects.filter(kind="handoff_late_result", value__result__text="Last.").count() == 2


def test_it_keeps_a_result_of_a_lease_that_nobody_took_over(mia: Person) -> None:
    handoff = confirmed(mia)
    let_pass(handoff, HOUR)
    late = complete_handoff(access=mia.access, handoff=handoff, result={"text": "Late."})
    assert (late.late, late.late_reason) == (True, "lease_lost")
    assert again(handoff).state == "PENDING"


def test_what_was_late_once_is_in_time_with_a_new_lease(mia: Person) -> None:
    handoff = confirmed(mia)
    let_pass(handoff, HOUR)
    for _ in range(2):
        assert complete_handoff(access=mia.access, handoff=handoff, result="Good.", worker="one").late
    assert again(handoff).results.count() == 1
    confirm_handoff(access=mia.access, handoff=handoff, worker="one")
    assert not complete_handoff(access=mia.access, handoff=handoff, result="Good.", worker="one").late
    assert again(handoff).state == "COMPLETED"


def test_it_takes_the_same_result_once(mia: Person) -> None:
    handoff = confirmed(mia)
    answers = [
        complete_handoff(access=mia.access, handoff=handoff, result={"text": "Good."}, lease_id=handoff.lease_id)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert not answers[1].late
    assert again(handoff).results.count() == 1


def test_it_is_not_completed_before_it_is_confirmed(mia: Person) -> None:
    with pytest.raises(AssayError) as error:
        complete_handoff(access=mia.access, handoff=hand_over(mia), result={})
    assert code_of(error) == "wrong_status"


def test_it_fails_for_good_or_for_now(mia: Person) -> None:
    handoff = confirmed(mia, max_attempts=2)
    waits = fail_handoff(access=mia.access, handoff=handoff, reason="The model is down.", retry=True)
    assert (waits.state, waits.attempt) == ("PENDING", 2)
    confirm_handoff(access=mia.access, handoff=handoff)
    failed = fail_handoff(access=mia.access, handoff=handoff, reason="Still down.", retry=True)
    assert (failed.state, failed.reason_code, failed.reason) == ("FAILED", "attempts_exhausted", "Still down.")
    assert told(failed) == ["created", "confirmed", "returned", "confirmed", "failed"]


def test_it_fails_only_for_whom_it_belongs_to(mia: Person) -> None:
    first = confirmed(mia)
    let_pass(first, HOUR)
    confirm_handoff(access=mia.access, handoff=first, worker="two")
    for lost in ({"lease_id": first.lease_id}, {"worker": "one"}):
        with pytest.raises(AssayError) as error:
            fail_handoff(access=mia.access, handoff=first, **lost)
        assert code_of(error) == "lease_lost"
        assert "RAFA (two) has it until" in error.value.detail


def test_it_is_rejected_before_or_after_it_is_confirmed(mia: Person) -> None:
    for handoff in (hand_over(mia), confirmed(mia)):
        rejected = reject_handoff(access=mia.access, handoff=handoff, reason="Not mine.", reason_code="out_of_scope")
        assert (rejected.state, rejected.reason_code) == ("REJECTED", "out_of_scope")


def test_it_asks_back_and_is_answered(mia: Person) -> None:
    handoff = confirmed(mia)
    asked = request_input(access=mia.access, handoff=handoff, question="For whom?", lease_id=handoff.lease_id)
    assert asked.state == "INPUT_REQUIRED"
    assert asked.inputs[0]["question"] == "For whom?"
    with pytest.raises(AssayError) as error:
        confirm_handoff(access=mia.access, handoff=handoff)
    assert code_of(error) == "wrong_status"
    answered = answer_handoff(access=mia.access, handoff=handoff, answer={"audience": "Beginners"})
    assert (answered.state, answered.attempt) == ("PENDING", 1)
    assert answered.inputs[0]["answer"] == {"audience": "Beginners"}
    assert confirm_handoff(access=mia.access, handoff=handoff).state == "IN_PROGRESS"


def test_it_is_given_to_another_agent(mia: Person) -> None:
    handoff = confirmed(mia)
    moved = reassign_handoff(access=mia.access, handoff=handoff, to_agent=agent(mia, "REX"), reason="Holidays.")
    assert (moved.state, moved.to_agent.code, moved.attempt) == ("PENDING", "REX", 1)
    assert moved.chain == ["NOVA", "REX"]
    late = complete_handoff(access=mia.access, handoff=handoff, result={}, lease_id=handoff.lease_id)
    assert late.late
    with pytest.raises(AssayError) as error:
        reassign_handoff(access=mia.access, handoff=handoff, to_agent=agent(mia, "NOVA"))
    assert code_of(error) == "handoff_loop"


def test_nothing_more_happens_to_what_is_over(mia: Person) -> None:
    handoff = confirmed(mia)
    complete_handoff(access=mia.access, handoff=handoff, result={})
    acts: list[tuple[Any, dict[str, Any]]] = [
        (confirm_handoff, {}),
        (cancel_handoff, {}),
        (reject_handoff, {}),
        (fail_handoff, {}),
        (extend_lease, {}),
        (request_input, {"question": "?"}),
        (answer_handoff, {"answer": "!"}),
        (reassign_handoff, {"to_agent": agent(mia, "REX")}),
    ]
    for verb, fields in acts:
        with pytest.raises(AssayError) as error:
            verb(access=mia.access, handoff=handoff, **fields)
        assert (code_of(error), error.value.status) == ("wrong_status", 409), verb.__name__
        assert "COMPLETED" in error.value.detail


def test_a_stranger_and_a_viewer_do_nothing(mia: Person, vic: Person, stranger: Person) -> None:
    handoff = confirmed(mia)
    for who, status in ((stranger, 404), (vic, 403)):
        for verb, fields in (
            (confirm_handoff, {}),
            (complete_handoff, {"result": {}}),
            (cancel_handoff, {}),
            (reject_handoff, {}),
            (fail_handoff, {}),
            (request_input, {"question": "?"}),
            (answer_handoff, {"answer": "!"}),
            (extend_lease, {}),
            (reassign_handoff, {"to_agent": agent(mia, "REX")}),
        ):
            with pytest.raises(AssayError) as error:
                verb(access=who.access, handoff=handoff, **fields)
            assert error.value.status == status, verb.__name__
        with pytest.raises(AssayError) as error:
            create_handoff(
                access=who.access, to_agent=agent(mia, "RAFA"), task_type="content_brief", payload={"topic": "x"}
            )
        assert error.value.status == status
