"""Runs are queued on disk, survive what may happen to a process or a server, and count once."""

import contextlib
import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from assay import AssayWarning
from assay.outbox import Entry, Outbox
from assay.tracing import AgentTracer

from tests.sdk.conftest import MakeAssay, MakeTracer, run_program, start_program
from tests.sdk.patience import PATIENCE
from tests.sdk.twin import KEY, Twin, wait_until

# What a test expects it asserts; a warning besides is no news here.
pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

BEGIN = """
import os, signal, sys, threading, time, multiprocessing
from assay.tracing import AgentTracer
from tests.sdk.patience import PATIENCE, be_patient
be_patient()

def make(**changes):
    given = {"url": sys.argv[1], "key": sys.argv[2], "cache_dir": sys.argv[3], "send_interval": 0.05}
    return AgentTracer("scout", "1", **given | changes)

def work(tracer, times=10):
    for number in range(times):
        with tracer.start_run(metadata={"number": number}) as run, run.step("tool", "search"):
            run.record_decision("tool_selection", "search", "cost_optimization")
"""


def run_with(twin: Twin, cache: Path, program: str) -> str:
    done = run_program(BEGIN + program, twin.url, KEY, str(cache))
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def queued(cache: Path) -> int:
    """How many runs are on disk; -1 while there is no file for them."""
    try:
        (folder,) = cache.iterdir()
        with contextlib.closing(sqlite3.connect(f"file:{folder / 'outbox.db'}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM item WHERE kind = 'runs'").fetchone()[0])
    except (OSError, ValueError, sqlite3.Error):
        return -1


def work(tracer: AgentTracer, times: int) -> None:
    for _ in range(times):
        with tracer.start_run() as run, run.step("tool"):
            pass


def test_it_waits_for_a_dead_server(twin: Twin, make_tracer: MakeTracer) -> None:
    tracer = make_tracer(send_interval=0.05)
    twin.stop()
    work(tracer, 20)
    assert not tracer.flush(1)
    twin.start()

    assert wait_until(lambda: len(twin.runs.taken) == 20)
    assert tracer.dropped == {}


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_it_keeps_what_a_server_in_trouble_does_not_take(twin: Twin, make_tracer: MakeTracer, status: int) -> None:
    tracer = make_tracer()
    work(tracer, 3)
    twin.failing = status
    assert not tracer.flush()
    twin.failing = None

    assert tracer.flush()
    assert len(twin.runs.taken) == 3


def test_it_survives_a_restart(twin: Twin, make_tracer: MakeTracer, tmp_path: Path) -> None:
    twin.stop()
    run_with(twin, tmp_path / "cache", "work(make(), 30)")
    twin.start()

    assert make_tracer().flush()
    assert len(twin.runs.taken) == 30


def test_it_survives_sigkill(tmp_path: Path) -> None:
    """A run is on disk a moment after it ended, while the thread that sends waits for a server that hangs."""
    program = """
tracer = make(timeout=600)
work(tracer, 1)
input()
work(tracer, 24)
time.sleep(600)
"""
    cache = tmp_path / "cache"
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        with start_program(BEGIN + program, url, KEY, str(cache)) as process:
            hanging.settimeout(PATIENCE)
            connection, _ = hanging.accept()
            assert connection.recv(10).startswith(b"POST")
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            saved = wait_until(lambda: queued(cache) == 25)
            process.kill()
            assert process.wait(PATIENCE) == -signal.SIGKILL
            assert saved
            connection.close()

    assert queued(cache) == 25


def test_a_process_sends_before_it_ends(twin: Twin, tmp_path: Path) -> None:
    run_with(twin, tmp_path / "cache", "work(make(send_interval=60), 7)")

    assert len(twin.runs.taken) == 7


def test_it_sends_once_what_it_had_to_send_twice(twin: Twin, make_tracer: MakeTracer) -> None:
    tracer = make_tracer()
    with tracer.start_run(announce=True):
        twin.losing_answers = True
        assert not tracer.flush()
    assert not tracer.flush()
    twin.losing_answers = False

    assert tracer.flush()
    assert twin.runs.answers == ["stored", "updated", "duplicate"]
    assert twin.runs.refusals == []


