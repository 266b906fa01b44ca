"""Months of telemetry are made before they are needed and dropped when they are past keeping, and nobody waits."""

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from agents.keep_telemetry import keep_telemetry
from agents.models import Run, RunCount, RunKey
from agents.record_runs import Recorded, record_runs
from agents.store_runs import store_runs
from agents.telemetry.facts import Group
from agents.telemetry.rows import COLUMNS
from config.months import month_of, next_month, partition
from config.regular_work import REGULAR
from sentinel.models import Project
from tests.agents.asking import a_run
from tests.agents.reporting import TABLES, a_report, a_whole_report, check_counts, counted, stored
from tests.conftest import make_project

PATIENCE = 60.0
# Tests that run beside this one have databases of their own on the same server.
WAITING = "query LIKE 'ALTER TABLE %DETACH%' AND wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture(autouse=True)
def _no_day_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a month, in the middle of a test: what is kept hangs on both."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def bakery(transactional_db: None) -> Iterator[Project]:
    yield make_project("bakery")
    # A month that a test made stays, and would be met by the next.
    with connection.cursor() as cursor:
        for table in COLUMNS:
            cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TABLE "{name}"')


def put(project: Project, *ago: float) -> None:
    """Runs that began so many days ago, as if they had been stored then."""
    groups = []
    for days in ago:
        began = timezone.now() - timedelta(days=days)
        groups.append(Group(f"run-{days}", began, [a_run(f"run-{days}", began, parent_run_id="run-x")]))
    store_runs(project_id=project.pk, groups=groups, merge=lambda stored, sent: sent)


def months_of(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return {name for (name,) in cursor.fetchall()}


def test_it_makes_the_months_that_come_and_does_so_daily(bakery: Project) -> None:
    keep_telemetry()
    this = month_of(timezone.now())
    for table in COLUMNS:
        for month in (this, next_month(this), next_month(next_month(this))):
            assert partition(table, month) in months_of(table)
    assert REGULAR["agents.tasks.keep"] == timedelta(days=1)


def test_it_drops_what_is_past_the_longest_retention_with_keys_and_counts(bakery: Project) -> None:
    put(bakery, 500, 460, 3)
    old = month_of(timezone.now() - timedelta(days=500))
    out = StringIO()
    call_command("partitions", stdout=out)
    assert f"dropped {partition('agents_run', old)}" in out.getvalue()
    for table in COLUMNS:
        assert partition(table, old) not in months_of(table)
    assert set(stored(bakery.pk)) == {"run-3"}
    assert (RunKey.objects.count(), counted("agents_call"), RunCount.objects.count()) == (1, 1, 2)
    check_counts(bakery.pk)
    assert keep_telemetry().dropped == []


def test_a_shorter_retention_deletes_by_whole_days(bakery: Project) -> None:
    sawmill = make_project("sawmill")
    bakery.retention_days = 10
    bakery.save()
    for project in (bakery, sawmill):
        put(project, *(day + part / 8 for day in range(8, 14) for part in range(8)))
    kept = keep_telemetry()
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    boundary = today - timedelta(days=10)
    assert kept.deleted == {"bakery": 48 - len(stored(bakery.pk))}
    assert 0 < kept.deleted["bakery"] < 48
    assert min(run.started_at for run in stored(bakery.pk).values()) >= boundary
    assert len(stored(sawmill.pk)) == 48
    for table in TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE project_id = %s", [bakery.pk])
            left = cursor.fetchone()[0]
        if table in ("agents_run", "agents_call", "agents_runkey"):
            assert left == len(stored(bakery.pk)), table
    for project in (bakery, sawmill):
        check_counts(project.pk)
    assert keep_telemetry().deleted == {}


def test_many_that_began_in_the_same_millisecond_go_together(bakery: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.forget_telemetry.SLICE", 3)
    bakery.retention_days = 10
    bakery.save()
    make_project("sawmill")
    began = timezone.now() - timedelta(days=20)
    groups = [Group(f"run-{n}", began, [a_run(f"run-{n}", began)]) for n in range(10)]
    groups += [Group(f"late-{n}", began, [a_run(f"late-{n}", began + timedelta(seconds=n))]) for n in range(10)]
    store_runs(project_id=bakery.pk, groups=groups, merge=lambda stored, sent: sent)
    assert keep_telemetry().deleted == {"bakery": 20}
    assert (Run.objects.count(), RunKey.objects.count(), RunCount.objects.count()) == (0, 0, 0)


def test_runs_come_in_while_a_month_is_dropped_and_wait_for_nobody(bakery: Project) -> None:
    # The month that is held is there before: else it would be made within the long transaction, and whoever wants to
    # make it too would wait for that.
    put(bakery, 500, 3, 2)
    holding, release = threading.Event(), threading.Event()
    done: list[Any] = []

    def hold() -> None:
        # A long transaction that reads and writes: detaching a month waits for it.
        with transaction.atomic():
            put(bakery, 2.5)
            Run.objects.count()
            holding.set()
            release.wait(PATIENCE)
        connection.close()

    def drop() -> None:
        done.append(keep_telemetry())
        connection.close()

    threads = [threading.Thread(target=work) for work in (hold, drop)]
    try:
        threads[0].start()
        assert holding.wait(PATIENCE)
        threads[1].start()
        assert _until(_is_waiting)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        for number in range(5):
            (told,) = record_runs(project_id=bakery.pk, items=[msgspec.json.encode(a_whole_report(f"new-{number}"))])
            assert isinstance(told, Recorded)
            assert told.result == "stored"
        assert not done
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        release.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert any(name.startswith("agents_run_") for name in done[0].dropped)
    check_counts(bakery.pk)


def test_it_finishes_what_was_left_half_detached(bakery: Project) -> None:
    """Whoever detached it was stopped while waiting for others."""
    put(bakery, 500)
    old = partition("agents_run", month_of(timezone.now() - timedelta(days=500)))
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Run.objects.count()
            holding.set()
            release.wait(PATIENCE)
        connection.close()

    def detach() -> None:
        with contextlib.suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE agents_run DETACH PARTITION "{old}" CONCURRENTLY')
        connection.close()

    threads = [threading.Thread(target=work) for work in (hold, detach)]
    threads[0].start()
    assert holding.wait(PATIENCE)
    threads[1].start()
    assert _until(_is_waiting)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE {WAITING}")
    threads[1].join(PATIENCE)
    release.set()
    threads[0].join(PATIENCE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = %s::regclass", [old])
        assert cursor.fetchone() == (True,)
    assert old in keep_telemetry().dropped
    assert old not in months_of("agents_run")


def test_a_month_that_was_dropped_meanwhile_is_made_again(bakery: Project) -> None:
    put(bakery, 3)
    with connection.cursor() as cursor:
        for table in COLUMNS:
            for name in months_of(table):
                cursor.execute(f'DROP TABLE "{name}"')
    RunKey.objects.all().delete()
    (told,) = record_runs(project_id=bakery.pk, items=[msgspec.json.encode(a_report("run-1"))])
    assert isinstance(told, Recorded)
    assert set(stored(bakery.pk)) == {"run-1"}


def _is_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {WAITING}")
        return bool(cursor.fetchone()[0])


def _until(true: Any) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False
