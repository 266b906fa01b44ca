"""The A2A door, as the protocol's JSON goes over the wire."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.request_input import request_input
from agents.models import Handoff
from tests.agents.handing import BRIEF, again, confirmed, hand_over, let_pass
from tests.api.calls import Answer, call
from tests.conftest import Person

RPC = "/a2a/"
TEXT = [{"text": "Open a second shop."}]


def ask(who: Any, method: str, params: Any = None, **headers: str) -> Answer:
    body = {"jsonrpc": "2.0", "id": 7, "method": method} | ({} if params is None else {"params": params})
    return call(who, "POST", RPC, body, **headers)


def message(parts: Any = None, **fields: Any) -> dict[str, Any]:
    return {"message": {"messageId": str(uuid4()), "role": "ROLE_USER", "parts": parts or TEXT} | fields}


def brief(**metadata: Any) -> dict[str, Any]:
    told = {"to_agent": "RAFA", "task_type": "content_brief"} | metadata
    return message([{"data": BRIEF}], metadata=told)


def error_of(answer: Answer) -> int:
    assert answer.status == 200, answer.body
    assert answer.json["id"] in (7, None)
    assert "result" not in answer.json
    code: int = answer.json["error"]["code"]
    return code


def test_the_card_names_assay_and_nothing_else(mia: Person) -> None:
    answer = call(Browser(), "GET", "/.well-known/agent-card.json")
    card = answer.json
    assert answer.status == 200
    assert card["name"] == "Assay"
    assert card["supportedInterfaces"][0]["url"].endswith("/a2a/")
    assert set(card["securitySchemes"]) == {"bearer", "apiKey"}
    assert card["skills"] == []
    assert card["capabilities"] == {"streaming": False, "pushNotifications": False, "extendedAgentCard": True}
    for code in ("NOVA", "RAFA", "bakery", "Bakery"):
        assert code not in answer.body.decode()


def test_agents_are_listed_to_who_has_a_key(mia: Person, stranger: Person) -> None:
    card = ask(mia, "GetExtendedAgentCard").json["result"]
    assert [skill["id"] for skill in card["skills"]] == ["ANCHOR", "ATLAS", "NOVA", "RAFA", "REX", "SENTINEL"]
    assert card["skills"][3]["tags"] == ["copywriting", "captions", "email"]
    assert ask(Browser(), "GetExtendedAgentCard").status == 401
    assert ask(Browser(headers={"Authorization": "Bearer nonsense"}), "GetExtendedAgentCard").code == "invalid_key"


def test_a_text_is_a_goal_for_the_lead(mia: Person) -> None:
    task = ask(mia, "SendMessage", message()).json["result"]["task"]
    handoff = Handoff.objects.get(task_id=task["id"])
    assert (handoff.to_agent.code, handoff.from_agent) == ("NOVA", None)
    assert handoff.payload == {"objective": "Open a second shop."}
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert task["contextId"] == handoff.context_id
    assert task["history"][0]["parts"] == [{"data": handoff.payload, "mediaType": "application/json"}]


def test_data_is_a_payload_of_its_type(mia: Person) -> None:
    sent = brief(from_agent="NOVA", priority="URGENT", payload_version=1.0, deadline="2999-01-01T00:00:00Z")
    sent["message"] |= {"contextId": "launch"}
    sent["message"]["parts"] = [{"data": {"topic": "Rye", "max_length": 2000.0}}]
    task = ask(mia, "SendMessage", sent).json["result"]["task"]
    handoff = Handoff.objects.get()
    assert handoff.payload == {"topic": "Rye", "max_length": 2000}
    assert (task["metadata"]["priority"], task["metadata"]["chain"]) == ("URGENT", ["NOVA", "RAFA"])
    assert (handoff.context_id, handoff.deadline is not None) == ("launch", True)
    assert ask(mia, "SendMessage", sent).json["result"]["task"]["id"] == task["id"]
    assert Handoff.objects.count() == 1


def test_it_tells_where_a_task_stands(mia: Person) -> None:
    handoff = confirmed(mia)
    seen = ask(mia, "GetTask", {"id": handoff.task_id}).json["result"]
    assert (seen["status"]["state"], seen["artifacts"]) == ("TASK_STATE_WORKING", [])
    complete_handoff(access=mia.access, handoff=handoff, result={"text": "Flour."})
    seen = ask(mia, "GetTask", {"id": handoff.task_id, "historyLength": 0}).json["result"]
    assert seen["status"]["state"] == "TASK_STATE_COMPLETED"
    assert seen["artifacts"][0]["parts"] == [{"data": {"text": "Flour."}, "mediaType": "application/json"}]
    assert seen["history"] == []


def test_what_is_past_its_deadline_has_failed_and_says_why(mia: Person) -> None:
    handoff = hand_over(mia, deadline=timezone.now() + timedelta(minutes=1))
    let_pass(handoff, timedelta(hours=1))
    status = ask(mia, "GetTask", {"id": handoff.task_id}).json["result"]["status"]
    assert status["state"] == "TASK_STATE_FAILED"
    assert status["message"]["parts"] == [{"text": "The deadline passed."}]
    deadline = again(handoff).deadline
    assert deadline is not None
    assert abs(datetime.fromisoformat(status["timestamp"]) - deadline) < timedelta(milliseconds=1)


def test_it_answers_without_the_slash_as_well(mia: Person) -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "SendMessage", "params": brief()}
    answer = call(mia, "POST", "/a2a", body)
    assert answer.status == 200
    assert Handoff.objects.get().task_id == answer.json["result"]["task"]["id"]
    assert call(mia, "POST", "/a2a", b"{").json["error"]["code"] == -32700
    assert call(mia, "GET", "/a2a").code == "method_not_allowed"
    assert call(Browser(), "POST", "/a2a", body).code == "not_authenticated"
    assert call(mia, "POST", "/a2a", body, Content_Length="9" * 15).code == "body_too_large"


def test_a_question_is_answered(mia: Person) -> None:
    handoff = confirmed(mia)
    early = message(taskId=handoff.task_id)
    assert error_of(ask(mia, "SendMessage", early)) == -32004
    request_input(access=mia.access, handoff=handoff, question="For whom?")
    status = ask(mia, "GetTask", {"id": handoff.task_id}).json["result"]["status"]
    assert status["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert status["message"]["parts"] == [{"text": "For whom?"}]
    elsewhere = message([{"text": "Beginners."}], taskId=handoff.task_id, contextId="another")
    assert error_of(ask(mia, "SendMessage", elsewhere)) == -32602
    answer = message([{"text": "Beginners."}], taskId=handoff.task_id, contextId=handoff.context_id)
    task = ask(mia, "SendMessage", answer).json["result"]["task"]
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert ask(mia, "SendMessage", answer).json["result"]["task"] == task
    assert [each["role"] for each in task["history"]] == ["ROLE_USER", "ROLE_AGENT", "ROLE_USER"]
    assert again(handoff).inputs[0]["answer"] == "Beginners."


def test_a_task_is_canceled_once(mia: Person) -> None:
    handoff = hand_over(mia)
    asked = {"id": handoff.task_id, "metadata": {"reason": "No longer wanted."}}
    assert ask(mia, "CancelTask", asked).json["result"]["status"]["state"] == "TASK_STATE_CANCELED"
    assert again(handoff).reason == "No longer wanted."
    answer = ask(mia, "CancelTask", asked)
    assert error_of(answer) == -32002
    assert answer.json["error"]["data"][0]["reason"] == "TASK_NOT_CANCELABLE"


def test_what_moved_last_is_listed_first(mia: Person) -> None:
    tasks = [hand_over(mia, context_id="launch") for _ in range(3)] + [hand_over(mia), confirmed(mia, to="REX")]
    let_pass(tasks[4], timedelta(0))

    def listed(**params: Any) -> list[str]:
        found = ask(mia, "ListTasks", params).json["result"]
        assert found["totalSize"] >= len(found["tasks"])
        return [each["id"] for each in found["tasks"]]

    assert set(listed()) == {each.task_id for each in tasks}
    assert set(listed(contextId="launch")) == {each.task_id for each in tasks[:3]}
    assert listed(status="TASK_STATE_WORKING") == [tasks[4].task_id]
    assert listed(statusTimestampAfter="2100-01-01T00:00:00Z") == []
    seen, token = [], ""
    for _ in range(3):
        page = ask(mia, "ListTasks", {"pageSize": 2, "pageToken": token}).json["result"]
        assert (page["pageSize"], page["totalSize"]) == (2, 5)
        assert all("artifacts" not in each for each in page["tasks"])
        seen += [each["id"] for each in page["tasks"]]
        token = page["nextPageToken"]
    assert token == ""
    assert sorted(seen) == sorted(each.task_id for each in tasks)


def test_a_stranger_finds_nothing_and_a_viewer_only_reads(mia: Person, vic: Person, stranger: Person) -> None:
    handoff = hand_over(mia)
    one = {"id": handoff.task_id}
    assert error_of(ask(stranger, "GetTask", one)) == -32001
    assert error_of(ask(stranger, "CancelTask", one)) == -32001
    assert error_of(ask(stranger, "SendMessage", message(taskId=handoff.task_id))) == -32001
    assert error_of(ask(stranger, "SendMessage", message(referenceTaskIds=[handoff.task_id]))) == -32001
    assert ask(stranger, "ListTasks").json["result"]["totalSize"] == 0
    assert ask(vic, "GetTask", one).json["result"]["id"] == handoff.task_id
    assert ask(vic, "CancelTask", one).code == "permission_denied"
    assert ask(vic, "SendMessage", message()).status == 403
    assert ask(Browser(), "GetTask", one).status == 401


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({}, -32602, None),
        ({"message": {"messageId": "m", "parts": []}}, -32602, None),
        ({"message": {"messageId": "", "parts": TEXT}}, -32602, None),
        (message([{"url": "http://x"}]), -32005, "/message/parts"),
        (message([{"raw": "aGk="}]), -32005, "/message/parts"),
        (message([{}]), -32005, "/message/parts"),
        (message([{"data": {}}]), -32602, "/message/metadata/task_type"),
        (message([{"data": {}}], metadata={"task_type": "poem"}), -32602, "/task_type"),
        (brief(to_agent="NOBODY"), -32602, "/message/metadata/to_agent"),
        (brief(priority="MEDIUM"), -32602, "/message/metadata/priority"),
        (brief(from_agent="RAFA"), -32602, "/to_agent"),
        (message([{"data": {"x": 1}}], metadata={"task_type": "content_brief"}), -32602, "/payload/x"),
        (message(contextId="two words"), -32602, "/context_id"),
        (message(taskId="TASK-00000000"), -32001, None),
    ],
)
def test_it_says_what_is_wrong(mia: Person, params: Any, code: int, field: str | None) -> None:
    answer = ask(mia, "SendMessage", params)
    assert error_of(answer) == code
    if field is not None:
        details = answer.json["error"]["data"]
        assert field in [each["field"] for each in details[1]["fieldViolations"]]
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b'{"jsonrpc": "1.0", "method": "GetTask"}', -32600),
        (b'{"jsonrpc": "2.0"}', -32600),
        (b'{"jsonrpc": "2.0", "method": "GetTask", "params": [1]}', -32600),
        (b'{"jsonrpc": "2.0", "method": "Sing"}', -32601),
        (b'{"jsonrpc": "2.0", "method": "message/send"}', -32601),
        (b'{"jsonrpc": "2.0", "method": "SendStreamingMessage"}', -32004),
        (b'{"jsonrpc": "2.0", "method": "CreateTaskPushNotificationConfig"}', -32003),
        (b'{"jsonrpc": "2.0", "method": "GetTask", "params": {"id": "\\u0000"}}', -32600),
        (b'{"jsonrpc": "2.0", "method": "GetTask", "params": {"id": 3}}', -32602),
        (b'{"jsonrpc": "2.0", "method": "ListTasks", "params": {"pageSize": 101}}', -32602),
        (b'{"jsonrpc": "2.0", "method": "ListTasks", "params": {"pageToken": "x"}}', -32602),
        (b'{"jsonrpc": "2.0", "method": "ListTasks", "params": {"status": "x"}}', -32602),
        (b'{"jsonrpc": "2.0", "method": "ListTasks", "params": {"statusTimestampAfter": "x"}}', -32602),
    ],
)
def test_it_answers_whatever_is_sent(mia: Person, body: bytes, code: int) -> None:
    assert error_of(call(mia, "POST", RPC, body)) == code


def test_it_speaks_its_version_of_the_protocol(mia: Person) -> None:
    assert error_of(ask(mia, "ListTasks", A2A_Version="0.3")) == -32009
    assert ask(mia, "ListTasks", A2A_Version="1.0.1").json["result"]["tasks"] == []
    assert call(mia, "POST", RPC, b"x", Content_Type="text/plain").status == 415
    assert call(mia, "GET", RPC).status == 405