def test_it_sends_in_batches_that_the_server_takes(twin: Twin, make_tracer: MakeTracer) -> None:
    tracer = make_tracer()
    work(tracer, 1200)
    for _ in range(4):
        with tracer.start_run() as run:
            for _ in range(3000):
                run.step("tool", "a-name-that-takes-its-room-" + "x" * 60).end()

    assert tracer.flush()
    assert len(twin.runs.taken) == 1204
    assert max(size for _, size in twin.posts) <= 500
    assert max(len(body) for body in twin.bodies) < 1.6 * 1024 * 1024


def test_it_is_bounded_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.outbox.MOST_BYTES", 1024 * 1024)
    outbox = Outbox(tmp_path, limit=10_000)
    dropped = 0
    for number in range(60):
        outbox.add_all("runs", [Entry(f"{number}-{part}", b'{"x": "' + b"y" * 3000 + b'"}') for part in range(10)])
        dropped += outbox.trim()

    kept = [item.id for item in outbox.take("runs", outbox.newest(), 10_000, 10**9)]
    assert len(kept) == 600 - dropped
    assert 100 < len(kept) < 350
    assert kept[-1] == "59-9"
    assert kept == sorted(kept, key=lambda name: [int(part) for part in name.split("-")])
    outbox.close()


def test_it_is_bounded_while_no_server_answers(twin: Twin, make_tracer: MakeTracer, tmp_path: Path) -> None:
    """Nothing is tried to be sent meanwhile."""
    tracer = make_tracer(max_queue=1500, send_interval=3600)
    with pytest.warns(AssayWarning, match="oldest items were dropped"):  # noqa: PT031 - it comes from a thread
        work(tracer, 4000)
        assert tracer._engine._spool.save()

    assert 1500 <= queued(tmp_path / "cache") < 2700
    assert tracer.flush()
    times = [datetime.fromisoformat(run["started_at"]) for run in twin.runs.taken.values()]
    assert times == sorted(times)


def test_it_is_bounded_in_memory(twin: Twin, make_tracer: MakeTracer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk does not take what is new, for now; the agent goes on."""
    monkeypatch.setattr("assay.spool.MAX_ROWS_LATER", 1000)
    tracer = make_tracer()
    saving = tracer._engine._spool._saving
    assert wait_until(lambda: saving.acquire(blocking=False))
    try:
        for _ in range(25):
            with tracer.start_run() as run:
                for _ in range(99):
                    run.record_quality_signal("tool_success", "first_attempt", True)
        assert tracer.dropped == {"queue_full": 14}
    finally:
        saving.release()

    assert tracer.flush()
    assert len(twin.runs.taken) == 11
    tracer.start_run().end()
    assert tracer.flush()
    assert len(twin.runs.taken) == 12


def test_it_goes_on_in_memory_when_the_disk_refuses_the_queue(
    twin: Twin, make_tracer: MakeTracer, tmp_path: Path
) -> None:
    make_tracer().close()
    (folder,) = (tmp_path / "cache").iterdir()
    for file in folder.glob("outbox.db*"):
        file.unlink()
    (folder / "outbox.db").mkdir()

    with pytest.warns(AssayWarning, match="goes on in memory"):  # noqa: PT031 - it comes from a thread
        tracer = make_tracer()
        work(tracer, 3)
        assert wait_until(lambda: tracer.flush() and len(twin.runs.taken) == 3)


def test_it_works_without_a_folder(twin: Twin, make_tracer: MakeTracer) -> None:
    with pytest.warns(AssayWarning, match="in memory only"):
        tracer = make_tracer(cache_dir="/dev/null/nowhere")
    work(tracer, 3)

    assert tracer.flush()
    assert len(twin.runs.taken) == 3


def test_it_may_be_called_in_the_middle_of_itself(twin: Twin, tmp_path: Path) -> None:
    """A generator that is collected, or a signal, ends a run wherever the same thread is just then."""
    program = """
import faulthandler
faulthandler.dump_traceback_later(PATIENCE, exit=True)
tracer = make()
engine = tracer._engine
run = tracer.start_run()
with engine._lifecycle, engine._spool._arriving, engine._saver._lifecycle, tracer._drops._lock:
    run.record_quality_signal("taste", "sour", True)
    run.end()
assert tracer.dropped == {"unknown_signal": 1}
"""
    run_with(twin, tmp_path / "cache", program)

    assert len(twin.runs.taken) == 1


OS_FORK = """
tracer = make()
work(tracer)
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        work(tracer)
        sys.exit(0)
    children.append(child)
work(tracer)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
"""

MULTIPROCESSING = """
tracer = make()
work(tracer)
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work, args=(tracer,)) for _ in range(4)]
    for process in processes:
        process.start()
    work(tracer)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
