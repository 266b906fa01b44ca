"""What each use of a version took: told once, counted by day, said of its unit, and rated afterwards."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from assay.core import token
from assay.core.execution import response_score
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.months import drop_months, first_id, id_at, keep_months, month_of, next_month, partition, time_of_id
from experiments.fold import fold
from experiments.keep_execution_months import keep_execution_months
from experiments.models import Execution, ExecutionDay, Exposure, Outcome, UnitTotal
from experiments.record_executions import TABLE
from experiments.score_versions import score_versions
from tests.api.calls import Answer, call
from tests.conftest import Person
from tests.experiments.cast import ago, make_experiment, outcome
from tests.experiments.test_resolve import make_prompt
from tests.experiments.test_serving_an_experiment import resolve

TOOK = {
    "response_time_ms": 500.0,
    "input_tokens": 120,
    "output_tokens": 40,
    "cached_tokens": 100,
    "cost_usd": 0.0123,
    "environment": "production",
    "accuracy": 1.0,
    "consistency": 0.5,
    "user_satisfaction": 0.75,
}


def send(person: Person, kind: str, *items: Any) -> Answer:
    return call(person, "POST", f"/api/v1/{kind}", {"items": list(items)})


def use(resolution: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "resolution_id": resolution} | TOOK | more


def accepted(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    assert answer.json["rejected"] == []
    return answer.json["results"]


def served(person: Person, unit: str | None = None) -> str:
    resolution_id: str = resolve(person, unit)["resolution_id"]
    return resolution_id


def test_it_is_kept_in_numbers_and_counted_by_day(mia: Person) -> None:
    prompt = make_prompt(mia)
    resolution = served(mia, "ann")
    failed = use(resolution, error_type="rate_limit", response_time_ms=None, accuracy=None, cost_usd="0.1")
    assert [row["duplicate"] for row in accepted(send(mia, "executions", use(resolution), failed))] == [False, False]
    first, second = Execution.objects.filter(project=mia.project).order_by("error_type")
    assert (first.prompt_id, first.error_type, first.cost_usd) == (prompt.pk, "rate_limit", Decimal("0.1"))
    assert (second.response_time_ms, second.input_tokens, second.cost_usd) == (500.0, 120, Decimal("0.0123"))
    assert abs(time_of_id(second.id) - second.at) < timedelta(milliseconds=2)
    day = ExecutionDay.objects.get(version=prompt.versions.get())
    assert (day.executions, day.errors, day.timed, day.response_time_ms) == (2, 1, 1, 500.0)
    assert day.response_score == pytest.approx(response_score(500.0))
    assert (day.accuracy, day.accuracy_rated, day.consistency, day.consistency_rated) == (1.0, 1, 1.0, 2)
    assert (day.input_tokens, day.cost_usd, day.costed) == (240, Decimal("0.1123"), 2)


def test_the_same_execution_counts_once(mia: Person) -> None:
    make_prompt(mia)
    one = use(served(mia, "ann"))
    answers = [row for _ in range(2) for row in accepted(send(mia, "executions", one, one))]
    assert [row["duplicate"] for row in answers] == [False, True, True, True]
    assert (Execution.objects.count(), ExecutionDay.objects.get().executions) == (1, 1)
    assert Outcome.objects.filter(metric__slug="accuracy").count() == 1


def test_it_says_of_its_unit_what_was_measured(mia: Person) -> None:
    experiment = make_experiment(mia, metric="response_time_ms")
    resolution = served(mia, "ann")
    rows = accepted(send(mia, "executions", use(resolution), use(resolution, response_time_ms=1500.0)))
    assert [row["counted"] for row in rows] == [True, True]
    fold(project_id=mia.project.pk)
    total = UnitTotal.objects.get(experiment=experiment)
    assert (total.value, total.weight, total.rows) == (2000.0, 2.0, 2)
    said = {slug: value for slug, value in Outcome.objects.values_list("metric__slug", "value")}
    assert said["error_rate"] == 0.0
    assert set(said) == {
        "response_time_ms",
        "error_rate",
        "cost_usd",
        "accuracy",
        "consistency",
        "user_satisfaction",
    }


def test_without_a_unit_it_says_nothing_of_any(mia: Person) -> None:
    make_prompt(mia)
    (row,) = accepted(send(mia, "executions", use(served(mia))))
    assert not row["counted"]
    assert not Outcome.objects.exists()


def test_a_later_rating_finds_its_execution(mia: Person) -> None:
    make_prompt(mia)
    resolution = served(mia, "ann")
    accepted(send(mia, "executions", use(resolution), use(resolution, at=ago(days=-0.0001))))
    rating = outcome("", 0.25, metric="user_satisfaction") | {"unit": None, "resolution_id": resolution}
    for _ in range(2):
        accepted(send(mia, "outcomes", rating))
    older, newer = Execution.objects.order_by("id")
    assert (older.user_satisfaction, newer.user_satisfaction, newer.accuracy) == (0.75, 0.25, 1.0)
    day = ExecutionDay.objects.get()
    assert (day.user_satisfaction, day.user_satisfaction_rated) == (1.0, 2)
    completeness = outcome("", 0.5, metric="completeness") | {"unit": None, "resolution_id": resolution}
    accepted(send(mia, "outcomes", completeness))
    day.refresh_from_db()
    assert (day.completeness, day.completeness_rated, day.user_satisfaction_rated) == (0.5, 1, 2)


def test_a_later_engagement_report_finds_its_execution(mia: Person) -> None:
    prompt = make_prompt(mia)
    resolution = served(mia, "ann")
    accepted(send(mia, "executions", use(resolution)))
    for likes in (3, 4):
        report = {"resolution_id": resolution, "likes": likes, "impressions": 10}
        assert call(mia, "POST", f"/api/v1/prompt-vault/{prompt.pk}/performance/", report).status == 200
    execution = Execution.objects.get()
    assert (execution.engagements, execution.impressions) == (7.0, 20.0)
    day = ExecutionDay.objects.get()
    assert (day.engagements, day.impressions) == (7.0, 20.0)


def test_database_and_program_know_a_resolution_alike(mia: Person) -> None:
    """Both doors find an execution of a resolution that was made long ago, and none of another project's."""
    prompt = make_prompt(mia)
    head = token.head_of(str(prompt.pk), str(prompt.versions.get().pk))
    past = timezone.now() - timedelta(days=200)
    old = token.make(head, int(past.timestamp() * 1000), unit_hash=b"12345678")
    accepted(send(mia, "executions", use(old, at=past.isoformat())))
    accepted(send(mia, "engagement", {"resolution_id": old, "likes": 1, "impressions": 2}))
    assert Execution.objects.get().impressions == 2.0


