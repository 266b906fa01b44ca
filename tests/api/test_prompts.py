"""Prompts are made, read, changed and taken out of service."""

from tests.api.calls import CAPTION, VAULT, at, call, make_prompt
from tests.conftest import Person
from vault.models import Prompt, Version

FULL = CAPTION | {
    "platform": "instagram",
    "agent_code": "REX",
    "language": "fr",
    "technique": "AIDA",
    "source": "us",
    "tags": ["listing", "été"],
    "example_input": " a flat\n",
    "example_output": "See the harbour…",
    "model_settings": {"model": "m-1", "temperature": 0.5, "max_tokens": 200},
    "note": "first",
    "variant_id": "baseline",
    "strategy": "plain",
    "generation_method": "ai_generated",
    "is_baseline": True,
}


def test_it_makes_a_prompt_and_publishes_it(mia: Person) -> None:
    answer = call(mia, "POST", VAULT, CAPTION)
    assert answer.status == 201
    made = answer.json
    assert made["vertical"] == "real_estate"
    assert (made["platform"], made["agent_code"], made["language"], made["tags"]) == (None, None, "en", [])
    assert (made["performance_score"], made["times_used"], made["engagement_avg"]) == (5.0, 0, 0.0)
    assert (made["labels"], made["latest"]) == ({"production": "1.0.0"}, "1.0.0")
    assert made["production"]["content"] == CAPTION["content"]
    assert list(made["production"]["variables"]["properties"]) == ["address"]
    assert made["production"]["author"] == "mia"
    assert call(mia, "GET", f"{VAULT}{made['id']}/").json == made


def test_it_keeps_all_that_is_given(mia: Person) -> None:
    made = call(mia, "POST", VAULT, FULL).json
    version = made["production"]
    for name, value in FULL.items():
        assert (made | version if name != "name" else made)[name] == value, name
    assert made["name"] == FULL["name"]


def test_it_makes_a_chat(mia: Person) -> None:
    messages = [{"role": "system", "content": "Be {{ tone }}."}, {"role": "user", "content": "{{ question }}"}]
    made = call(mia, "POST", VAULT, CAPTION | {"kind": "chat", "content": messages}).json
    assert made["production"]["content"] == messages
    answer = call(
        mia, "POST", "/api/v1/resolve", {"prompt": made["name"], "variables": {"tone": "kind", "question": "?"}}
    )
    assert answer.json["messages"][0] == {"role": "system", "content": "Be kind."}
    assert answer.json["text"] is None


def test_it_publishes_nothing_when_told_not_to(mia: Person) -> None:
    made = call(mia, "POST", VAULT, CAPTION | {"publish": False}).json
    assert (made["labels"], made["latest"], made["production"]) == ({}, "1.0.0", None)
    variables = {"address": "here"}
    answer = call(mia, "POST", "/api/v1/resolve", {"prompt": CAPTION["name"], "variables": variables})
    assert answer.status == 404


def test_it_changes_where_a_prompt_stands_without_a_new_version(mia: Person) -> None:
    prompt = make_prompt(mia)
    answer = call(mia, "PATCH", at(prompt), {"technique": "PAS", "platform": "tiktok", "tags": ["x"]})
    assert answer.status == 200
    assert (answer.json["technique"], answer.json["platform"], answer.json["tags"]) == ("PAS", "tiktok", ["x"])
    assert answer.json["latest"] == "1.0.0"
    assert call(mia, "PATCH", at(prompt), {"platform": None}).json["platform"] is None


def test_it_makes_a_version_of_new_content_and_leaves_production_alone(mia: Person) -> None:
    prompt = make_prompt(mia)
    changed = call(mia, "PATCH", at(prompt), {"content": "Good day {{ name }}"}).json
    assert (changed["latest"], changed["labels"]) == ("1.1.0", {"production": "1.0.0"})
    assert changed["production"]["content"] == "Hello {{ name }}"


def test_it_moves_production_to_new_content_when_told_to(mia: Person) -> None:
    prompt = make_prompt(mia)
    changed = call(mia, "PATCH", at(prompt), {"content": "Good day {{ name }}", "publish": True}).json
    assert changed["labels"] == {"production": "1.1.0"}
    assert changed["production"]["content"] == "Good day {{ name }}"


