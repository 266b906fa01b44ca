"""Labels move, say how they got where they are, and are taken back."""

import pytest

from tests.api.calls import Answer, at, call, make_prompt
from tests.conftest import Person
from vault.models import Prompt


@pytest.fixture
def prompt(mia: Person) -> Prompt:
    """With versions 1.0.0 (in production) and 1.1.0."""
    prompt = make_prompt(mia)
    call(mia, "POST", at(prompt, "versions/"), {"content": "Good day {{ name }}"})
    return prompt


def move(mia: Person, prompt: Prompt, label: str, version: str) -> Answer:
    return call(mia, "PUT", at(prompt, f"labels/{label}/"), {"version": version})


def served(mia: Person) -> str:
    answer = call(mia, "POST", "/api/v1/resolve", {"prompt": "greeting", "variables": {"name": "Ann"}})
    return answer.json["text"] if answer.status == 200 else answer.code


def test_it_moves_what_is_served(mia: Person, prompt: Prompt) -> None:
    assert served(mia) == "Hello Ann"
    answer = move(mia, prompt, "production", "1.1.0")
    assert (answer.status, answer.json["name"], answer.json["version"]["number"]) == (200, "production", "1.1.0")
    assert (answer.json["move"]["from_version"]["number"], answer.json["move"]["moved_by"]) == ("1.0.0", "mia")
    assert served(mia) == "Good day Ann"


def test_it_moves_to_a_number_an_id_or_where_another_label_is(mia: Person, prompt: Prompt) -> None:
    newest = prompt.versions.get(number="1.1.0")
    for version in ("1.1.0", str(newest.pk), "latest"):
        assert move(mia, prompt, "staging", version).json["version"]["id"] == str(newest.pk)
    assert move(mia, prompt, "production", "staging").json["version"]["number"] == "1.1.0"


def test_it_records_nothing_when_the_label_is_there_already(mia: Person, prompt: Prompt) -> None:
    before = prompt.label_moves.count()
    answer = move(mia, prompt, "production", "1.0.0")
    assert (answer.status, answer.json["move"], answer.json["version"]["number"]) == (200, None, "1.0.0")
    assert prompt.label_moves.count() == before


def test_it_takes_a_move_back_in_one_call_and_forth_again(mia: Person, prompt: Prompt) -> None:
    move(mia, prompt, "production", "1.1.0")
    back = call(mia, "POST", at(prompt, "labels/production/take-back/"))
    assert (back.status, back.json["version"]["number"], back.json["move"]["reason"]) == (200, "1.0.0", "taken back")
    assert served(mia) == "Hello Ann"
    assert call(mia, "POST", at(prompt, "labels/production/take-back/")).json["version"]["number"] == "1.1.0"


def test_it_takes_a_label_away_and_puts_it_back(mia: Person, prompt: Prompt) -> None:
    answer = call(mia, "DELETE", at(prompt, "labels/production/"))
    assert (answer.status, answer.json["version"], answer.json["move"]["to_version"]) == (200, None, None)
    assert served(mia) == "unknown_label"
    assert call(mia, "POST", at(prompt, "labels/production/take-back/")).json["version"]["number"] == "1.0.0"
    assert served(mia) == "Hello Ann"


def test_it_takes_back_the_first_move_of_all(mia: Person, prompt: Prompt) -> None:
    move(mia, prompt, "staging", "1.0.0")
    assert call(mia, "POST", at(prompt, "labels/staging/take-back/")).json["version"] is None


def test_it_tells_where_labels_are_and_how_they_got_there(mia: Person, adam: Person, prompt: Prompt) -> None:
    move(mia, prompt, "staging", "1.1.0")
    call(adam.browser(), "PUT", at(prompt, "labels/production/"), {"version": "1.1.0"})
    told = call(mia, "GET", at(prompt, "labels/")).json
    assert {row["name"]: row["version"]["number"] for row in told["labels"]} == {
        "production": "1.1.0",
        "staging": "1.1.0",
    }
    assert told["latest"]["number"] == "1.1.0"
    newest = told["moves"][0]
    assert (newest["label"], newest["moved_by"], newest["key"]) == ("production", "adam", None)
    assert (newest["from_version"]["number"], newest["to_version"]["number"]) == ("1.0.0", "1.1.0")
    assert told["moves"][1]["key"] is not None
    assert told["moves"][-1]["reason"] == "published"