def test_a_version_shows_its_scores_and_their_trend(mia: Person) -> None:
    prompt = make_prompt(mia)
    resolution = served(mia, "ann")
    slow = use(resolution, response_time_ms=2000.0, accuracy=0.5, error_type="timeout", at=ago(days=0))
    accepted(send(mia, "executions", use(resolution), slow))
    version_id = str(prompt.versions.get().pk)
    past = {"version_id": version_id, "at": ago(days=3), "response_time_ms": 8000.0, "cost_usd": 0.5}
    accepted(send(mia, "executions", past))
    accepted(send(mia, "engagement", {"resolution_id": resolution, "likes": 1, "impressions": 4}))
    answer = call(mia, "GET", f"/api/v1/prompt-vault/{prompt.pk}/scores/").json
    (version,) = answer["versions"]
    assert (version["version_id"], version["number"], version["executions"]) == (version_id, "1.0.0", 3)
    assert version["error_rate"] == pytest.approx(1 / 3)
    assert version["response_time_ms"] == pytest.approx(3500.0)
    assert version["response_time_score"] == pytest.approx((0.8 + 0.5 + 0.2) / 3)
    assert version["composite"] == pytest.approx(0.4 * 0.75 + 0.2 * 0.5 + 0.2 * 0.5 + 0.2 * 0.75)
    assert (Decimal(version["cost_usd"]), version["engagement_rate"]) == (Decimal("0.5246"), 0.25)
    earlier, today = version["trend"]
    assert (earlier["day"], earlier["composite"], earlier["executions"]) == (ago(days=3)[:10], None, 1)
    assert (today["executions"], today["errors"]) == (2, 1)
    assert call(mia, "GET", f"/api/v1/prompt-vault/{prompt.pk}/scores/?days=2").json["versions"][0]["executions"] == 2
    for days in ("0", "367", "x", "1e2", "-1"):
        assert call(mia, "GET", f"/api/v1/prompt-vault/{prompt.pk}/scores/?days={days}").code == "invalid_parameter"


