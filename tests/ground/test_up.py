"""The whole of it: database, web server and worker, as `make run` starts them."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ground.processes import (
    ROOT,
    assert_nothing_lives,
    environment,
    parent_of,
    port_of_ones_own,
    processes_of,
    wait_until,
)

# Seconds: two slow cores may have much else to do.
PATIENCE = 300.0


@pytest.fixture
def port() -> Iterator[int]:
    with port_of_ones_own() as port:
        yield port


@contextlib.contextmanager
def assay(home: Path, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py up` while the block lasts; what it says goes to `log`."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up"],
            env=environment(ASSAY_HOME=str(home), PORT=str(port), ASSAY_DATABASE_DURABLE="0"),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            checks = json.load(answer)["checks"]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return bool(checks == {"database": "ok", "migrations": "ok", "worker": "ok"})


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    assert wait_until(lambda: process.poll() is not None or is_ready(port), PATIENCE), log.read_text()
    assert process.poll() is None, log.read_text()


def opens(port: int, key: str) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/bundle", headers={"X-API-Key": key})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def test_a_first_start_shows_a_way_in_and_a_second_one_keeps_it(tmp_path: Path, port: int) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    with assay(home, port, log) as process:
        wait_for(process, port, log)
        assert wait_until(lambda: "Ctrl-C" in log.read_text(), PATIENCE)
        assert f"http://127.0.0.1:{port}/admin/" in log.read_text()
        assert re.search(r"^  user +admin$", log.read_text(), re.MULTILINE)
        assert re.search(r"^  password +\S{20}$", log.read_text(), re.MULTILINE)
        found = re.search(r"^  API key +(assay_\S+)$", log.read_text(), re.MULTILINE)
        assert found
        assert opens(port, found[1])
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
    assert_nothing_lives(home)
    with assay(home, port, log) as process:
        wait_for(process, port, log)
        assert opens(port, found[1])
        assert wait_until(lambda: "Ctrl-C" in log.read_text(), PATIENCE)
        assert "  password " not in log.read_text()
        assert "changepassword admin" in log.read_text()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0
    assert_nothing_lives(home)


@pytest.mark.parametrize(("part", "words"), [("web", "granian"), ("worker", "manage.py worker")])
def test_a_part_that_dies_ends_it_all_and_is_named(
    prepared_home: Path, tmp_path: Path, port: int, part: str, words: str
) -> None:
    home, log = prepared_home, tmp_path / "log"
    with assay(home, port, log) as process:
        wait_for(process, port, log)
        found = {number for number, line in processes_of(home).items() if words in line}
        # One of them is the parent of the others. Numbers tell nothing of who came first: they begin anew.
        (parent,) = {number for number in found if parent_of(number) not in found | {0}}
        os.kill(parent, signal.SIGKILL)
        assert process.wait(timeout=PATIENCE) == 1
    assert f"{part} ended by itself (killed by SIGKILL). Everything else was stopped." in log.read_text()
    assert_nothing_lives(home)


def test_nothing_outlives_it_when_it_is_killed(prepared_home: Path, tmp_path: Path, port: int) -> None:
    home, log = prepared_home, tmp_path / "log"
    with assay(home, port, log) as process:
        wait_for(process, port, log)
        process.kill()
        process.wait()
    assert wait_until(lambda: not processes_of(home), PATIENCE), processes_of(home)


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        with assay(home, port, log) as process:
            assert process.wait(timeout=PATIENCE) == 1
    (line,) = log.read_text().splitlines()
    assert line.startswith(f"CommandError: Port {port} of 127.0.0.1 is not free")
    assert not (home / "postgres").exists()
