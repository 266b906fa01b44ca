"""The worker's minute: two workers at once, one that is killed half-way, an experiment that is broken."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.db import connection, connections
from django.utils import timezone
from django_q.models import OrmQ

from config.regular_work import REGULAR
from experiments import tasks
from experiments.act_on_verdict import act_on_verdict
from experiments.analyse import analyse
from experiments.fold import fold
from experiments.models import Experiment, ExperimentEvent, Snapshot
from experiments.promote_experiment import promote_experiment
from experiments.watch_experiment import watch_experiment
from tests.conftest import Person
from tests.experiments.test_resolve import make_prompt
from tests.experiments.test_rollout import BETTER, actions, production, running
from tests.experiments.test_start import draft, start
from tests.experiments.traffic import in_the_past, pass_by, watch
from vault.models import LabelMove

# Seconds: two slow cores may have much else to do.
PATIENCE = 120


def moves(experiment: Experiment) -> int:
    return LabelMove.objects.filter(prompt=experiment.prompt, label="production").count()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What came of each, all begun in the same moment by connections of their own; what a caller is told, as its
    code."""
    ready = threading.Barrier(len(works))

    def do(work: Callable[[], Any]) -> Any:
        try:
            ready.wait(PATIENCE)
            return work()
        except AssayError as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(do, works))


def in_a_process(work: Any) -> int:
    """The id of a child that does the work with a connection of its own."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ship_once(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)
    fold(project_id=experiment.project_id)
    # Both have seen the same, and both are about to act on it.
    seen = [analyse(Experiment.objects.get(pk=experiment.pk), timezone.now()) for _ in range(2)]
    assert at_once(*(partial(act_on_verdict, analysis=analysis) for analysis in seen)) == [True, True]
    assert actions(experiment).count("shipped") == 1
    assert moves(experiment) == 2
    assert production(experiment) == "1.1.0"


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_in_the_same_minute_one_looks(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)
    children = [in_a_process(lambda: watch_experiment(experiment_id=experiment.pk)) for _ in range(3)]
    for child in children:
        os.waitpid(child, 0)
    assert Snapshot.objects.filter(experiment=experiment).count() == 1
    assert actions(experiment).count("shipped") == 1
    assert production(experiment) == "1.1.0"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_while_it_ships_leaves_nothing_half_done(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)
    # Shipping stops at its last statement but one: the experiment is concluded by then, the label moved, not committed.
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
            CREATE TRIGGER wait_here BEFORE INSERT ON vault_labelmove FOR EACH ROW EXECUTE FUNCTION wait_here();
        """)
    try:
        # By a connection that outlasts the fork: the lock is held before the child can come so far.
        with closing(connections.create_connection("default")) as holder, holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(4711)")
            child = in_a_process(lambda: watch_experiment(experiment_id=experiment.pk))
            wait_for_who_waits(cursor)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER wait_here ON vault_labelmove; DROP FUNCTION wait_here()")
    experiment.refresh_from_db()
    assert (experiment.status, production(experiment)) == ("running", "1.0.0")
    assert Snapshot.objects.filter(experiment=experiment).count() == 1
    experiment = watch(experiment)
    assert (experiment.status, production(experiment), moves(experiment)) == ("concluded", "1.1.0", 2)
    assert actions(experiment).count("shipped") == 1


def wait_for_who_waits(cursor: Any) -> None:
    """Until another session waits for the lock that this one holds; the database itself is asked."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted")
        if cursor.fetchone()[0]:
            return
        cursor.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("nobody came as far as that")


def test_killed_between_two_steps_the_next_look_goes_on_from_there(mia: Person, monkeypatch: Any) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)

    class Killed(BaseException):
        pass

    def die(**_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        # The seen is kept; what follows from it never happens.
        patch.setattr("experiments.watch_experiment.act_on_verdict", die)
        with pytest.raises(Killed):
            watch(experiment)
    experiment.refresh_from_db()
    assert (experiment.status, Snapshot.objects.count()) == ("running", 1)
    assert watch(experiment).status == "concluded"
    assert production(experiment) == "1.1.0"


def test_one_broken_experiment_stops_no_other(mia: Person) -> None:
    broken = in_the_past(start(mia, draft(mia, make_prompt(mia, content="Hi", name="broken", category="letter"))))
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)
    Experiment.objects.filter(pk=broken.pk).update(intersections={"bounds": 1})
    tasks.watch()
    queued = [each.task for each in OrmQ.objects.order_by("id")]
    assert {task["args"] for task in queued} == {(str(broken.pk),), (str(experiment.pk),)}
    for task in queued:
        # The worker takes each by itself, and notes down which failed.
        assert task["func"] == "experiments.tasks.watch_one"
        with suppress(AttributeError):
            tasks.watch_one(*task["args"])
    broken.refresh_from_db()
    experiment.refresh_from_db()
    assert experiment.status == "concluded"
    assert "could not be analysed (AttributeError)" in broken.alarm
    assert list(Experiment.objects.needing_a_person()) == [broken]


def test_the_worker_watches_each_minute() -> None:
    assert REGULAR["experiments.tasks.watch"].total_seconds() == 60


def test_of_old_looks_the_last_one_of_each_hour_is_kept(mia: Person) -> None:
    experiment = running(mia, "manual")
    day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for minutes in (0, 1, 59, 60, 119):
        at = day + timedelta(minutes=minutes)
        Snapshot.objects.create(experiment=experiment, at=at, verdict="keep_running", results={})
    watch(experiment)
    kept = [(each.at - day).total_seconds() / 60 for each in experiment.snapshots.order_by("at")][:-1]
    assert kept == [59, 119]


def test_nothing_is_watched_that_is_not_live(mia: Person) -> None:
    experiment = draft(mia)
    assert watch_experiment(experiment_id=experiment.pk) is None
    assert not Snapshot.objects.exists()
    assert ExperimentEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_that_start_at_once_for_the_same_context_one_is_refused(mia: Person) -> None:
    drafts = [draft(mia), draft(mia, make_prompt(mia, content="Hi", name="rival"))]

    def begin(experiment: Experiment) -> str:
        return start(mia, experiment).status

    assert sorted(at_once(*(partial(begin, experiment) for experiment in drafts))) == ["context_taken", "running"]
    assert Experiment.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_person_and_a_worker_at_once_ship_once(mia: Person) -> None:
    experiment = running(mia, "auto")
    pass_by(experiment, BETTER, units=1200)
    fold(project_id=experiment.project_id)
    seen = analyse(Experiment.objects.get(pk=experiment.pk), timezone.now())
    person, worker = at_once(
        lambda: promote_experiment(access=mia.access, experiment=experiment, arm=1),
        lambda: act_on_verdict(analysis=seen),
    )
    # Whoever came second found it done; only a person is told so.
    assert worker is True
    assert person == "wrong_status" or person.status == "concluded"
    assert (actions(experiment).count("shipped"), moves(experiment)) == (1, 2)
