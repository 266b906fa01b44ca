"""Learning: what a report makes of a prompt, once and only once, however many come at the same time."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from assay.core.errors import AssayError
from assay.core.learn import next_score
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from tests.conftest import Person, make_person, make_project
from vault.create_prompt import create_prompt
from vault.learn import Learned, Report, learn
from vault.models import EngagementReport, Prompt


def make_prompt(person: Person, name: str = "greeting") -> Prompt:
    context = {"name": name, "category": "email", "vertical": "food"}
    return create_prompt(access=person.access, context=context, content="Hello")


def make_report(
    prompt: Prompt,
    rate: float = 0.5,
    impressions: float = 10,
    report_id: UUID | None = None,
    resolution: str | None = None,
) -> Report:
    return Report(
        prompt_id=prompt.pk,
        rate=rate,
        engagements=rate * impressions,
        impressions=impressions,
        report_id=report_id,
        resolution_id=resolution,
    )


def taught(prompt: Prompt, *reports: Report) -> list[Learned]:
    return learn(project_id=prompt.project_id, reports=reports)


def at_once(number: int, work: Callable[[int], object]) -> list[BaseException | None]:
    """Do the work in so many threads that set off together, each with its own connection; returns what each raised."""
    gate = Barrier(number)

    def run(place: int) -> None:
        try:
            gate.wait(30)
            work(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return [done.exception() for done in [pool.submit(run, place) for place in range(number)]]


def test_it_keeps_seven_tenths_and_learns_three(mia: Person) -> None:
    prompt = make_prompt(mia)
    (learned,) = taught(prompt, make_report(prompt, rate=0.8))
    assert learned.new_performance_score == pytest.approx(0.7 * 5.0 + 0.3 * 8.0)
    assert learned.updated
    prompt.refresh_from_db()
    assert prompt.performance_score == learned.new_performance_score
    assert (prompt.reports, prompt.engagements, prompt.impressions) == (1, 8, 10)


def test_it_takes_the_reports_of_a_prompt_in_order_and_says_where_each_left_it(mia: Person) -> None:
    prompt, other = make_prompt(mia), make_prompt(mia, "farewell")
    rates = [0.1, 0.9, 0.4]
    reports = [make_report(prompt, rate) for rate in rates]
    reports.insert(1, make_report(other, 1.0))
    first, beside, second, third = taught(prompt, *reports)
    score, expected = 5.0, []
    for rate in rates:
        score = next_score(score, rate)
        expected.append(score)
    assert [learned.new_performance_score for learned in (first, second, third)] == expected
    assert [learned.engagement_avg for learned in (first, second, third)] == pytest.approx([0.1, 0.5, 1.4 / 3])
    assert (beside.prompt_id, beside.new_performance_score) == (other.pk, next_score(5.0, 1.0))


def test_it_keeps_each_report_as_a_row_of_history(mia: Person) -> None:
    prompt = make_prompt(mia)
    taught(prompt, make_report(prompt, 0.2), make_report(prompt, 0.6))
    first, second = prompt.history.order_by("sequence")
    assert (first.sequence, first.score_before, first.score_after) == (1, 5.0, next_score(5.0, 0.2))
    assert (second.sequence, second.score_before) == (2, first.score_after)


def test_it_holds_the_history_against_change(mia: Person) -> None:
    prompt = make_prompt(mia)
    taught(prompt, make_report(prompt))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        EngagementReport.objects.update(engagement_rate=1.0)


def test_it_learns_a_report_once_however_often_it_is_sent(mia: Person) -> None:
    prompt = make_prompt(mia)
    report = make_report(prompt, report_id=uuid4())
    (first,) = taught(prompt, report)
    again, twice = taught(prompt, report, report)
    assert (first.updated, again.updated, twice.updated) == (True, False, False)
    assert again.new_performance_score == first.new_performance_score
    assert prompt.history.count() == 1


def test_it_learns_nothing_when_one_prompt_belongs_to_a_stranger(mia: Person, stranger: Person) -> None:
    mine, theirs = make_prompt(mia), make_prompt(stranger)
    with pytest.raises(AssayError) as caught:
        taught(mine, make_report(mine), make_report(mine), make_report(theirs))
    assert (caught.value.code, caught.value.status) == ("not_found", 404)
    assert EngagementReport.objects.count() == 0
    mine.refresh_from_db()
    assert mine.performance_score == 5.0


def test_it_counts_a_use_that_nobody_counted(mia: Person) -> None:
    prompt = make_prompt(mia)
    without, with_resolution = taught(prompt, make_report(prompt), make_report(prompt, resolution="named"))
    assert (without.times_used, with_resolution.times_used) == (1, 1)


def test_it_learns_many_prompts_in_one_query(mia: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    prompts = [make_prompt(mia, f"prompt {number}") for number in range(20)]
    reports = [make_report(prompt) for prompt in prompts]
    with django_assert_num_queries(3):  # BEGIN, the one, COMMIT: a savepoint and its release within a test
        learn(project_id=mia.project.pk, reports=reports)


@pytest.mark.django_db(transaction=True)
def test_it_loses_none_of_many_reports_at_once() -> None:
    mia = make_person("mia", make_project("bakery"), "member")
    prompt = make_prompt(mia)
    assert not any(at_once(40, lambda place: [taught(prompt, make_report(prompt, place / 40)) for _ in range(5)]))
    prompt.refresh_from_db()
    assert prompt.reports == 200
    assert prompt.impressions == 2000
    assert prompt.times_used == 200
    history = list(prompt.history.order_by("sequence"))
    assert [row.sequence for row in history] == list(range(1, 201))
    score = 5.0
    for row in history:
        assert row.score_before == score
        score = next_score(score, row.engagement_rate)
    assert prompt.performance_score == score


@pytest.mark.django_db(transaction=True)
def test_it_takes_batches_that_name_the_same_prompts_in_other_orders_at_once() -> None:
    mia = make_person("mia", make_project("bakery"), "member")
    prompts = [make_prompt(mia, f"prompt {number}") for number in range(12)]

    def work(place: int) -> None:
        reports = [make_report(prompt) for prompt in prompts] * 3
        random.Random(place).shuffle(reports)
        learn(project_id=mia.project.pk, reports=reports)

    assert not any(at_once(12, work))
    assert set(Prompt.objects.values_list("reports", flat=True)) == {36}


@pytest.mark.django_db(transaction=True)
def test_it_learns_a_report_once_that_is_sent_twice_at_once() -> None:
    mia = make_person("mia", make_project("bakery"), "member")
    prompt = make_prompt(mia)
    report = make_report(prompt, report_id=uuid4())
    assert not any(at_once(12, lambda _: taught(prompt, report)))
    prompt.refresh_from_db()
    assert (prompt.reports, prompt.history.count()) == (1, 1)
