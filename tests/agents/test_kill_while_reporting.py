"""Server and database killed at once while runs come in: what was acknowledged is there, once."""

import contextlib
import http.client
import json
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.agents.reporting import a_whole_report
from tests.experiments.test_kill import assay, kill_all, run
from tests.ground.processes import port_of_ones_own, wait_until

BATCHES, RUNS = 120, 20
PATIENCE = 240.0

SET_UP = """
import json
import django
django.setup()
from django.contrib.auth.models import User
from sentinel.create_key import create_key
from sentinel.models import Membership, Project
project = Project.objects.get(slug="default")
user = User.objects.create_user("sender")
Membership.objects.create(user=user, project=project, role="member")
_, key = create_key(project=project, made_by=user, permissions=["agents.write"], name="reports")
print(json.dumps(key))
"""
TOTALS = """
import json
import django
django.setup()
from agents.fold_counts import fold_counts
from agents.models import Decision, Failure, QualitySignal, Run, RunCount, RunKey, Step
fold_counts()
count = RunCount.objects.filter(grain="d").values("runs", "steps", "decisions", "signals", "failed_tool")
print(json.dumps({
    "run_ids": sorted(Run.objects.values_list("run_id", flat=True)),
    "rows": [each.objects.count() for each in (RunKey, Step, Failure, Decision, QualitySignal)],
    "counted": [sum(row[name] for row in count) for name in ("runs", "steps", "failed_tool", "decisions", "signals")],
}))
"""


@dataclass
class Sender:
    """Sends each batch until it hears that it is stored; every third one twice, as after an answer that was lost."""

    address: str
    key: str
    acknowledged: list[str] = field(default_factory=list)
    failures: int = 0
    # The last third is sent once what it is sent to has been killed, however slow the killer is.
    killed: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def send(self) -> None:
        for batch in range(BATCHES):
            if batch >= 2 * BATCHES / 3:
                self.killed.wait(PATIENCE)
            reports = [a_whole_report(f"run-{batch}-{number}") for number in range(RUNS)]
            for _ in range(1 if batch % 3 else 2):
                self.deliver(reports)
            self.acknowledged += [report["run_id"] for report in reports]
        self.done.set()

    def deliver(self, reports: list[dict[str, Any]]) -> None:
        request = urllib.request.Request(
            f"{self.address}/api/v1/runs/batch",
            data=json.dumps({"items": reports}).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    told = json.loads(answer.read())
            except (OSError, ValueError, http.client.HTTPException):
                # Nobody there, a server that is going down, half an answer.
                self.failures += 1
                time.sleep(0.1)
                continue
            assert told["accepted"] == len(reports), told
            return
        raise AssertionError(f"A batch was not taken in {PATIENCE:.0f} s.")


def test_what_was_acknowledged_is_there_once_though_all_of_it_was_killed_meanwhile(
    prepared_home: Path, tmp_path: Path
) -> None:
    home, log = prepared_home, tmp_path / "log"
    with port_of_ones_own() as port, contextlib.ExitStack() as afterwards:
        with assay(home, port, log):
            sender = Sender(f"http://127.0.0.1:{port}", run(home, SET_UP))
            afterwards.callback(sender.done.set)
            thread = threading.Thread(target=sender.send, daemon=True)
            thread.start()
            assert wait_until(lambda: len(sender.acknowledged) > BATCHES * RUNS / 4, PATIENCE)
            killed = " ".join(kill_all(home))
            before = list(sender.acknowledged)
            assert len(before) < BATCHES * RUNS
            sender.killed.set()
        assert all(part in killed for part in ("postgres", "granian")), killed
        with assay(home, port, log):
            assert set(before) <= set(run(home, TOTALS)["run_ids"])
            assert sender.done.wait(PATIENCE)
            thread.join(PATIENCE)
            found = run(home, TOTALS)
    assert sender.failures > 0
    assert found["run_ids"] == sorted(sender.acknowledged)
    runs = BATCHES * RUNS
    assert found["rows"] == found["counted"] == [runs, 2 * runs, runs, runs, runs]
