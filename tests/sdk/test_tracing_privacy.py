"""Marked words that are given to a tracer wherever something can be given leave the process by no door."""

from pathlib import Path
from typing import Any

import pytest
from assay import AssayError, AssayWarning
from assay.tracing import AgentTracer

from tests.sdk.conftest import MakeTracer, run_program
from tests.sdk.test_tracing_what_may_not_be_told import record_all
from tests.sdk.twin import KEY, Twin

# Wherever this is met, something was told that may not be.
MARK = "arkword"

PROGRAM = """
import logging, sys, warnings
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
warnings.simplefilter("always")
from assay import AssayError, AssayWarning
from assay.tracing import AgentTracer
from tests.sdk.test_tracing_privacy import tell_all
given = {"agent_id": "scout", "agent_version": "1", "url": sys.argv[1], "key": sys.argv[2], "cache_dir": sys.argv[3]}
tracer, said = tell_all(lambda **changes: AgentTracer(**given | changes))
print(said)
"""


class Told(Exception):
    """An exception that says what may not be said, in all that it has."""

    def __init__(self, mark: str) -> None:
        super().__init__(f"{mark} in a message", mark)
        self.detail = mark
        self.add_note(mark)

    def __repr__(self) -> str:
        return self.detail


def texts() -> list[Any]:
    """The mark in what is no code: by a sign that no code has, by its length, or by what it is."""
    mark = f"M!{MARK}"
    told = [mark, f"{mark} one", f"{mark}\n", "-".join([MARK] * 20), mark.encode(), [mark]]
    return [*told, {mark: 1}, {"a": mark}, Told(mark)]


def tell_all(make: Any) -> tuple[AgentTracer, str]:
    """Give the mark away wherever it can be given, and send. Returns also what can be seen of all that was made."""
    said = []
    for name in ("agent_id", "agent_version", "environment", "session_id"):
        try:
            make(**{name: f"{MARK} two"})
        except AssayError as error:
            said += [str(error), repr(error), str(vars(error))]
    assert len(said) == 12
    tracer: AgentTracer = make()
    for text in texts():
        record_all(tracer, text)
        fail(tracer, Told(str(text)))
    fail(tracer, type(f"{MARK} in a class", (Exception,), {})())
    # Of a key that names content, even what would be a code is dropped.
    named = {"user_prompt": f"{MARK}-1", "toolOutputs": f"{MARK}-2", "input_name": f"{MARK}-3", f"{MARK} key": 1}
    with tracer.start_run(metadata=named) as run, run.step("tool", metadata=named) as step:
        step.add_metadata(named)
        run.add_metadata(named)
        run.record_decision("tool_selection", "a", "cost_optimization", metadata=named)
        run.record_quality_signal("tool_success", "first_attempt", True, metadata=named)
        run.record_failure("tool", "a", metadata=named)
    tracer.flush()
    return tracer, "".join([*said, repr(tracer), repr(run), repr(step), str(tracer.dropped)])


def fail(tracer: AgentTracer, error: Exception) -> None:
    try:
        with tracer.start_run() as run, run.step("tool"):
            raise error
    except type(error):
        return


def files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("status", [None, 503])
def test_no_marked_word_leaves_by_any_door(
    twin: Twin, make_tracer: MakeTracer, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int | None
) -> None:
    """Neither in what is sent, nor, while the server is not well, in what waits."""
    caplog.set_level("DEBUG")
    twin.failing = status

    with pytest.warns(AssayWarning) as warned:
        tracer, said = tell_all(make_tracer)

    assert tracer._engine._spool.save()
    sent, waiting = b"".join(twin.bodies), files(tmp_path / "cache")
    assert b"unnamed" in (sent if status is None else waiting)
    assert "was left out" in caplog.text
    said += caplog.text + "".join(str(warning) for warning in warned)
    for haystack in (said.encode(), sent, waiting):
        assert MARK.encode() not in haystack


@pytest.mark.filterwarnings("ignore::assay.AssayWarning")
def test_no_marked_word_is_printed(twin: Twin, tmp_path: Path) -> None:
    """A warning shows the line that issued it: that must be none of the caller's, which it names by its number."""
    done = run_program(PROGRAM, twin.url, KEY, str(tmp_path / "cache"))

    assert done.returncode == 0, done.stderr
    assert "was left out" in done.stdout
    assert "AssayWarning" in done.stderr
    assert "record_decision(" not in done.stderr
    assert "run.step(" not in done.stderr
    assert "test_tracing_what_may_not_be_told.py, line" in done.stderr
    assert MARK not in done.stdout + done.stderr
    assert MARK.encode() not in b"".join(twin.bodies) + files(tmp_path / "cache")
    assert twin.runs.refusals == []
    assert len(twin.runs.taken) > 50


def test_a_hostile_answer_is_not_shown(twin: Twin, make_tracer: MakeTracer) -> None:
    """Something on the way answers with what it was sent, where a code should be."""
    twin.runs.rejecting = {"scout"}
    twin.runs.reason = f"what was said: {MARK}"
    tracer = make_tracer()
    tracer.start_run().end()

    with pytest.warns(UserWarning, match="rejected 1 of 1 runs items for good: unnamed") as warned:
        assert tracer.flush()
    assert MARK not in str([str(warning.message) for warning in warned])
