"""What an application gets when it asks which prompt to use."""

import json

from tests.conftest import Person
from vault.create_prompt import create_prompt
from vault.models import Prompt


def make_prompt(person: Person, content: str = "Hello {{ name }}", **context: str) -> Prompt:
    context = {"name": "greeting", "category": "email", "vertical": "food"} | context
    return create_prompt(access=person.access, context=context, content=content)


def resolve(person: Person, **request: object) -> dict:
    response = person.http().post("/api/v1/resolve", json.dumps(request), content_type="application/json")
    return {"status": response.status_code} | response.json()


def test_it_serves_what_is_in_production(mia: Person) -> None:
    prompt = make_prompt(mia)
    answer = resolve(mia, category="email", vertical="food", variables={"name": "Ann"})
    assert answer["text"] == "Hello Ann"
    assert answer["prompt"]["id"] == str(prompt.pk)
    assert answer["version"]["number"] == "1.0.0"
    assert answer["tier"] == "vertical"
    assert answer["experiment"] is None


def test_it_says_which_variable_is_missing(mia: Person) -> None:
    make_prompt(mia)
    answer = resolve(mia, category="email", vertical="food")
    assert answer["status"] == 422
    assert answer["code"] == "missing_variable"
    assert answer["errors"][0]["pointer"] == "/variables/name"


def test_it_shows_a_stranger_nothing(mia: Person, stranger: Person) -> None:
    make_prompt(mia)
    answer = resolve(stranger, category="email", vertical="food", variables={"name": "Ann"})
    assert (answer["status"], answer["code"], answer["nearest"]) == (404, "no_prompt", [])
