"""A prompt learns from what is reported of it."""

from uuid import uuid4

from assay.core.learn import next_score

from tests.api.calls import at, call, make_prompt
from tests.conftest import Person


def test_it_learns_from_a_rate(mia: Person) -> None:
    prompt = make_prompt(mia)
    answer = call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 0.8})
    assert answer.status == 200
    assert answer.json == {
        "prompt_id": str(prompt.pk),
        "engagement_rate": 0.8,
        "new_performance_score": next_score(5.0, 0.8),
        "engagement_avg": 0.8,
        "times_used": 1,
        "updated": True,
    }
    assert call(mia, "GET", at(prompt)).json["performance_score"] == next_score(5.0, 0.8)


def test_it_learns_from_counts(mia: Person) -> None:
    prompt = make_prompt(mia)
    counts = {"likes": 12, "comments": 3, "shares": 1, "impressions": 64}
    assert call(mia, "POST", at(prompt, "performance/"), counts).json["engagement_rate"] == 0.25
    answer = call(mia, "POST", at(prompt, "performance/"), {"impressions": 10}).json
    assert (answer["engagement_rate"], answer["engagement_avg"]) == (0, 0.125)


def test_it_counts_a_report_with_an_id_once(mia: Person) -> None:
    prompt = make_prompt(mia)
    body = {"id": str(uuid4()), "engagement_rate": 1}
    first = call(mia, "POST", at(prompt, "performance/"), body).json
    again = call(mia, "POST", at(prompt, "performance/"), body).json
    assert (first["updated"], again["updated"]) == (True, False)
    assert again["new_performance_score"] == first["new_performance_score"] == 6.5
    assert again["times_used"] == 1


def test_it_counts_a_use_that_nobody_else_has_counted(mia: Person) -> None:
    prompt = make_prompt(mia)
    resolved = call(
        mia, "POST", "/api/v1/resolve", {"prompt": "greeting", "variables": {"name": "A"}, "unit": "u"}
    ).json
    body = {"engagement_rate": 0.5, "resolution_id": resolved["resolution_id"]}
    assert call(mia, "POST", at(prompt, "performance/"), body).json["times_used"] == 0
    assert call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 0.5}).json["times_used"] == 1
    body = {"engagement_rate": 0.5, "version": "1.0.0", "unit": "u"}
    assert call(mia, "POST", at(prompt, "performance/"), body).json["times_used"] == 2
    # Whether it named the resolution or the version and the unit, the history knows the same of it.
    first, _, third = prompt.history.order_by("sequence")
    assert (first.version, bytes(first.unit_hash or b"")) == (third.version, bytes(third.unit_hash or b""))
    assert first.unit_hash


def test_it_keeps_the_history(mia: Person) -> None:
    prompt = make_prompt(mia)
    for rate in (0.1, 0.2, 0.3):
        call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": rate, "version": "1.0.0", "unit": "u"})
    told = call(mia, "GET", at(prompt, "history/?page_size=2")).json
    assert told["count"] == 3
    assert [row["sequence"] for row in told["results"]] == [3, 2]
    newest = told["results"][0]
    assert (newest["engagement_rate"], newest["version"]) == (0.3, "1.0.0")
    assert newest["score_after"] == next_score(newest["score_before"], 0.3)
    assert newest["score_before"] == told["results"][1]["score_after"]


def test_it_learns_of_a_deleted_prompt_too(mia: Person) -> None:
    prompt = make_prompt(mia)
    call(mia, "DELETE", at(prompt))
    assert call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 1}).json["updated"] is True


def test_it_knows_no_resolution_of_another_prompt(mia: Person, stranger: Person) -> None:
    prompt = make_prompt(mia)
    make_prompt(mia, name="farewell")
    make_prompt(stranger)
    request = {"prompt": "farewell", "variables": {"name": "A"}}
    other = call(mia, "POST", "/api/v1/resolve", request).json["resolution_id"]
    foreign = call(stranger, "POST", "/api/v1/resolve", request | {"prompt": "greeting"}).json["resolution_id"]
    for token in (other, foreign):
        answer = call(mia, "POST", at(prompt, "performance/"), {"engagement_rate": 1, "resolution_id": token})
        assert (answer.status, answer.code, answer.pointers) == (422, "prompt_mismatch", ["/resolution_id"])
    assert prompt.history.count() == 0
