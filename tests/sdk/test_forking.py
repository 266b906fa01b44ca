"""A client made before a fork works in parent and children: gunicorn's workers, multiprocessing, a bare os.fork."""

import os

import pytest

from tests.sdk.conftest import run_program
from tests.sdk.twin import KEY, Twin

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

BEGIN = """
import os, sys, threading, time, multiprocessing
from assay import Assay, AsyncAssay
from tests.sdk.patience import PATIENCE, be_patient
be_patient()
ADA = {"name": "Ada"}

def make(**changes):
    return Assay(sys.argv[1], sys.argv[2], **{"cache_dir": sys.argv[3], "send_interval": 0.05} | changes)

def work(assay, times=10):
    for number in range(times):
        resolution = assay.resolve(category="greeting", variables=ADA)
        assay.report_engagement(resolution, likes=number, impressions=100)
"""

OS_FORK = """
assay = make()
work(assay)
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        work(assay)
        sys.exit(0)
    children.append(child)
work(assay)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
"""

MULTIPROCESSING = """
assay = make()
work(assay)

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work, args=(assay,)) for _ in range(4)]
    for process in processes:
        process.start()
    work(assay)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
"""

FORK_AMID_BUSY_THREADS = """
assay = make(refresh_interval=0.05)
busy = True
exits = []

def keep_busy():
    while busy:
        work(assay, 1)
        time.sleep(0.001)

threads = [threading.Thread(target=keep_busy) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(30):
    child = os.fork()
    if not child:
        work(assay, 3)
        os._exit(0 if assay.close() else 1)
    exits.append(os.waitpid(child, 0)[1])
busy = False
for thread in threads:
    thread.join()
assert exits == [0] * 30
"""

FORK_BEFORE_THE_FIRST_USE = """
assay = make()
child = os.fork()
if not child:
    work(assay)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
"""

FORK_WITHOUT_A_DISK = """
assay = make(cache_dir="/dev/null/nowhere")
work(assay)
child = os.fork()
if not child:
    work(assay)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
"""

FORK_OF_A_FORK = """
assay = make()
child = os.fork()
if not child:
    work(assay)
    grandchild = os.fork()
    if not grandchild:
        work(assay)
        sys.exit(0)
    sys.exit(os.waitpid(grandchild, 0)[1])
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize(
    ("program", "uses"),
    [
        pytest.param(OS_FORK, 60, id="os.fork"),
        pytest.param(MULTIPROCESSING, 60, id="multiprocessing"),
        pytest.param(FORK_BEFORE_THE_FIRST_USE, 10, id="before-the-first-use"),
        pytest.param(FORK_WITHOUT_A_DISK, 20, id="without-a-disk"),
        pytest.param(FORK_OF_A_FORK, 20, id="fork-of-a-fork"),
    ],
)
def test_it_counts_everything_once_in_parent_and_children(
    twin: Twin, tmp_path_factory: pytest.TempPathFactory, program: str, uses: int
) -> None:
    done = run_program(BEGIN + program, twin.url, KEY, str(tmp_path_factory.mktemp("cache")))

    assert done.returncode == 0, done.stderr
    assert twin.uses() == uses
    assert len(twin.taken["engagement"]) == uses


def test_it_survives_forks_amid_busy_threads(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = run_program(BEGIN + FORK_AMID_BUSY_THREADS, twin.url, KEY, str(tmp_path_factory.mktemp("cache")))

    assert done.returncode == 0, done.stderr
    assert "malformed" not in done.stderr
    assert twin.uses() == len(twin.taken["engagement"]) >= 90


def test_it_opens_connections_of_its_own_in_the_child(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = """
assay = make(refresh_interval=60, send_interval=60)

def report(rate):
    assay.report_engagement(assay.resolve(category="greeting", variables=ADA), engagement_rate=rate)
    assert assay.flush()

report(0.25)
child = os.fork()
if not child:
    report(0.75)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
report(0.25)
"""
    done = run_program(BEGIN + program, twin.url, KEY, str(tmp_path_factory.mktemp("cache")))

    assert done.returncode == 0, done.stderr
    ports = {0.25: set(), 0.75: set()}
    for report in twin.taken["engagement"].values():
        ports[report["engagement_rate"]].add(twin.came_through[report["id"]])
    assert ports[0.25]
    assert ports[0.75]
    assert not ports[0.25] & ports[0.75]


def test_it_refreshes_in_the_child_too(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = """
assay = make(refresh_interval=0.05)
work(assay)
child = os.fork()
if not child:
    while assay.resolve(category="greeting", variables=ADA).text != "Later Ada":
        time.sleep(0.01)
    sys.exit(0)
assay.close()
sys.exit(os.waitpid(child, 0)[1])
"""
    twin.publish_later("Later {{ name }}", revision=2, after_gets=30)

    done = run_program(BEGIN + program, twin.url, KEY, str(tmp_path_factory.mktemp("cache")))

    assert done.returncode == 0, done.stderr


def test_it_imports_nothing_in_the_background(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A fork in the middle of an import leaves that module locked in the child."""
    program = """
known = set(sys.modules)
with make() as assay:
    work(assay)
    assert assay.flush()
print(*sorted(set(sys.modules) - known))
"""
    done = run_program(
        BEGIN + program, twin.url.replace("127.0.0.1", "localhost"), KEY, str(tmp_path_factory.mktemp("c"))
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "\n"
