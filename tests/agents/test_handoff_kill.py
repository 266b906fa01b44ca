"""Workers that are killed in the middle of their work: all of it is done, and none of it twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from assay.handoffs import Handoffs

from agents.models import Handoff, HandoffEvent, HandoffResult
from tests.conftest import Person
from tests.live import ROOT, serving

TASKS = 24
PATIENCE = 240.0
# It does each piece in a moment, but for some, at which it hangs: then it is killed.
WORKER = """
import sys, time
from assay.handoffs import Handoffs

address, key, name, hangs, lease = sys.argv[1:]

def do(handoff):
    if hangs == "hangs" and int(handoff.payload["topic"]) % 3 == 0:
        print(handoff.task_id, flush=True)
        time.sleep(3600)
    return {"by": name}

with Handoffs(address, key) as handoffs:
    handoffs.work("RAFA", do, worker=name, lease_seconds=int(lease))
"""


def worker(address: str, key: str, name: str, manner: str, lease: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sdk")}
    command = [sys.executable, "-c", WORKER, address, key, name, manner, str(lease)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.django_db(transaction=True)
def test_killed_workers_lose_nothing_and_nothing_is_done_twice(mia: Person, tmp_path: Path) -> None:
    running: list[subprocess.Popen[str]] = []
    try:
        with serving(tmp_path) as address, Handoffs(address, mia.key) as handoffs:
            for number in range(TASKS):
                handoffs.send("RAFA", "content_brief", {"topic": str(number)}, from_agent="NOVA")
            hanging = [worker(address, mia.key, f"h{number}", "hangs", 3) for number in range(2)]
            running += hanging
            held = set()
            for each in hanging:
                assert each.stdout is not None
                held.add(each.stdout.readline().strip())
                # In the middle of its work, while its lease is being extended.
                each.send_signal(signal.SIGKILL)
                each.wait(PATIENCE)
            running += [worker(address, mia.key, f"w{number}", "works", 60) for number in range(2)]
            until = time.monotonic() + PATIENCE
            while Handoff.objects.exclude(status="COMPLETED").exists() and time.monotonic() < until:
                time.sleep(0.2)
    finally:
        for each in running:
            each.kill()
            each.communicate()

    assert set(Handoff.objects.values_list("status", flat=True)) == {"COMPLETED"}
    # One result of each counts, whoever else was at it.
    assert HandoffResult.objects.filter(late=False).count() == TASKS
    assert HandoffEvent.objects.filter(action="completed").count() == TASKS
    # What a killed one held was taken up again by another, as another attempt.
    again = Handoff.objects.filter(task_id__in=held)
    assert all(each.attempt > 1 and each.worker.startswith("w") for each in again)
