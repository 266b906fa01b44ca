"""Threads and tasks that are at one run at the same moment, at the worst one."""

import asyncio
import contextvars
import functools
from collections.abc import Generator
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from assay.tracing import carry
from assay.tracing.place import Place, here
from assay.tracing.record import MOST_OF_A_KIND
from assay.tracing.report import Report

from tests.sdk.conftest import MakeTracer, Sent
from tests.sdk.twin import Twin

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

DECISION = ("tool_selection", "search", "cost_optimization")


def test_the_last_step_that_a_run_takes_is_had_by_one_of_two(make_tracer: MakeTracer, sent: Sent) -> None:
    """The server would refuse a run with one step more, and all that is in it."""
    tracer = make_tracer()
    with tracer.start_run() as run:
        # Another thread has drawn the last number, and has not put its step down yet.
        run.record.seqs = count(MOST_OF_A_KIND + 1)
        assert run.step("tool").step_id == ""

    (item,) = sent(tracer)
    assert "steps" not in item
    assert tracer.dropped == {"too_many": 1}


def test_the_last_decision_that_a_run_takes_is_had_by_one_of_two(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:

        class Meanwhile(Fraction):
            """A number during whose judgement somebody else makes a decision."""

            def __float__(self) -> float:
                run.record_decision(*DECISION)
                return 0.5

        for _ in range(MOST_OF_A_KIND - 1):
            run.record_decision(*DECISION)
        run.record_decision(*DECISION, confidence=Meanwhile(1, 2))  # type: ignore[arg-type]

    (item,) = sent(tracer)
    assert len(item["decisions"]) == MOST_OF_A_KIND
    assert tracer.dropped == {"too_many": 1}


def test_a_run_that_ended_while_it_was_announced_is_told_as_ended(
    twin: Twin, make_tracer: MakeTracer, sent: Sent
) -> None:
    """What is still on its way from the other thread comes after how it ended, and is no news."""
    tracer = make_tracer()
    with tracer.start_run() as run:
        announced = Report(run.record)
    assert tracer._engine._spool.save()  # to disk, as its thread does soon
    assert tracer._engine.queue_later(announced)

    (item,) = sent(tracer)
    assert item["status"] == "success"
    assert twin.runs.refusals == []
    assert twin.runs.answers == ["stored"]


def test_a_run_is_not_its_own_parent(twin: Twin, make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run(run_id="job-17", parent="job-17"):
        pass

    (item,) = sent(tracer)
    assert "parent_run_id" not in item
    assert tracer.dropped == {"own_parent": 1}


def test_what_is_told_after_the_end_counts_once(make_tracer: MakeTracer) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        step = run.step("tool")
    step.fail("late")

    assert tracer.dropped == {"ended": 1}


class _Pause:
    """Something to await that nobody ends."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def test_a_carried_coroutine_that_is_closed_elsewhere_moves_nobody(make_tracer: MakeTracer) -> None:
    """As the garbage collector does it, in whatever task or thread it happens to run."""
    tracer = make_tracer()

    async def work() -> None:
        await _Pause()

    with tracer.start_run():
        carried = carry(work)
    with tracer.start_run() as before:

        def begin() -> Any:
            before.__enter__()
            coroutine = carried()
            coroutine.send(None)
            return coroutine

        coroutine = contextvars.copy_context().run(begin)
    with tracer.start_run() as elsewhere:
        coroutine.close()
        assert here() is elsewhere


def test_a_coroutine_of_a_wrapped_function_is_carried(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    seen: list[Place | None] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(here())

    @functools.wraps(work)
    def wrapped() -> Any:
        return work()

    del wrapped.__wrapped__  # type: ignore[attr-defined]
    with tracer.start_run() as run:
        carried = carry(wrapped)
        contextvars.Context().run(asyncio.run, carried())
        assert here() is run
    assert seen == [run]


def test_a_place_is_a_run_or_a_step_and_nothing_less(make_tracer: MakeTracer) -> None:
    with make_tracer().start_run() as run, pytest.raises(TypeError, match="abstract"):
        Place(run.record)  # type: ignore[abstract]