def test_scores_take_one_query_more_than_finding_the_prompt(
    mia: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    prompt = make_prompt(mia)
    accepted(send(mia, "executions", *(use(served(mia, "ann"), at=ago(days=days)) for days in range(5))))
    with django_assert_num_queries(1):
        assert len(score_versions(prompt=prompt, days=30).versions[0].trend) == 5


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"accuracy": 1.01}, "invalid_execution", "/accuracy"),
        ({"user_satisfaction": -0.1}, "invalid_execution", "/user_satisfaction"),
        ({"response_time_ms": -1}, "invalid_execution", "/response_time_ms"),
        ({"input_tokens": -1}, "invalid_execution", "/input_tokens"),
        ({"input_tokens": 1.5}, "wrong_type", "/input_tokens"),
        ({"cost_usd": -1}, "invalid_execution", "/cost_usd"),
        ({"cost_usd": "NaN"}, "invalid_execution", "/cost_usd"),
        ({"cost_usd": "1e400"}, "invalid_execution", "/cost_usd"),
        ({"error_type": "it said: my secret"}, "invalid_execution", "/error_type"),
        ({"environment": ""}, "invalid_execution", "/environment"),
        ({"input_hash": "x" * 101}, "invalid_execution", "/input_hash"),
        ({"error_type": "é"}, "invalid_execution", "/error_type"),
        ({"at": ago(days=-300)}, "time_in_future", "/at"),
        ({"at": ago(days=500)}, "too_old", "/at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "too_old", "/at"),
        ({"unit": "ann"}, "invalid_execution", "/unit"),
        ({"resolution_id": None}, "required", "/resolution_id"),
        ({"resolution_id": "x"}, "invalid_resolution_id", "/resolution_id"),
        ({"resolution_id": None, "version_id": str(uuid4()), "at": ago(days=1)}, "not_found", "/version_id"),
        ({"resolution_id": None, "version_id": str(uuid4())}, "required", "/at"),
        ({"answer": "a text"}, "unknown_field", "/answer"),
    ],
)
def test_a_bad_execution_never_costs_the_good_one(mia: Person, change: dict[str, Any], code: str, pointer: str) -> None:
    make_prompt(mia)
    resolution = served(mia, "ann")
    answer = send(mia, "executions", use(resolution, **change), use(resolution)).json
    (refused,) = answer["rejected"]
    assert (refused["index"], refused["pointer"]) == (0, pointer)
    assert refused["code"] == code
    assert answer["accepted"] == Execution.objects.count() == ExecutionDay.objects.get().executions == 1


def test_a_token_of_the_year_10889_is_from_the_future(mia: Person) -> None:
    experiment = make_experiment(mia)
    head = token.head_of(str(experiment.prompt_id), str(experiment.prompt.versions.first().pk))
    wild = token.make(head, 2**48 - 1, unit_hash=b"12345678", experiment_id=str(experiment.pk), arm=0)
    for kind, item in (("executions", use(wild)), ("exposures", {"resolution_id": wild})):
        (refused,) = send(mia, kind, item).json["rejected"]
        assert refused["code"] == "time_in_future"
    rating = outcome("", 0.25, metric="accuracy") | {"unit": None, "resolution_id": wild}
    accepted(send(mia, "outcomes", rating))
    accepted(send(mia, "engagement", {"resolution_id": wild, "likes": 1, "impressions": 2}))
    assert not Exposure.objects.exists()