def test_it_publishes_the_newest_when_there_is_nothing_new(mia: Person) -> None:
    prompt = make_prompt(mia)
    call(mia, "PATCH", at(prompt), {"content": "Good day {{ name }}"})
    assert call(mia, "PATCH", at(prompt), {"publish": True}).json["labels"] == {"production": "1.1.0"}


def test_it_numbers_by_what_changed(mia: Person) -> None:
    prompt = make_prompt(mia)
    changes = [
        ({"content": "Good day {{ name }}"}, "1.1.0"),
        ({"content": "Good day {{ name }}"}, "1.1.0"),
        ({"model_settings": {"temperature": 0.1}}, "1.1.1"),
        ({"note": "said better"}, "1.1.2"),
        ({"content": "Good day {{ name }} of {{ city }}"}, "2.0.0"),
        ({"content": "Good day"}, "3.0.0"),
    ]
    for change, number in changes:
        assert call(mia, "PATCH", at(prompt), change).json["latest"] == number, change


def test_it_takes_over_from_the_newest_version_what_is_not_given(mia: Person) -> None:
    variables = {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "Whom to greet", "maxLength": 40}},
        "required": ["name"],
        "additionalProperties": False,
    }
    body = CAPTION | {"content": "Hi {{ name }}", "variables": variables, "model_settings": {"temperature": 0.2}}
    made = call(mia, "POST", VAULT, body).json
    address = f"{VAULT}{made['id']}/"
    changed = call(mia, "PATCH", address, {"content": "Hello {{ name }}", "publish": True}).json["production"]
    assert (changed["variables"], changed["model_settings"]) == (variables, {"temperature": 0.2})
    # A text that uses others has its variables worked out anew.
    changed = call(mia, "PATCH", address, {"content": "Hello {{ you }}", "publish": True}).json["production"]
    assert list(changed["variables"]["properties"]) == ["you"]
    assert changed["model_settings"] == {"temperature": 0.2}


def test_it_changes_nothing_when_half_of_a_change_is_wrong(mia: Person) -> None:
    prompt = make_prompt(mia)
    make_prompt(mia, name="taken")
    for wrong in ({"content": "{{"}, {"name": "taken", "content": "fine"}, {"technique": "x", "variables": {"a": 1}}):
        assert call(mia, "PATCH", at(prompt), {"technique": "PAS", **wrong}).status in (409, 422)
    prompt.refresh_from_db()
    assert (prompt.technique, prompt.name, prompt.versions.count()) == ("", "greeting", 1)


def test_it_takes_a_prompt_out_of_service_and_back(mia: Person) -> None:
    prompt = make_prompt(mia)
    request = {"prompt": "greeting", "variables": {"name": "Ann"}}
    assert call(mia, "POST", "/api/v1/resolve", request).status == 200
    answer = call(mia, "DELETE", at(prompt))
    assert (answer.status, answer.body) == (204, b"")
    assert call(mia, "DELETE", at(prompt)).status == 204
    assert call(mia, "POST", "/api/v1/resolve", request).code == "no_prompt"
    assert call(mia, "GET", VAULT).json["count"] == 0
    assert call(mia, "GET", VAULT + "?is_active=false").json["count"] == 1
    assert call(mia, "GET", at(prompt)).json["is_active"] is False
    assert (Prompt.objects.count(), Version.objects.count()) == (1, 1)
    assert call(mia, "PATCH", at(prompt), {"is_active": True}).json["is_active"] is True
    assert call(mia, "POST", "/api/v1/resolve", request).status == 200


def test_it_frees_the_name_of_a_deleted_prompt(mia: Person) -> None:
    prompt = make_prompt(mia)
    call(mia, "DELETE", at(prompt))
    make_prompt(mia)
    answer = call(mia, "PATCH", at(prompt), {"is_active": True})
    assert (answer.status, answer.code) == (409, "name_taken")


def test_it_takes_a_name_once_in_each_language(mia: Person) -> None:
    make_prompt(mia)
    assert call(mia, "POST", VAULT, CAPTION | {"name": "greeting", "language": "fr"}).status == 201
    answer = call(mia, "POST", VAULT, CAPTION | {"name": "greeting"})
    assert (answer.status, answer.code, answer.pointers) == (409, "name_taken", ["/name"])
