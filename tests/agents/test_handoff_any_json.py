"""What a handoff comes to, what is answered and what is remembered may be any JSON value, null included."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from agents.models import AgentMemory, HandoffResult
from tests.agents.handing import again, confirmed, let_pass
from tests.agents.test_a2a import ask
from tests.agents.test_handoff_http import HANDOFF, post
from tests.api.calls import call
from tests.conftest import Person

VALUES: list[Any] = [None, False, 0, "", [], {}, [None], {"text": None}, "Flour."]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_it_completes_with_any_json(mia: Person, value: Any) -> None:
    handoff = confirmed(mia)
    done = post(mia, f"{handoff.task_id}/complete/", {"lease_id": str(handoff.lease_id), "result": value})
    assert (done.status, done.json["late"], done.json["handoff"]["status"]) == (200, False, "COMPLETED")
    told = call(mia, "GET", f"{HANDOFF}{handoff.task_id}/").json
    assert told["result"]["result"] == value
    assert told["result"]["worker"] == "one"
    remembered = AgentMemory.objects.get(agent__code="RAFA", kind="handoff_outcome", key=handoff.task_id)
    assert remembered.value["result"] == value


def test_nothing_is_a_result_that_comes_late_as_well_and_is_kept_once(mia: Person) -> None:
    handoff = confirmed(mia)
    let_pass(handoff, timedelta(hours=1))
    body = {"lease_id": str(handoff.lease_id), "result": None}
    for _ in range(2):
        late = post(mia, f"{handoff.task_id}/complete/", body)
        assert (late.status, late.json["late"]) == (202, True)
        assert [each["result"] for each in late.json["handoff"]["late_results"]] == [None]


def test_a_result_that_is_missing_is_not_null(mia: Person) -> None:
    handoff = confirmed(mia)
    answer = post(mia, f"{handoff.task_id}/complete/", {"lease_id": str(handoff.lease_id)})
    assert (answer.status, answer.pointers) == (422, ["/result"])
    assert again(handoff).state == "IN_PROGRESS"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_what_is_no_number_of_json_is_refused_and_changes_nothing(mia: Person, number: bytes) -> None:
    handoff = confirmed(mia)
    answer = post(mia, f"{handoff.task_id}/complete/", b'{"result": %s}' % number)
    assert (answer.status, answer.code) == (400, "invalid_json")
    assert again(handoff).state == "IN_PROGRESS"
    assert not HandoffResult.objects.exists()


def test_an_answer_may_be_null_and_a_question_may_not(mia: Person) -> None:
    handoff = confirmed(mia)
    asked = post(mia, f"{handoff.task_id}/request-input/", {"question": None})
    assert (asked.status, asked.pointers) == (422, ["/question"])
    post(mia, f"{handoff.task_id}/request-input/", {"question": "By when?"})
    answered = post(mia, f"{handoff.task_id}/answer/", {"answer": None})
    assert (answered.status, answered.json["status"]) == (200, "PENDING")
    (stands,) = answered.json["inputs"]
    assert stands["answer"] is None
    assert stands["answered_at"] is not None


def test_an_agent_may_remember_that_there_is_nothing(mia: Person) -> None:
    fact = {"kind": "preference", "key": "tone", "value": None}
    made = call(mia, "POST", "/api/v1/agents/RAFA/memory/", fact)
    assert (made.status, made.json["value"]) == (201, None)
    (known,) = call(mia, "GET", "/api/v1/agents/RAFA/memory/?kind=preference").json["results"]
    assert known["value"] is None
    page = mia.browser().get(reverse("admin:agents_agentmemory_change", args=[AgentMemory.objects.latest("id").pk]))
    assert page.status_code == 200


def test_a_task_of_a2a_has_null_as_its_artifact(mia: Person) -> None:
    handoff = confirmed(mia)
    post(mia, f"{handoff.task_id}/complete/", {"result": None})
    task = ask(mia, "GetTask", {"id": handoff.task_id}).json["result"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    (artifact,) = task["artifacts"]
    assert artifact["parts"] == [{"data": None, "mediaType": "application/json"}]


def test_the_page_of_a_handoff_shows_that_nothing_came_back(mia: Person) -> None:
    handoff = confirmed(mia)
    post(mia, f"{handoff.task_id}/complete/", {"result": None})
    page = mia.browser().get(reverse("admin:agents_handoff_change", args=[handoff.pk])).content.decode()
    assert "<h3>Result</h3>" in page
    assert ">null</pre>" in page