"""

FORK_AMID_BUSY_THREADS = """
tracer = make()
busy = True

def keep_busy():
    while busy:
        work(tracer, 1)
        time.sleep(0.02)

threads = [threading.Thread(target=keep_busy) for _ in range(3)]
for thread in threads:
    thread.start()
exits = []
for _ in range(10):
    child = os.fork()
    if not child:
        work(tracer, 3)
        os._exit(0 if tracer.close() else 1)
    exits.append(os.waitpid(child, 0)[1])
busy = False
for thread in threads:
    thread.join()
assert exits == [0] * 10
"""

can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


@can_fork
@pytest.mark.parametrize("program", [OS_FORK, MULTIPROCESSING], ids=["os.fork", "multiprocessing"])
def test_it_tells_everything_once_in_parent_and_children(twin: Twin, tmp_path: Path, program: str) -> None:
    run_with(twin, tmp_path / "cache", program)

    assert len(twin.runs.taken) == 60
    assert twin.runs.answers == ["stored"] * 60


@can_fork
def test_it_survives_forks_amid_busy_threads(twin: Twin, tmp_path: Path) -> None:
    said = run_with(twin, tmp_path / "cache", FORK_AMID_BUSY_THREADS)

    assert "malformed" not in said
    assert len(twin.runs.taken) >= 30
    assert set(twin.runs.answers) == {"stored"}


@can_fork
def test_a_run_is_told_by_the_process_that_began_it(twin: Twin, tmp_path: Path) -> None:
    program = """
tracer = make()
with tracer.start_run(run_id="parent") as run:
    child = os.fork()
    if not child:
        with run.step("tool", "not-told"):
            tracer.start_run(run_id="child").end()
    else:
        assert os.waitpid(child, 0)[1] == 0
        with run.step("tool", "told"):
            pass
if not child:
    assert tracer.dropped == {"other_process": 1}, tracer.dropped
"""
    run_with(twin, tmp_path / "cache", program)

    assert {run_id: run.get("parent_run_id") for run_id, run in twin.runs.taken.items()} == {
        "child": "parent",
        "parent": None,
    }
    assert [step["name"] for step in twin.runs.taken["parent"]["steps"]] == ["told"]
    assert twin.runs.refusals == []


@can_fork
def test_an_exception_that_a_forked_worker_hands_back_is_told(twin: Twin, tmp_path: Path) -> None:
    program = """
import pickle
reading, writing = os.pipe()
try:
    with make().start_run() as run:
        if not os.fork():
            try:
                with run.step("tool"):
                    raise KeyError
            except KeyError as error:
                os.write(writing, pickle.dumps(error))
                os._exit(0)
        raise pickle.loads(os.read(reading, 10_000))
except KeyError:
    pass
"""
    run_with(twin, tmp_path / "cache", program)

    (item,) = twin.runs.taken.values()
    assert item["failures"] == [{"failure_type": "orchestration", "code": "KeyError"}]


def test_it_imports_nothing_in_the_background(twin: Twin, tmp_path: Path) -> None:
    """A fork in the middle of an import leaves that module locked in the child."""
    program = """
known = set(sys.modules)
with make() as tracer:
    work(tracer, 100)
    assert tracer.flush()
print(*sorted(set(sys.modules) - known))
"""
    assert run_with(twin, tmp_path / "cache", program) == "\n"


def test_a_key_that_may_not_tell_of_runs_may_tell_of_the_rest(
    twin: Twin, make_assay: MakeAssay, make_tracer: MakeTracer, folder_of: Callable[[], Path]
) -> None:
    twin.forbidding = {"runs"}
    assay = make_assay()
    resolution = assay.resolve(category="greeting", variables={"name": "Ada"})
    work(make_tracer(client=assay), 2)
    assay.report_engagement(resolution, engagement_rate=0.5)
    assert not assay.flush()

    assert len(twin.taken["engagement"]) == 1
    assert queued(folder_of().parent) == 2
    twin.forbidding = set()
    assert assay.flush()
    assert len(twin.runs.taken) == 2
