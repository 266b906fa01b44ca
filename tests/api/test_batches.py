"""Usage and engagement come in batches: each item is taken once, and a bad one costs the good ones nothing."""

from typing import Any
from uuid import uuid4

from tests.api.calls import Answer, call, make_prompt
from tests.conftest import Person
from vault.models import EngagementReport, Prompt, UsageReport


def send(person: Person, kind: str, *items: Any) -> Answer:
    return call(person, "POST", f"/api/v1/{kind}", {"items": list(items)})


def use(prompt: Prompt, **more: Any) -> dict[str, Any]:
    version = prompt.versions.get(number="1.0.0")
    return {"id": str(uuid4()), "prompt_id": str(prompt.pk), "version_id": str(version.pk), "count": 1} | more


def earn(prompt: Prompt, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "prompt_id": str(prompt.pk), "engagement_rate": 0.5} | more


def test_it_takes_an_empty_batch(mia: Person) -> None:
    assert send(mia, "usage").json == {"accepted": 0, "rejected": []}
    assert send(mia, "engagement").json == {"accepted": 0, "rejected": [], "results": []}


def test_it_counts_what_was_served(mia: Person) -> None:
    prompt, other = make_prompt(mia), make_prompt(mia, name="farewell")
    answer = send(mia, "usage", use(prompt, count=3), use(prompt, count=4), use(other, count=5))
    assert (answer.status, answer.json) == (200, {"accepted": 3, "rejected": []})
    prompt.refresh_from_db()
    other.refresh_from_db()
    assert (prompt.times_used, other.times_used) == (7, 5)


def test_it_counts_each_item_once(mia: Person) -> None:
    prompt = make_prompt(mia)
    item = use(prompt, count=3)
    for _ in range(3):
        assert send(mia, "usage", item, item).json["accepted"] == 2
    prompt.refresh_from_db()
    assert (prompt.times_used, UsageReport.objects.count()) == (3, 1)


def test_it_lets_two_projects_use_the_same_ids(mia: Person, stranger: Person) -> None:
    ours, theirs = make_prompt(mia), make_prompt(stranger)
    id_ = str(uuid4())
    for person, prompt in ((mia, ours), (stranger, theirs)):
        assert send(person, "usage", use(prompt, id=id_)).json["accepted"] == 1
        assert send(person, "engagement", earn(prompt, id=id_)).json["accepted"] == 1
        prompt.refresh_from_db()
        assert (prompt.times_used, prompt.reports) == (2, 1)


def test_it_says_of_each_count_why_it_was_not_taken(mia: Person, stranger: Person) -> None:
    prompt, other, foreign = make_prompt(mia), make_prompt(mia, name="farewell"), make_prompt(stranger)
    bad: list[tuple[Any, str, str]] = [
        (use(prompt, count=0), "wrong_type", "/count"),
        (use(prompt, count=1_000_001), "wrong_type", "/count"),
        (use(prompt, count=1.5), "wrong_type", "/count"),
        (use(prompt, count=10**30), "number_too_large", "/count"),
        (use(prompt, count="3"), "wrong_type", "/count"),
        (use(prompt, id="x"), "wrong_type", "/id"),
        (use(prompt, extra=1), "unknown_field", "/extra"),
        (use(foreign), "not_found", "/version_id"),
        (use(prompt, version_id=str(uuid4())), "not_found", "/version_id"),
        (use(prompt, version_id=use(other)["version_id"]), "not_found", "/version_id"),
        ({"id": str(uuid4())}, "required", "/prompt_id"),
        ("text", "wrong_type", ""),
        (None, "wrong_type", ""),
        ([], "wrong_type", ""),
        ({"id": "a\0b"}, "null_character", "/id"),
    ]
    answer = send(mia, "usage", use(prompt), *[item for item, _, _ in bad], use(prompt))
    assert answer.json["accepted"] == 2
    told = [(row["index"], row["code"], row["pointer"]) for row in answer.json["rejected"]]
    expected = [
        (place, "unstorable_value" if code in ("number_too_large", "null_character") else code, pointer)
        for place, (_, code, pointer) in enumerate(bad, 1)
    ]
    assert told == expected
    assert answer.json["rejected"][0]["id"] == bad[0][0]["id"]
    prompt.refresh_from_db()
    foreign.refresh_from_db()
    assert (prompt.times_used, foreign.times_used) == (2, 0)


