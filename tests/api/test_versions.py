"""A prompt's versions: listed, added, found by name, compared."""

import pytest

from tests.api.calls import at, call, make_prompt
from tests.conftest import Person
from vault.compare_versions import MOST_COMPARISONS, compare_versions
from vault.models import Prompt, Version


def test_it_lists_versions_newest_first(mia: Person) -> None:
    prompt = make_prompt(mia)
    for text in ("A {{ name }}", "B {{ name }}", "C {{ name }}"):
        assert call(mia, "POST", at(prompt, "versions/"), {"content": text}).status == 201
    answer = call(mia, "GET", at(prompt, "versions/")).json
    assert [row["number"] for row in answer["results"]] == ["1.3.0", "1.2.0", "1.1.0", "1.0.0"]
    assert [row["content"][0] for row in answer["results"]] == ["C", "B", "A", "H"]
    assert answer["results"][-1]["labels"] == ["production"]
    assert answer["results"][0]["parent"] == answer["results"][1]["id"]


def test_it_orders_by_number_and_not_by_letter(mia: Person) -> None:
    prompt = make_prompt(mia)
    for number in range(11):
        call(mia, "POST", at(prompt, "versions/"), {"content": f"{number} {{{{ name }}}}"})
    assert call(mia, "GET", at(prompt, "versions/latest/")).json["number"] == "1.11.0"
    numbers = [row["number"] for row in call(mia, "GET", at(prompt, "versions/")).json["results"]]
    assert numbers[:3] == ["1.11.0", "1.10.0", "1.9.0"]


def test_it_adds_a_version_and_publishes_it_when_told_to(mia: Person) -> None:
    prompt = make_prompt(mia)
    body = {"content": "Hi {{ name }}", "note": "shorter", "strategy": "few_shot", "variant_id": "v1", "publish": True}
    answer = call(mia, "POST", at(prompt, "versions/"), body)
    assert (answer.status, answer.json["number"], answer.json["note"]) == (201, "1.1.0", "shorter")
    assert call(mia, "GET", at(prompt)).json["labels"] == {"production": "1.1.0"}


def test_it_adds_nothing_that_is_there_already(mia: Person) -> None:
    prompt = make_prompt(mia)
    answer = call(mia, "POST", at(prompt, "versions/"), {"content": "Hello {{ name }}"})
    assert (answer.status, answer.json["number"], prompt.versions.count()) == (200, "1.0.0", 1)


def test_it_finds_a_version_by_number_id_and_label(mia: Person) -> None:
    prompt = make_prompt(mia)
    id_ = call(mia, "POST", at(prompt, "versions/"), {"content": "Hi {{ name }}"}).json["id"]
    for name in ("1.1.0", id_, "latest"):
        assert call(mia, "GET", at(prompt, f"versions/{name}/")).json["id"] == id_, name
    assert call(mia, "GET", at(prompt, "versions/production/")).json["number"] == "1.0.0"
    assert call(mia, "GET", at(prompt, "versions/staging/")).code == "unknown_version"


def test_it_shows_what_changed(mia: Person) -> None:
    prompt = make_prompt(mia, "Hello {{ name }}\nHow are you?\nBye")
    body = {"content": "Hello {{ name }} of {{ city }}\nBye\nSoon", "model_settings": {"temperature": 0.5}}
    call(mia, "POST", at(prompt, "versions/"), body)
    shown = call(mia, "GET", at(prompt, "diff/?from=production&to=latest")).json
    assert (shown["from"]["number"], shown["to"]["number"], shown["is_same"]) == ("1.0.0", "2.0.0", False)
    assert shown["unified"].splitlines() == [
        "--- 1.0.0",
        "+++ 2.0.0",
        "@@ -1,3 +1,3 @@",
        "-Hello {{ name }}",
        "-How are you?",
        "+Hello {{ name }} of {{ city }}",
        " Bye",
        "+Soon",
    ]
    told = [(line["change"], line["from_line"], line["to_line"]) for line in shown["lines"]]
    assert told == [
        ("removed", 1, None),
        ("removed", 2, None),
        ("added", None, 1),
        ("equal", 3, 2),
        ("added", None, 3),
    ]
    changed = {change["pointer"]: change["change"] for change in shown["variables"]}
    assert changed["/properties/city"] == "added"
    assert shown["model_settings"] == [{"pointer": "/temperature", "change": "added", "before": None, "after": 0.5}]


def test_it_shows_that_nothing_changed(mia: Person) -> None:
    prompt = make_prompt(mia)
    shown = call(mia, "GET", at(prompt, "diff/?from=1.0.0&to=latest")).json
    assert (shown["is_same"], shown["unified"], shown["variables"], shown["model_settings"]) == (True, "", [], [])


def test_it_shows_a_chat_message_by_message(mia: Person) -> None:
    prompt = make_prompt(mia, [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}])
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    call(mia, "POST", at(prompt, "versions/"), {"content": messages})
    shown = call(mia, "GET", at(prompt, "diff/?from=1.0.0&to=1.1.0")).json
    assert "-Be kind.\n+Be brief." in shown["unified"]


def test_it_shows_the_difference_of_huge_texts_as_one_block() -> None:
    """Line by line it would take minutes."""

    def draft(number: str, middle: str) -> Version:
        lines = ["first", *(f"{middle} {place % 7}" for place in range(2000)), "last"]
        return Version(prompt=Prompt(), number=number, kind="text", content="\n".join(lines))

    old, new = draft("1.0.0", "a"), draft("1.1.0", "b")
    assert MOST_COMPARISONS < 2002 * 2002
    shown = compare_versions(old, new)
    counts = {change: sum(line.change == change for line in shown.lines) for change in ("equal", "removed", "added")}
    assert counts == {"equal": 2, "removed": 2000, "added": 2000}
    assert shown.unified.count("\n-a") == shown.unified.count("\n+b") == 2000


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_it_changes_no_version(method: str, mia: Person) -> None:
    prompt = make_prompt(mia)
    assert call(mia, method, at(prompt, "versions/1.0.0/"), {"content": "x"}).status == 405