def test_a_stranger_tells_nothing_of_it(mia: Person, stranger: Person) -> None:
    make_prompt(mia)
    (refused,) = send(stranger, "executions", use(served(mia, "ann"))).json["rejected"]
    assert (refused["code"], refused["pointer"]) == ("not_found", "/resolution_id")
    assert not Execution.objects.exists()


def test_what_is_no_code_gets_past_no_raw_sql_and_the_refusal_does_not_repeat_it(mia: Person) -> None:
    keep_months(TABLE, {month_of(timezone.now())})
    columns = "(id, project_id, prompt_id, version_id, at, error_type)"
    for statement in (
        f"INSERT INTO {TABLE} {columns} VALUES (%(id)s, %(id)s, %(id)s, %(id)s, now(), 'said something secret')",
        f"UPDATE {TABLE} SET error_type = 'said something secret'",
    ):
        make_prompt(mia, name=f"prompt {uuid4()}", category="other")
        accepted(send(mia, "executions", {"version_id": str(_version(mia)), "at": ago(days=0)}))
        with pytest.raises((IntegrityError, DataError)) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"id": first_id(timezone.now())})
        assert "secret" not in str(refused.value)


def _version(person: Person) -> Any:
    return make_prompt(person, name=f"prompt {uuid4()}", category="other").versions.get().pk


def test_ids_keep_their_time_and_their_sender() -> None:
    at = datetime(2026, 11, 20, 10, 30, 0, 123_000, tzinfo=UTC)
    id_ = id_at(at, b"one")
    assert (id_.version, id_.variant, time_of_id(id_)) == (7, "specified in RFC 4122", at)
    assert id_ == id_at(at, b"one") != id_at(at, b"two")
    assert first_id(at) < id_ < first_id(at + timedelta(milliseconds=1))


def test_months_follow_one_another() -> None:
    month = month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert (month, next_month(month)) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def test_a_month_that_is_past_is_dropped_whole(transactional_db: None, mia: Person) -> None:
    version = make_prompt(mia).versions.get()
    now = timezone.now()
    items = [{"version_id": str(version.pk), "at": (now - timedelta(days=days)).isoformat()} for days in (0, 100)]
    accepted(send(mia, "executions", *items))
    assert Execution.objects.count() == 2
    dropped = drop_months(TABLE, now - timedelta(days=40))
    assert partition(TABLE, month_of(now - timedelta(days=100))) in dropped
    keep_execution_months()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [partition(TABLE, next_month(month_of(now)))])
        assert cursor.fetchone() != (None,)
    assert [execution.at > now - timedelta(days=40) for execution in Execution.objects.all()] == [True]
    assert ExecutionDay.objects.count() == 2


def test_a_project_that_keeps_less_long_than_others_lets_go_of_its_own_alone(
    transactional_db: None, mia: Person, stranger: Person
) -> None:
    for person in (mia, stranger):
        version = make_prompt(person).versions.get()
        items = [{"version_id": str(version.pk), "at": ago(days=days)} for days in (1, 45, 90)]
        accepted(send(person, "executions", *items))
    mia.project.retention_days = 30
    mia.project.save()
    (refused,) = send(mia, "executions", {"version_id": str(_version(mia)), "at": ago(days=45)}).json["rejected"]
    assert refused["code"] == "too_old"
    keep_execution_months()
    kept = Execution.objects.values_list("project_id", flat=True)
    assert sorted(kept) == sorted([mia.project.pk, *[stranger.project.pk] * 3])


def test_a_month_stays_as_long_as_one_project_keeps_it(transactional_db: None, mia: Person, stranger: Person) -> None:
    stranger.project.retention_days = 600
    stranger.project.save()
    version = make_prompt(stranger).versions.get()
    accepted(send(stranger, "executions", {"version_id": str(version.pk), "at": ago(days=500)}))
    keep_execution_months()
    assert Execution.objects.count() == 1
