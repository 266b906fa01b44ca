"""What is known of the variables stays known when the text changes."""

from typing import Any

import pytest

from tests.admin.shelf import make_prompt, page_of, version_fields
from tests.conftest import Person
from vault.carry_variables import carry_variables

KNOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "dish": {"type": "string", "description": "What is on the plate."},
        "price": {"type": "number", "default": 9},
    },
    "required": ["dish"],
    "additionalProperties": False,
}


def test_it_leaves_variables_that_are_all_still_used() -> None:
    assert carry_variables(KNOWN, content="Now {{ price }} for {{ dish }}") == KNOWN


def test_it_keeps_what_is_known_adds_what_is_new_and_drops_what_is_gone() -> None:
    carried = carry_variables(KNOWN, content="{{ dish }} {% for word in words %}{{ word }}{% endfor %}")
    assert carried is not None
    assert carried["properties"]["dish"] == KNOWN["properties"]["dish"]
    assert carried["properties"]["words"]["type"] == "array"
    assert "price" not in carried["properties"]
    assert carried["required"] == ["dish", "words"]


def test_it_reads_every_message_of_a_chat() -> None:
    messages = [{"role": "system", "content": "{{ dish }}"}, {"role": "user", "content": "{{ price }}"}]
    assert carry_variables(KNOWN, content=messages) == KNOWN


@pytest.mark.parametrize("content", ["{{ broken", "{% for letter in dish %}{{ letter }}{% endfor %}{{ price }}"])
def test_it_says_nothing_of_a_text_that_cannot_be_described_so(content: str) -> None:
    assert carry_variables(KNOWN, content=content) is None


@pytest.mark.django_db
def test_it_takes_a_new_variable_without_a_word_about_the_schema(mia: Person) -> None:
    prompt = make_prompt(mia, content="{{ dish }} {{ price }}", variables=KNOWN)
    page = mia.browser().get(page_of(prompt, "new_version"))
    shown = page.context["form"]["variables"].value()
    sent = version_fields(content="{{ dish }} for {{ guest }}", variables=shown)
    assert mia.browser().post(page_of(prompt, "new_version"), sent).status_code == 302
    version = prompt.versions.newest_first()[0]
    assert version.number == "2.0.0"
    assert version.variables["properties"]["dish"]["description"] == "What is on the plate."
    assert set(version.variables["properties"]) == {"dish", "guest"}
