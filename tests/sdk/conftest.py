"""The SDK's tests: a twin of the server, and clients that are closed at the end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from assay import Assay
from assay.tracing import AgentTracer

from tests.sdk.patience import PATIENCE, be_patient
from tests.sdk.twin import KEY, Twin

SDK = Path(__file__).resolve().parents[2] / "sdk"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch.setattr)


@pytest.fixture
def twin() -> Iterator[Twin]:
    twin = Twin()
    yield twin
    twin.close()


MakeAssay = Callable[..., Assay]


@pytest.fixture
def make_assay(twin: Twin, tmp_path: Path) -> Iterator[MakeAssay]:
    """Makes clients of the twin, quick ones, that all share one cache folder unless told otherwise."""
    made: list[Assay] = []

    def make(**changes: Any) -> Assay:
        settings: dict[str, Any] = {"refresh_interval": 0.05, "send_interval": 0.05}
        given = {"url": twin.url, "key": KEY, "cache_dir": tmp_path / "cache", **settings, **changes}
        made.append(Assay(**given))
        return made[-1]

    yield make
    for assay in made:
        assay.close(timeout=0.5)


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[], Path]:
    """The one folder that a client made in the shared cache folder."""

    def find() -> Path:
        (folder,) = (tmp_path / "cache").iterdir()
        return folder

    return find


MakeTracer = Callable[..., AgentTracer]


@pytest.fixture
def make_tracer(twin: Twin, tmp_path: Path) -> Iterator[MakeTracer]:
    """Makes tracers of an agent named scout that send to the twin when told to, and share one cache folder."""
    made: list[AgentTracer] = []

    def make(agent_id: str = "scout", agent_version: str = "1.4.0", **changes: Any) -> AgentTracer:
        given = {"url": twin.url, "key": KEY, "cache_dir": tmp_path / "cache", "send_interval": 60, **changes}
        if "client" in changes:
            given = changes
        made.append(AgentTracer(agent_id, agent_version, **given))
        return made[-1]

    yield make
    for tracer in made:
        tracer.close(timeout=0.5)


@pytest.fixture
def sent(twin: Twin) -> Callable[[AgentTracer], list[dict[str, Any]]]:
    """Flushes a tracer and returns the runs that the twin has, in the order in which it first met them."""

    def send(tracer: AgentTracer) -> list[dict[str, Any]]:
        assert tracer.flush()
        return list(twin.runs.taken.values())

    return send


Sent = Callable[[AgentTracer], list[dict[str, Any]]]


def start_program(code: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a Python program that finds the SDK, in a process and a session of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{SDK}:{SDK.parent}", "PYTHONWARNINGS": "default"}
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def run_program(code: str, *arguments: str, timeout: float = 5 * PATIENCE) -> subprocess.CompletedProcess[str]:
    """Run a Python program that finds the SDK, in a process of its own; it and its children end with the test."""
    with start_program(code, *arguments) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
