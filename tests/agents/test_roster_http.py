"""The roster and what agents remember, over HTTP."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from agents.models import Agent, AgentMemory
from tests.agents.handing import confirmed
from tests.api.calls import Answer, call, make_prompt
from tests.conftest import Person

AGENTS = "/api/v1/agents/"
PIA = {"code": "PIA", "name": "Pia", "role": "Pictures"}


def remember(who: Person, **fields: Any) -> Answer:
    body = {"kind": "preference", "key": "tone", "value": "Warm."} | fields
    return call(who, "POST", f"{AGENTS}RAFA/memory/", body)


def recall(who: Person, query: str = "") -> list[Any]:
    return call(who, "GET", f"{AGENTS}RAFA/memory/?{query}").json["results"]


def test_the_roster_is_listed_and_extended(mia: Person, stranger: Person) -> None:
    listed = call(mia, "GET", AGENTS).json["results"]
    assert [each["code"] for each in listed] == ["ANCHOR", "ATLAS", "NOVA", "RAFA", "REX", "SENTINEL"]
    assert all(each["built_in"] and each["active"] and each["prompt"] is None for each in listed)
    assert listed[3]["card"]["skills"][0]["id"] == "copywriting"

    prompt = make_prompt(mia)
    made = call(mia, "POST", AGENTS, PIA | {"prompt": str(prompt.pk)})
    assert made.status == 201
    assert made.json["prompt"] == {"id": str(prompt.pk), "name": prompt.name}
    assert made.json["built_in"] is False
    assert call(mia, "POST", AGENTS, PIA).code == "code_taken"
    assert call(stranger, "GET", f"{AGENTS}PIA/").status == 404


@pytest.mark.parametrize("code", ["nova", "Nova", "NOVA"])
def test_codes_differ_in_more_than_case(mia: Person, code: str) -> None:
    answer = call(mia, "POST", AGENTS, PIA | {"code": code})
    assert (answer.status, answer.code, answer.pointers) == (409, "code_taken", ["/code"])
    assert "'NOVA'" in answer.json["detail"]
    assert not Agent.objects.in_project(mia.project.pk).filter(code__in=["nova", "Nova"]).exists()


def test_agents_whose_codes_differed_in_case_alone_stay_as_they_are(mia: Person) -> None:
    Agent.objects.create(project=mia.project, code="nova", name="The other one")
    changed = call(mia, "PATCH", f"{AGENTS}nova/", {"role": "Another"})
    assert (changed.status, changed.json["code"], changed.json["role"]) == (200, "nova", "Another")


def test_an_agent_is_changed(mia: Person, vic: Person, stranger: Person) -> None:
    changed = call(mia, "PATCH", f"{AGENTS}RAFA/", {"active": False, "role": "Away", "card": {"tags": ["content"]}})
    assert changed.status == 200
    assert (changed.json["active"], changed.json["role"], changed.json["card"]) == (
        False,
        "Away",
        {"tags": ["content"]},
    )
    assert call(mia, "GET", f"{AGENTS}?active=false").json["count"] == 1
    assert call(mia, "PATCH", f"{AGENTS}RAFA/", {"code": "RAFAEL"}).code == "code_stays"
    assert call(vic, "PATCH", f"{AGENTS}RAFA/", {"role": "x"}).status == 403
    theirs = make_prompt(stranger)
    assert call(mia, "PATCH", f"{AGENTS}RAFA/", {"prompt": str(theirs.pk)}).pointers == ["/prompt"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"code": "two words"}, "/code"),
        ({"code": "a/b"}, "/code"),
        ({"card": {"colour": "red"}}, "/card"),
        ({"card": {"skills": [{"id": "x"}]}}, "/card/skills/0"),
        ({"card": {"skills": [{"id": "x", "name": 3}]}}, "/card/skills/0/name"),
        ({"mood": "good"}, "/mood"),
    ],
)
def test_it_says_what_is_wrong(mia: Person, change: dict[str, Any], pointer: str) -> None:
    answer = call(mia, "POST", AGENTS, PIA | change)
    assert answer.status == 422
    assert answer.pointers == [pointer]


def test_what_is_remembered_supersedes_and_stays_to_be_read(mia: Person) -> None:
    yesterday, hour = timezone.now() - timedelta(days=1), timezone.now() - timedelta(hours=1)
    remember(mia, value="Loud.", valid_from=yesterday.isoformat())
    second = remember(mia, value="Warm.", valid_from=hour.isoformat())
    assert second.status == 201
    assert [each["value"] for each in recall(mia)] == ["Warm."]
    then = quote((hour - timedelta(hours=1)).isoformat())
    assert [each["value"] for each in recall(mia, f"as_of={then}")] == ["Loud."]
    old = recall(mia, "history=true")[1]
    assert old["superseded_by"] == second.json["id"]
    assert old["valid_to"] == second.json["valid_from"]
    assert remember(mia, value="x", valid_from=yesterday.isoformat()).code == "earlier_than_known"


def test_what_ends_by_itself_is_known_until_then(mia: Person) -> None:
    soon, later = timezone.now() + timedelta(hours=1), timezone.now() + timedelta(hours=2)
    remember(mia, valid_to=soon.isoformat())
    assert len(recall(mia)) == 1
    assert recall(mia, f"as_of={quote(later.isoformat())}") == []
    answer = remember(mia, key="x", valid_from=later.isoformat(), valid_to=soon.isoformat())
    assert answer.pointers == ["/valid_to"]


def test_it_is_narrowed(mia: Person, stranger: Person) -> None:
    remember(mia, scope="client:casa")
    remember(mia, kind="fact", key="size")
    assert len(recall(mia)) == 2
    assert [each["scope"] for each in recall(mia, "scope=client:casa")] == ["client:casa"]
    assert [each["key"] for each in recall(mia, "kind=fact")] == ["size"]
    assert recall(mia, "kind=fact&key=tone") == []
    assert recall(stranger) == []
    assert call(mia, "GET", f"{AGENTS}RAFA/memory/?history=perhaps").code == "invalid_parameter"
    assert call(mia, "GET", f"{AGENTS}RAFA/memory/?as_of=noon").code == "invalid_parameter"
    assert call(mia, "GET", f"{AGENTS}NOBODY/memory/").status == 404


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"kind": "Two Words"}, 422, "/kind"),
        ({"kind": "handoff_outcome"}, 422, "/kind"),
        ({"key": ""}, 422, "/key"),
        ({"value": "x" * 300_000}, 413, "/value"),
        ({"valid_from": "yesterday"}, 422, "/valid_from"),
    ],
)
def test_it_says_what_cannot_be_remembered(mia: Person, change: dict[str, Any], status: int, pointer: str) -> None:
    answer = remember(mia, **change)
    assert (answer.status, answer.pointers) == (status, [pointer])


def test_a_viewer_reads_and_does_not_write(mia: Person, vic: Person) -> None:
    assert remember(vic).status == 403
    handoff = confirmed(mia)
    assert recall(vic, f"key={handoff.task_id}")[0]["task_id"] == handoff.task_id
    assert AgentMemory.objects.count() == 2
