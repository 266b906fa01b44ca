"""The same runs from several connections at the same time: each is stored once and counted once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from assay.core.errors import AssayError
from django.db import connection, transaction

from agents.models import Call, Run
from agents.record_runs import Recorded, record_runs
from agents.store_runs import Stored, store_runs
from agents.telemetry.facts import Group
from config.months import time_of_id
from sentinel.models import Project
from tests.agents.asking import a_run
from tests.agents.reporting import a_report, a_whole_report, check_counts, lately, stored
from tests.conftest import make_project

PATIENCE = 60.0


@pytest.fixture
def bakery(transactional_db: None) -> Project:
    return make_project("bakery")


def record(project: Project, *reports: Any) -> list[Recorded | AssayError]:
    return record_runs(project_id=project.pk, items=[msgspec.json.encode(report) for report in reports])


def record_one(project: Project, report: Any) -> Any:
    return record(project, report)[0]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each of these comes to, all begun at the same moment, each on a connection of its own."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def work(place: int) -> None:
        try:
            barrier.wait(PATIENCE)
            results[place] = works[place]()
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return results


def test_one_run_is_stored_once_though_each_claims_another_start_in_another_month(bakery: Project) -> None:
    began = [datetime.now(UTC) - timedelta(days=40 * number, hours=1) for number in range(4)]
    ended = lately(minutes=1)
    reports = [a_whole_report(started_at=at.isoformat(), ended_at=ended) for at in began]
    told = at_once(*(partial(record_one, bakery, report) for report in reports))
    assert sorted(one.result for one in told) == ["duplicate", "duplicate", "duplicate", "stored"]
    assert len({one.id for one in told}) == Run.objects.count() == 1
    check_counts(bakery.pk)


def test_batches_in_opposite_order_do_not_lock_each_other_out(bakery: Project) -> None:
    reports = [a_whole_report(f"run-{number}", agent_id=f"agent-{number % 7}") for number in range(60)]
    orders = (reports, reports[::-1], reports[30:] + reports[:30])
    told = at_once(*(partial(record, bakery, *sent) for sent in orders))
    assert all(isinstance(one, Recorded) for answers in told for one in answers)
    assert sum(one.result == "stored" for answers in told for one in answers) == 60
    check_counts(bakery.pk)


def test_two_reports_of_a_run_under_way_are_both_kept(bakery: Project) -> None:
    began = lately()
    record(bakery, a_report(started_at=began, status="running"))
    steps = [{"step_id": f"s{number}", "seq": number, "step_type": "tool"} for number in range(8)]
    reports = [a_report(started_at=began, status="running", steps=[step]) for step in steps]
    told = at_once(*(partial(record_one, bakery, report) for report in reports))
    assert {one.result for one in told} == {"updated"}
    assert [step.step_id for step in stored(bakery.pk)["run-1"].steps] == [step["step_id"] for step in steps]
    check_counts(bakery.pk)


def test_a_caller_and_whom_it_calls_find_each_other_in_any_order_and_at_once(bakery: Project) -> None:
    for number in range(6):
        caller = a_report(f"caller-{number}", agent_id="lead")
        called = a_report(f"called-{number}", agent_id="clerk", parent_run_id=f"caller-{number}")
        if number < 2:
            for report in (caller, called)[:: 1 if number else -1]:
                record(bakery, report)
        else:
            at_once(partial(record, bakery, caller), partial(record, bakery, called))
    assert list(Call.objects.order_by("run_id").values_list("caller", "callee")) == [("lead", "clerk")] * 6


def test_it_waits_for_whoever_holds_the_same_run(bakery: Project) -> None:
    """A transaction that is rolled back leaves nothing, not even the key."""
    report = a_whole_report()
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            record(bakery, report)
            holding.set()
            release.wait(PATIENCE)
            transaction.set_rollback(True)

    def follow() -> Any:
        holding.wait(PATIENCE)
        threading.Timer(0.3, release.set).start()
        return record(bakery, report)[0]

    _, told = at_once(hold, follow)
    assert told.result == "stored"
    check_counts(bakery.pk)


def test_two_groups_of_the_same_millisecond_are_kept_apart(bakery: Project) -> None:
    """Of so many that begin at once, some share the first 64 bits of their ids."""
    began = datetime.now(UTC)
    groups = [Group(f"run-{number}", began, [a_run(f"run-{number}", began)]) for number in range(400)]

    def merge(held: list[Any], sent: list[Any]) -> list[Any]:
        assert {run.run_id for run in held} <= {run.run_id for run in sent}
        return sent

    for expected in ("stored", "duplicate"):
        told = store_runs(project_id=bakery.pk, groups=groups, merge=merge)
        assert [one.result for one in told if isinstance(one, Stored)] == [expected] * 400
    ids = list(Run.objects.values_list("id", flat=True))
    assert len({id_.hex[:16] for id_ in ids}) < len(ids) == 400
    assert {time_of_id(id_).replace(microsecond=0) for id_ in ids} == {began.replace(microsecond=0)}
    check_counts(bakery.pk)
