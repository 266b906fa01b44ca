"""Worker, server and database killed at once, in the middle of traffic: afterwards the totals are those of a run that
nothing broke."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from assay.core.assign import unit_hash
from assay.core.bundle import Bundle
from assay.core.load import load_content
from assay.core.resolve import Request, resolve
from assay.core.shapes import Scores

from experiments.observed import number_of
from tests.ground.processes import ROOT, environment, port_of_ones_own, processes_of, wait_until

UNITS = 2_400
BATCH = 60
PATIENCE = 240.0
# Nobody there, a server that is going down, half an answer.
BROKEN_OFF = (OSError, ValueError, http.client.HTTPException)

SET_UP = """
import json
import django
django.setup()
from django.contrib.auth.models import User
from experiments.models import Experiment
from experiments.replay.headlines import HeadlineTest
from experiments.replay.set_up import set_up
from sentinel.create_key import create_key
ground = set_up([HeadlineTest("a", (0.1, 0.1, 0.1))], seed=1, visitors=1_000_000)
# Whatever the worker makes of a part of the traffic, it ends nothing.
Experiment.objects.update(mode="manual")
permissions = ["prompts.read", "experiments.read", "experiments.write"]
_, key = create_key(project=ground.project, made_by=User.objects.get(), permissions=permissions, name="traffic")
print(json.dumps({"project": str(ground.project.pk), "experiment": str(ground.experiments["a"]),
                  "begun": int(ground.started_at.timestamp() * 1000) + 1000, "key": key}))
"""
TOTALS = """
import json, sys
import django
django.setup()
from experiments.fold import fold
from experiments.models import Exposure, Outcome, Pending, UnitTotal
fold(project_id=sys.argv[1])
totals = UnitTotal.objects.values_list("unit", "arm", "value", "weight", "rows", "late_rows")
print(json.dumps({"totals": list(totals), "exposures": Exposure.objects.count(), "outcomes": Outcome.objects.count(),
                  "pending": Pending.objects.count()}))
"""


@dataclass
class Traffic:
    """A client that resolves by itself and sends each batch again until it hears that it is stored."""

    address: str
    project: str
    experiment: str
    begun: int
    key: str
    sent: int = 0
    failures: int = 0
    # The last third is sent once what it is sent to has been killed, however slow the killer is.
    killed: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    # By unit: its arm, and how many outcomes of 1 it brought.
    expected: dict[int, tuple[int, int]] = field(default_factory=dict)

    def ask(self, path: str, body: Any = None) -> bytes:
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}",
            data=None if body is None else msgspec.json.encode(body),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            told: bytes = answer.read()
            return told

    def deliver(self, path: str, items: list[dict[str, Any]]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = msgspec.json.decode(self.ask(path, {"items": items}))
            except BROKEN_OFF:
                self.failures += 1
                time.sleep(0.1)
                continue
            assert answer["accepted"] == len(items), answer
            return
        raise AssertionError(f"{path} was not taken in {PATIENCE:.0f} s.")

    def send(self) -> None:
        bundle = Bundle(load_content(self.ask("/bundle")), Scores(1, 1, (1.0, 1.0)))
        for first in range(0, UNITS, BATCH):
            if first >= 2 * UNITS / 3:
                self.killed.wait(PATIENCE)
            batches = self.batches(bundle, first)
            # Now the meetings come first, now what came of them.
            for path in sorted(batches, reverse=bool(first // BATCH % 2)):
                self.deliver(path, batches[path])
            self.sent = first + BATCH
        self.done.set()

    def batches(self, bundle: Bundle, first: int) -> dict[str, list[dict[str, Any]]]:
        exposures: list[dict[str, Any]] = []
        outcomes: list[dict[str, Any]] = []
        for place in range(first, first + BATCH):
            unit, at = f"visitor {place}", self.begun + 1000 * place
            resolved = resolve(bundle, Request(category="headline", vertical="a", unit=unit), now=at)
            assert resolved.experiment is not None
            named = {"resolution_id": resolved.resolution_id}
            exposures.append(named)
            clicked = {"metric": "click_through", "value": 1.0, "at": datetime.fromtimestamp(at / 1000 + 1, tz=UTC)}
            outcomes += [{"id": str(uuid4())} | named | clicked for _ in range(place % 3)]
            self.expected[number_of(unit_hash(self.project, unit))] = (resolved.experiment.arm, place % 3)
        return {"/exposures": exposures, "/outcomes": outcomes}

    def look(self) -> None:
        """Have the totals worked out again and again meanwhile."""
        while not self.done.wait(0.5):
            with contextlib.suppress(*BROKEN_OFF):
                self.ask(f"/experiments/{self.experiment}/results/")


@contextlib.contextmanager
def assay(home: Path, port: int, log: Path) -> Iterator[None]:
    """Database, server and worker while the block lasts, and ready before it begins."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up"],
            env=environment(ASSAY_HOME=str(home), PORT=str(port)),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        ) as process,
    ):
        try:
            assert wait_until(lambda: process.poll() is not None or is_ready(port), PATIENCE), log.read_text()
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except BROKEN_OFF:
        return False


def run(home: Path, code: str, *words: str) -> Any:
    told = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment(ASSAY_HOME=str(home), DJANGO_SETTINGS_MODULE="config.settings"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def kill_all(home: Path) -> list[str]:
    """SIGKILL to everything that belongs to this home, all at the same moment; what it was.

    What one of them started in that very moment is killed after it.
    """
    victims = processes_of(home)

    def is_dead() -> bool:
        alive = processes_of(home)
        for number in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        return not alive

    assert wait_until(is_dead), processes_of(home)
    return list(victims.values())


def test_it_counts_everything_once_though_all_of_it_was_killed_meanwhile(prepared_home: Path, tmp_path: Path) -> None:
    home, log = prepared_home, tmp_path / "log"
    with port_of_ones_own() as port, contextlib.ExitStack() as threads:
        with assay(home, port, log):
            traffic = Traffic(f"http://127.0.0.1:{port}", **run(home, SET_UP))
            threads.callback(traffic.done.set)
            running = [threading.Thread(target=work, daemon=True) for work in (traffic.send, traffic.look)]
            for thread in running:
                thread.start()
            assert wait_until(lambda: traffic.sent > UNITS / 3, PATIENCE)
            killed = " ".join(kill_all(home))
            assert traffic.sent < UNITS
            traffic.killed.set()
        assert all(part in killed for part in ("postgres", "granian", "manage.py worker")), killed
        with assay(home, port, log):
            assert traffic.done.wait(PATIENCE)
            for thread in running:
                thread.join(PATIENCE)
            found = run(home, TOTALS, traffic.project)
    assert traffic.failures > 0
    assert len(traffic.expected) == UNITS
    assert {unit: (arm, value, rows) for unit, arm, value, _, rows, _ in found["totals"]} == {
        unit: (arm, float(clicks), clicks) for unit, (arm, clicks) in traffic.expected.items()
    }
    assert (found["exposures"], found["outcomes"], found["pending"]) == (UNITS, UNITS, 0)
