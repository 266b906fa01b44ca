import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ground.processes import ROOT, assert_nothing_lives, environment

# Supervises the programs given as name=code, and prints the reasons that come back.
SUPERVISOR = """
import os, sys
from pathlib import Path
from config.supervise import supervise
programs = {word.partition("=")[0]: [sys.executable, "-c", word.partition("=")[2]] for word in sys.argv[1:]}
started = lambda: print("all started", flush=True)
print(supervise(programs, cwd=Path("/"), env=dict(os.environ), output=1, started=started))
"""
LIVE = "import time; print('I live', flush=True); time.sleep(600)"
# Ends neither at SIGTERM nor before the program that it starts in turn.
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print('I live', flush=True); time.sleep(600)"
)


def supervising(mark: Path, **programs: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, *(f"{name}={code}" for name, code in programs.items())],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(MARK=str(mark)),
        cwd=ROOT,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], count: int, line: str) -> None:
    assert process.stdout is not None
    while count:
        found = process.stdout.readline()
        assert found, f"{line} is missing"
        count -= found.rstrip().endswith(line)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_all_programs_when_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    with supervising(tmp_path, first=LIVE, second=LIVE) as process:
        read_until(process, 2, "| I live")
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert output.splitlines()[-1] == "[]"
    assert_nothing_lives(tmp_path)


def test_it_ends_all_and_says_which_program_ended_by_itself(tmp_path: Path) -> None:
    with supervising(tmp_path, good=LIVE, bad="import sys; sys.exit('I cannot')") as process:
        output, _ = process.communicate(timeout=60)
    assert "bad  | I cannot" in output
    assert output.splitlines()[-1] == "['bad ended by itself (exit code 1)']"
    assert_nothing_lives(tmp_path)


def test_a_program_that_ends_well_is_missed_too(tmp_path: Path) -> None:
    with supervising(tmp_path, good=LIVE, brief="pass") as process:
        output, _ = process.communicate(timeout=60)
    assert output.splitlines()[-1] == "['brief ended by itself (exit code 0)']"


def test_it_names_the_signal_that_killed_a_program(tmp_path: Path) -> None:
    with supervising(tmp_path, victim="import os; os.kill(os.getpid(), 9)", good=LIVE) as process:
        output, _ = process.communicate(timeout=60)
    assert output.splitlines()[-1] == "['victim ended by itself (killed by SIGKILL)']"


def test_who_does_not_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    with supervising(tmp_path, stubborn=STUBBORN) as process:
        read_until(process, 1, "| I live")
        process.terminate()
        process.communicate(timeout=60)
    assert_nothing_lives(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child of its parent's death.")
def test_no_program_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    with supervising(tmp_path, first=LIVE, second=LIVE) as process:
        read_until(process, 1, "all started")
        os.kill(process.pid, signal.SIGKILL)
        assert_nothing_lives(tmp_path)


def test_it_passes_on_long_broken_and_unfinished_lines(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(b'x' * 300000 + b'\\n\\xff\\nno newline')"
    with supervising(tmp_path, loud=code) as process:
        output, _ = process.communicate(timeout=60)
    lines = [line for line in output.splitlines() if line.startswith("loud | ")]
    assert lines == ["loud | " + "x" * 300_000, "loud | \ufffd", "loud | no newline"]
