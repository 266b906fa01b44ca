"""Handoffs over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, Handoff
from agents.models.handoff_states import Priority
from tests.agents.handing import BRIEF, again, confirmed, hand_over, let_pass
from tests.api.calls import Answer, call
from tests.conftest import Person

HANDOFF = "/api/v1/handoff/"
WORK = {"from_agent": "NOVA", "to_agent": "RAFA", "task_type": "content_brief", "payload": BRIEF}


def post(who: Person, path: str = "", body: Any = None, **headers: str) -> Answer:
    return call(who, "POST", f"{HANDOFF}{path}", {} if body is None else body, **headers)


def test_it_goes_from_hand_to_hand(mia: Person) -> None:
    made = post(mia, body=WORK | {"priority": "HIGH", "deadline": "2999-01-01T00:00:00Z", "run_id": "run-1"})
    assert made.status == 201
    assert made.json["status"] == "PENDING"
    assert made.json["priority"] == "HIGH"
    assert made.json["run_id"] == "run-1"
    assert (made.json["from_agent"], made.json["chain"], made.json["hop_count"]) == ("NOVA", ["NOVA", "RAFA"], 1)
    one = made.json["task_id"]

    waiting = call(mia, "GET", f"{HANDOFF}pending/RAFA/")
    assert [each["task_id"] for each in waiting.json["results"]] == [one]
    assert waiting.headers["Retry-After"] == "1"

    taken = post(mia, f"{one}/confirm/", {"worker": "writer-1", "lease_seconds": 60})
    assert (taken.status, taken.json["status"]) == (200, "IN_PROGRESS")
    assert taken.json["lease"]["worker"] == "writer-1"
    assert call(mia, "GET", f"{HANDOFF}pending/RAFA/").headers["Retry-After"] == "5"

    other = post(mia, f"{one}/confirm/", {"worker": "writer-2"})
    assert (other.status, other.code) == (409, "already_confirmed")
    assert other.json["handoff"]["worker"] == "writer-1"

    lease = taken.json["lease"]["id"]
    longer = post(mia, f"{one}/extend/", {"lease_id": lease, "lease_seconds": 600})
    assert longer.json["lease"]["until"] > taken.json["lease"]["until"]

    done = post(mia, f"{one}/complete/", {"lease_id": lease, "result": {"text": "Flour."}})
    assert (done.status, done.json["late"]) == (200, False)
    after = call(mia, "GET", f"{HANDOFF}{one.lower()}/").json
    assert after == done.json["handoff"]
    assert after["status"] == "COMPLETED"
    assert after["result"]["result"] == {"text": "Flour."}
    assert after["lease"] is None

    timeline = call(mia, "GET", f"{HANDOFF}{one}/timeline/").json["results"]
    assert [event["action"] for event in timeline] == ["created", "confirmed", "completed"]


def test_a_late_result_is_kept_and_told(mia: Person) -> None:
    handoff = confirmed(mia)
    lease = handoff.lease_id
    let_pass(handoff, timedelta(hours=1))
    post(mia, f"{handoff.task_id}/confirm/", {"worker": "two"})
    late = post(mia, f"{handoff.task_id}/complete/", {"lease_id": str(lease), "result": "Late."})
    assert (late.status, late.json["late"], late.json["late_reason"]) == (202, True, "lease_lost")
    assert late.json["handoff"]["status"] == "IN_PROGRESS"
    (kept,) = late.json["handoff"]["late_results"]
    assert (kept["result"], kept["attempt"], kept["worker"]) == ("Late.", 1, "one")


def test_it_asks_back_is_answered_and_moves_on(mia: Person) -> None:
    one = confirmed(mia).task_id
    asked = post(mia, f"{one}/request-input/", {"question": "For whom?"})
    assert asked.json["status"] == "INPUT_REQUIRED"
    assert post(mia, f"{one}/answer/", {"answer": "x" * 70_000}).status == 413
    answered = post(mia, f"{one}/answer/", {"answer": "For all."})
    assert (answered.json["status"], answered.json["inputs"][0]["question"]) == ("PENDING", "For whom?")
    moved = post(mia, f"{one}/reassign/", {"to_agent": "REX"})
    assert (moved.json["to_agent"], moved.json["chain"]) == ("REX", ["NOVA", "REX"])
    assert post(mia, f"{one}/confirm/", {"agent": "RAFA"}).code == "wrong_agent"
    assert post(mia, f"{one}/confirm/", {"agent": "REX"}).status == 200
    again_ = post(mia, f"{one}/fail/", {"reason_code": "no_time", "retry": True})
    assert (again_.json["status"], again_.json["attempt"]) == ("PENDING", 2)
    rejected = post(mia, f"{one}/reject/", {"reason": "Not mine."})
    assert (rejected.json["status"], rejected.json["reason"]) == ("REJECTED", "Not mine.")
    assert post(mia, f"{one}/cancel/").code == "wrong_status"


def test_what_waits_comes_by_priority_then_deadline_then_age(mia: Person) -> None:
    now = timezone.now()
    low = hand_over(mia, priority=Priority.LOW, deadline=now + timedelta(minutes=1))
    first = hand_over(mia)
    later = hand_over(mia, deadline=now + timedelta(hours=2))
    second = hand_over(mia)
    sooner = hand_over(mia, deadline=now + timedelta(hours=1))
    urgent = hand_over(mia, priority=Priority.URGENT)
    lapsed = confirmed(mia, priority=Priority.URGENT)
    confirmed(mia, priority=Priority.URGENT)
    expired = hand_over(mia, deadline=now + timedelta(minutes=1))
    let_pass(lapsed, timedelta(hours=1))
    let_pass(expired, timedelta(hours=1))
    hand_over(mia, to="REX")

    seen: list[str] = []
    for page in (1, 2, 3):
        answer = call(mia, "GET", f"{HANDOFF}pending/RAFA/?page_size=3&page={page}").json
        assert answer["count"] == 7
        seen += [each["task_id"] for each in answer["results"]]
    assert len(call(mia, "GET", f"{HANDOFF}pending/RAFA/?page_size=500").json["results"]) == 7
    assert seen == [each.task_id for each in (urgent, lapsed, sooner, later, first, second, low)]


def test_what_time_has_ended_says_when_that_was(mia: Person) -> None:
    due = hand_over(mia, deadline=timezone.now() + timedelta(minutes=1))
    last = confirmed(mia, max_attempts=1)
    for each in (due, last):
        let_pass(each, timedelta(hours=1))
    until = again(last).lease_until

    told = call(mia, "GET", f"{HANDOFF}{due.task_id}/").json
    assert (told["status"], told["expired_at"], told["failed_at"]) == ("EXPIRED", told["deadline"], None)
    told = call(mia, "GET", f"{HANDOFF}{last.task_id}/").json
    assert (told["status"], told["expired_at"]) == ("FAILED", None)
    assert datetime.fromisoformat(told["failed_at"]) == until


def test_it_is_made_once_and_moved_once(mia: Person) -> None:
    answers = [post(mia, body=WORK, Idempotency_Key="k") for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[0].json["idempotency_key"] == "k"
    assert post(mia, body=WORK | {"to_agent": "REX"}, Idempotency_Key="k").code == "idempotency_key_reused"
    one = answers[0].json["task_id"]
    taken = [post(mia, f"{one}/confirm/", Idempotency_Key="c") for _ in range(2)]
    assert taken[0].json == taken[1].json
    assert [each.status for each in taken] == [200, 200]


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"to_agent": "NOBODY"}, 404, "unknown_agent", "/to_agent"),
        ({"from_agent": "NOBODY"}, 404, "unknown_agent", "/from_agent"),
        ({"task_type": "poem"}, 404, "unknown_task_type", "/task_type"),
        ({"payload_version": 7}, 404, "unknown_task_type", "/payload_version"),
        ({"payload": {}}, 422, "invalid_payload", "/payload/topic"),
        ({"payload": "x"}, 422, "invalid", "/payload"),
        ({"payload": {"topic": "x", "n": {"a": 1}}}, 422, "invalid_payload", "/payload/n"),
        ({"priority": "MEDIUM"}, 422, "invalid", "/priority"),
        ({"deadline": "2020-01-01T00:00:00Z"}, 422, "deadline_passed", "/deadline"),
        ({"deadline": "2999-01-01T00:00:00"}, 422, "invalid", "/deadline"),
        ({"deadline": "9999-12-31T23:59:59-14:00"}, 422, "invalid", "/deadline"),
        ({"parent_task_id": "TASK-00000000"}, 404, "unknown_parent", "/parent_task_id"),
        ({"lease_seconds": 0}, 422, "invalid", "/lease_seconds"),
        ({"context_id": "two words"}, 422, "invalid", "/context_id"),
        ({"trace_id": "xyz"}, 422, "invalid", "/trace_id"),
        ({"mood": "good"}, 422, "invalid", "/mood"),
        ({"to_agent": "NOVA"}, 409, "handoff_loop", "/to_agent"),
    ],
)
def test_it_says_what_is_wrong(mia: Person, change: dict[str, Any], status: int, code: str, pointer: str) -> None:
    answer = post(mia, body=WORK | change)
    assert (answer.status, answer.code) == (status, code)
    assert answer.pointers == [pointer]
    assert not Handoff.objects.exists()


def test_a_chain_that_comes_back_is_stopped_and_says_so(mia: Person) -> None:
    first = post(mia, body=WORK).json
    body = WORK | {"from_agent": "RAFA", "to_agent": "NOVA", "parent_task_id": first["task_id"]}
    answer = post(mia, body=body)
    assert (answer.status, answer.code) == (409, "handoff_loop")
    assert answer.json["chain"] == ["NOVA", "RAFA", "NOVA"]


def test_a_stranger_finds_nothing_and_a_viewer_only_reads(mia: Person, vic: Person, stranger: Person) -> None:
    one = confirmed(mia).task_id
    moves = {
        "confirm": {},
        "extend": {},
        "complete": {"result": 1},
        "reject": {},
        "fail": {},
        "cancel": {},
        "request-input": {"question": 1},
        "answer": {"answer": 1},
        "reassign": {"to_agent": "REX"},
    }
    for who, status in ((stranger, 404), (vic, 403)):
        for move, body in moves.items():
            assert post(who, f"{one}/{move}/", body).status == status, move
    for path in (f"{one}/", f"{one}/timeline/", "pending/RAFA/", ""):
        assert call(vic, "GET", f"{HANDOFF}{path}").status == 200
    assert post(vic, body=WORK).status == 403
    for path in (f"{one}/", f"{one}/timeline/"):
        assert call(stranger, "GET", f"{HANDOFF}{path}").status == 404
    assert call(stranger, "GET", HANDOFF).json["count"] == 0
    assert call(stranger, "GET", f"{HANDOFF}pending/RAFA/").json["count"] == 0
    follows = WORK | {"from_agent": "RAFA", "to_agent": "REX", "parent_task_id": one}
    assert post(stranger, body=follows).code == "unknown_parent"
    assert again(Handoff.objects.get()).state == "IN_PROGRESS"


def test_it_says_why_it_failed_before_anybody_wrote_it_down(mia: Person) -> None:
    last = confirmed(mia, max_attempts=1)
    let_pass(last, timedelta(hours=1))
    seen = call(mia, "GET", f"{HANDOFF}{last.task_id}/").json
    assert (seen["status"], seen["reason_code"]) == ("FAILED", "attempts_exhausted")
    assert seen["reason"] == "No attempt of 1 was finished within its lease."


def test_lists_are_narrowed_by_what_is_true_now(mia: Person) -> None:
    lapsed = confirmed(mia, context_id="launch")
    let_pass(lapsed, timedelta(hours=1))
    working = confirmed(mia, to="REX", priority=Priority.URGENT)

    def listed(query: str) -> list[str]:
        return [each["task_id"] for each in call(mia, "GET", f"{HANDOFF}?{query}").json["results"]]

    assert listed("") == [working.task_id, lapsed.task_id]
    assert listed("status=PENDING") == listed("context_id=launch") == listed("to_agent=RAFA") == [lapsed.task_id]
    assert listed("status=IN_PROGRESS") == listed("priority=URGENT") == [working.task_id]
    assert listed("from_agent=REX") == []
    assert call(mia, "GET", f"{HANDOFF}?status=DONE").code == "invalid_parameter"
    assert call(mia, "GET", f"{HANDOFF}?mood=good").code == "invalid_parameter"


@pytest.mark.parametrize("path", ["", "pending/RAFA/"])
def test_a_longer_list_costs_no_more_queries(mia: Person, path: str) -> None:
    call(mia, "GET", HANDOFF)
    counts = []
    for size in (1, 5):
        for _ in range(size):
            hand_over(mia)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            call(mia, "GET", f"{HANDOFF}{path}")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_types_are_listed_and_registered(mia: Person, vic: Person, stranger: Person) -> None:
    listed = call(vic, "GET", f"{HANDOFF}types/").json["results"]
    assert [(each["name"], each["version"]) for each in listed] == [
        ("churn_intervention", 1),
        ("content_brief", 1),
        ("security_alert", 1),
        ("strategic_delegation", 1),
    ]
    schema = {"type": "object", "properties": {"dish": {"type": "string"}}, "required": ["dish"]}
    assert post(vic, "types/", {"name": "menu", "schema": schema}).status == 403
    assert post(mia, "types/", {"name": "menu", "schema": schema}).json["version"] == 1
    assert post(mia, body=WORK | {"task_type": "menu", "payload": {"dish": "Soup"}}).status == 201
    assert post(stranger, body=WORK | {"task_type": "menu", "payload": {"dish": "Soup"}}).code == "unknown_task_type"
    for bad, pointer in (
        ({"$ref": "http://x"}, "/schema/$ref"),
        (
            {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+"}}},
            "/schema/properties/a/pattern",
        ),
    ):
        answer = post(mia, "types/", {"name": "menu", "schema": bad})
        assert (answer.status, answer.code) == (422, "invalid_schema")
        assert answer.pointers == [pointer]
    assert post(mia, "types/", {"name": "Menu!", "schema": schema}).pointers == ["/name"]


def test_the_same_schema_again_is_the_version_that_is_there(mia: Person) -> None:
    schema = {"type": "object", "properties": {"dish": {"type": "string", "maxLength": 9}}, "required": ["dish"]}
    other = schema | {"required": []}
    made = post(mia, "types/", {"name": "menu", "schema": schema, "description": "A dish."})
    assert (made.status, made.json["version"]) == (201, 1)
    for body in ({}, {"description": "A dish."}, {"version": 1}):
        same = post(mia, "types/", {"name": "menu", "schema": schema} | body)
        assert (same.status, same.json) == (200, made.json), body
    told: list[tuple[dict[str, Any], int]] = [
        ({"schema": schema, "description": "A dish that comes."}, 2),
        ({"schema": other}, 3),
        ({"schema": schema}, 4),  # as it was once, and no longer is
        ({"schema": schema, "version": 9}, 9),  # asked for by its number
    ]
    for body, version in told:
        new = post(mia, "types/", {"name": "menu"} | body)
        assert (new.status, new.json["version"]) == (201, version)
    assert post(mia, "types/", {"name": "menu", "schema": other, "version": 4}).code == "version_taken"


@pytest.mark.parametrize("move", ["fail", "reject", "cancel"])
def test_a_reason_code_is_a_code(mia: Person, move: str) -> None:
    handoff = confirmed(mia)
    for wrong in ("two words", "naïve", "x" * 101):
        answer = post(mia, f"{handoff.task_id}/{move}/", {"reason_code": wrong})
        assert (answer.status, answer.pointers) == (422, ["/reason_code"])
        assert again(handoff).state == "IN_PROGRESS"
    done = post(mia, f"{handoff.task_id}/{move}/", {"reason_code": "model/down@eu-1"})
    assert (done.status, done.json["reason_code"]) == (200, "model/down@eu-1")


def test_a_trace_id_is_taken_in_whatever_case(mia: Person) -> None:
    trace_id = "4BF92F3577B34DA6A3CE929D0E0E4736"
    made = post(mia, body=WORK | {"trace_id": trace_id}, Idempotency_Key="k")
    assert (made.status, made.json["trace_id"]) == (201, trace_id.lower())


def test_nothing_is_handed_to_who_is_switched_off(mia: Person) -> None:
    Agent.objects.filter(project=mia.project, code="RAFA").update(is_active=False)
    assert post(mia, body=WORK).code == "agent_inactive"


def test_a_lease_of_nobody_holds_nothing(mia: Person) -> None:
    one = confirmed(mia).task_id
    for move, body in (
        ("complete", {"result": {}}),
        ("fail", {}),
        ("reject", {}),
        ("extend", {}),
        ("request-input", {"question": 1}),
    ):
        assert post(mia, f"{one}/{move}/", {"lease_id": str(uuid4()), **body}).code == "unknown_lease", move