def test_it_learns_from_each_report_in_order(mia: Person) -> None:
    prompt, other = make_prompt(mia), make_prompt(mia, name="farewell")
    answer = send(
        mia,
        "engagement",
        earn(prompt, engagement_rate=1),
        earn(other, engagement_rate=0),
        earn(prompt, engagement_rate=0),
        {"prompt_id": str(prompt.pk), "likes": 1, "impressions": 2},
    ).json
    assert answer["accepted"] == 4
    scores = [row["new_performance_score"] for row in answer["results"]]
    assert scores[:2] == [6.5, 3.5]
    assert scores[2] == 0.7 * 6.5
    assert [row["index"] for row in answer["results"]] == [0, 1, 2, 3]
    assert answer["results"][3]["id"] is None


def test_it_learns_from_each_report_once(mia: Person) -> None:
    prompt = make_prompt(mia)
    item = earn(prompt)
    first = send(mia, "engagement", item).json["results"][0]
    again = send(mia, "engagement", item, item).json
    assert again["accepted"] == 2
    assert [row["updated"] for row in again["results"]] == [False, False]
    assert again["results"][0]["new_performance_score"] == first["new_performance_score"]
    assert EngagementReport.objects.count() == 1


def test_it_says_of_each_report_why_it_was_not_taken(mia: Person, stranger: Person) -> None:
    prompt, other, foreign = make_prompt(mia), make_prompt(mia, name="farewell"), make_prompt(stranger)
    resolve = {"prompt": "greeting", "variables": {"name": "A"}}
    token = call(stranger, "POST", "/api/v1/resolve", resolve).json["resolution_id"]
    bad: list[tuple[Any, str, str]] = [
        (earn(prompt, engagement_rate=2), "invalid_engagement", "/engagement_rate"),
        (earn(foreign), "not_found", "/prompt_id"),
        ({"resolution_id": token, "engagement_rate": 1}, "not_found", "/resolution_id"),
        ({"engagement_rate": 1}, "required", "/prompt_id"),
        (earn(prompt, version=use(other)["version_id"], unit="u"), "not_found", "/version"),
        (earn(prompt, version=use(foreign)["version_id"], unit="u"), "not_found", "/version"),
        (earn(prompt, resolution_id="x" * 500), "invalid_resolution_id", "/resolution_id"),
        (earn(prompt, x=1), "unknown_field", "/x"),
        (5, "wrong_type", ""),
    ]
    answer = send(mia, "engagement", earn(prompt), *[item for item, _, _ in bad], earn(prompt)).json
    assert answer["accepted"] == 2
    told = [(row["index"], row["code"], row["pointer"]) for row in answer["rejected"]]
    assert told == [(place, code, pointer) for place, (_, code, pointer) in enumerate(bad, 1)]
    prompt.refresh_from_db()
    foreign.refresh_from_db()
    assert (prompt.reports, foreign.reports) == (2, 0)


def test_it_takes_a_thousand_at_once(mia: Person) -> None:
    prompt = make_prompt(mia)
    assert send(mia, "usage", *[use(prompt) for _ in range(1000)]).json["accepted"] == 1000
    assert send(mia, "engagement", *[earn(prompt) for _ in range(1000)]).json["accepted"] == 1000
    prompt.refresh_from_db()
    assert (prompt.times_used, prompt.reports) == (2000, 1000)


def test_it_lets_a_reading_key_tell_what_it_served_and_not_what_it_earned(vic: Person, mia: Person) -> None:
    prompt = make_prompt(mia)
    assert send(vic, "usage", use(prompt)).json["accepted"] == 1
    assert send(vic, "engagement", earn(prompt)).code == "permission_denied"
