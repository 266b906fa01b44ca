"""What runs count for is noted with them, and added to the hours and days once, whoever does it and when."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, connection, transaction

from agents.fold_counts import fold_counts
from agents.models import PendingCount, RunCount
from agents.record_runs import record_runs
from sentinel.models import Project
from tests.agents.reporting import a_whole_report, check_counts, lately, stored
from tests.conftest import make_project

pytestmark = pytest.mark.django_db
SENDERS, BATCHES, RUNS = 4, 6, 5


def record(project: Project, *names: str, **fields: Any) -> None:
    record_runs(project_id=project.pk, items=[msgspec.json.encode(a_whole_report(name, **fields)) for name in names])


@pytest.fixture
def _folded_by_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.store_runs.FOLDED_EVERY", 1_000_000)


@pytest.mark.usefixtures("_folded_by_who_asks")
def test_it_notes_in_the_same_transaction(bakery: Project) -> None:
    with transaction.atomic():
        record(bakery, "run-1")
        assert PendingCount.objects.exists()
        transaction.set_rollback(True)
    assert not PendingCount.objects.exists()


@pytest.mark.usefixtures("_folded_by_who_asks")
def test_it_adds_once_and_in_slices(bakery: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.fold_counts.MOST_AT_ONCE", 2)
    for number in range(5):
        record(bakery, f"run-{number}")
    assert not RunCount.objects.exists()
    fold_counts()
    fold_counts()
    assert sum(RunCount.objects.filter(grain="d").values_list("runs", flat=True)) == 5
    check_counts(bakery.pk)


def test_it_adds_by_itself_after_some_transactions(bakery: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.store_runs.FOLDED_EVERY", 1)
    record(bakery, "run-1")
    assert not PendingCount.objects.exists()
    assert sum(RunCount.objects.filter(grain="d").values_list("runs", flat=True)) == 1


@pytest.mark.usefixtures("_folded_by_who_asks")
def test_what_is_taken_back_before_it_was_added_comes_to_nothing(bakery: Project) -> None:
    record(bakery, "run-1", "run-2")
    record(bakery, "run-1", "run-2")
    check_counts(bakery.pk)


@pytest.mark.usefixtures("_folded_by_who_asks")
def test_what_cannot_be_added_up_in_one_project_is_nothing_to_another(bakery: Project) -> None:
    sawmill = make_project("sawmill")
    # The same hour of the same day for both: else there would be nothing to add to.
    began = lately()
    record(bakery, "run-1", started_at=began)
    record(sawmill, "run-1")
    fold_counts()
    RunCount.objects.filter(project=bakery).update(tokens=2**63 - 1)
    record(bakery, "run-2", started_at=began)
    record(sawmill, "run-2")
    with pytest.raises(DatabaseError), transaction.atomic():
        fold_counts(project_id=bakery.pk)
    fold_counts(project_id=sawmill.pk)
    check_counts(sawmill.pk)
    assert PendingCount.objects.filter(project=bakery).count() == 1


@pytest.mark.django_db(transaction=True)
def test_all_that_add_at_once_come_to_the_same(bakery: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.store_runs.FOLDED_EVERY", 3)

    def send(sender: int) -> None:
        try:
            for batch in range(BATCHES):
                record(bakery, *(f"run-{sender}-{batch}-{number}" for number in range(RUNS)))
        finally:
            connection.close()

    def fold(_: int) -> None:
        try:
            for _ in range(3 * BATCHES):
                fold_counts()
        finally:
            connection.close()

    with ThreadPoolExecutor(2 * SENDERS) as pool:
        for done in [*(pool.submit(send, n) for n in range(SENDERS)), *(pool.submit(fold, n) for n in range(SENDERS))]:
            done.result()
    assert len(stored(bakery.pk)) == SENDERS * BATCHES * RUNS
    check_counts(bakery.pk)


def test_a_note_holds_codes_and_numbers_alone(bakery: Project) -> None:
    insert = "INSERT INTO agents_pendingcount (project_id, start, agent_id, agent_version, environment) VALUES "
    with connection.cursor() as cursor:
        for agent in ("what was said", "x" * 101):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(f"{insert} (%s, now(), %s, '1', 'e')", [bakery.pk, agent])
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'agents_pendingcount' "
            "AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea') AND domain_name IS NULL"
        )
        assert cursor.fetchall() == []
