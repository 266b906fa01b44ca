"""A run that an exception leaves is a failure, told by the exception's class alone; the exception goes on unchanged."""

import asyncio
import concurrent.futures
import contextlib
import pickle
import sys
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from assay.tracing import Run

from tests.sdk.conftest import MakeTracer, Sent


class RateLimitError(Exception):
    """An error that says more than may be told."""


Unnameable = type("Ölfehler", (RateLimitError,), {})


class ReadTimeoutError(Exception):
    """A timeout of a library that does not know Python's."""


def failing(run: Run, step_type: str | None, error: BaseException) -> None:
    if step_type is None:
        raise error
    with run.step(step_type):
        raise error


@pytest.mark.parametrize(
    ("step_type", "error", "told"),
    [
        (None, ValueError("marked text"), ("orchestration", "ValueError")),
        (None, TimeoutError(), ("timeout", "TimeoutError")),
        ("tool", KeyError("marked text"), ("tool", "KeyError")),
        ("model", RateLimitError("marked text"), ("model", "RateLimitError")),
        ("retrieve", OSError(2, "marked text"), ("retrieval", "FileNotFoundError")),
        ("validate", ValueError(), ("validation", "ValueError")),
        ("plan", ValueError(), ("orchestration", "ValueError")),
        ("handoff", ValueError(), ("orchestration", "ValueError")),
        ("tool", concurrent.futures.TimeoutError(), ("timeout", "TimeoutError")),
        ("model", httpx.ReadTimeout("marked text"), ("timeout", "ReadTimeout")),
        ("model", ReadTimeoutError(), ("timeout", "ReadTimeoutError")),
        ("model", Unnameable("marked text"), ("model", "RateLimitError")),
        ("model", type("marked text " * 20, (Exception,), {})(), ("model", "Exception")),
        ("model", type("E" * 65, (RateLimitError,), {})(), ("model", "RateLimitError")),
        ("tool", ExceptionGroup("marked text", [ValueError()]), ("tool", "ExceptionGroup")),
        (None, KeyboardInterrupt(), ("orchestration", "KeyboardInterrupt")),
        (None, asyncio.CancelledError(), ("orchestration", "CancelledError")),
        (None, SystemExit(3), ("orchestration", "SystemExit")),
    ],
)
def test_it_tells_a_failure_by_its_kind(
    make_tracer: MakeTracer, sent: Sent, step_type: str | None, error: BaseException, told: tuple[str, str]
) -> None:
    tracer = make_tracer()
    with pytest.raises(type(error)) as caught, tracer.start_run() as run:
        failing(run, step_type, error)

    assert caught.value is error
    (item,) = sent(tracer)
    assert item["status"] == "failure"
    step = {"step_id": "1"} if step_type else {}
    assert item["failures"] == [{"failure_type": told[0], "code": told[1], **step}]
    assert [step["status"] for step in item.get("steps", [])] == (["failure"] if step_type else [])


def test_the_exception_is_the_same_as_without(make_tracer: MakeTracer) -> None:
    error = RateLimitError("as it was", 17)
    error.__cause__ = cause = ValueError()
    with pytest.raises(RateLimitError) as caught, make_tracer().start_run() as run, run.step("tool"):
        raise error

    assert caught.value is error
    assert (error.args, error.__cause__, getattr(error, "__notes__", None)) == (("as it was", 17), cause, None)
    assert pickle.loads(pickle.dumps(error)).args == error.args


def test_it_tells_the_innermost_step_and_tells_it_once(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with pytest.raises(KeyError), tracer.start_run() as run, run.step("plan"), run.step("tool"), run.step("model"):
        raise KeyError

    (item,) = sent(tracer)
    assert item["failures"] == [{"failure_type": "model", "code": "KeyError", "step_id": "3"}]
    assert [step["status"] for step in item["steps"]] == ["failure"] * 3


def test_a_failure_that_the_agent_gets_over_stays_with_its_step(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        for attempt in range(3):
            try:
                with run.step("tool"):
                    if attempt < 2:
                        raise TimeoutError
            except TimeoutError:
                run.record_decision("retry_strategy", "retry", "transient_error_detected")

    (item,) = sent(tracer)
    assert item["status"] == "success"
    assert [step["status"] for step in item["steps"]] == ["failure", "failure", "success"]
    assert [(failure["failure_type"], failure["step_id"]) for failure in item["failures"]] == [
        ("timeout", "1"),
        ("timeout", "2"),
    ]


def test_another_exception_after_one_that_was_got_over_is_told_too(make_tracer: MakeTracer, sent: Sent) -> None:
    """Python likes to give the second the place in memory that the first had."""
    tracer = make_tracer()
    for _ in range(20):
        with pytest.raises(TimeoutError), tracer.start_run() as run:  # noqa: PT012
            with contextlib.suppress(TimeoutError), run.step("tool"):
                raise TimeoutError
            raise TimeoutError

    for item in sent(tracer):
        assert [failure.get("step_id") for failure in item["failures"]] == ["1", None]


def test_each_of_two_nested_runs_tells_it(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with pytest.raises(KeyError), tracer.start_run() as outer, outer.step("handoff"):  # noqa: SIM117
        with tracer.start_run() as inner, inner.step("tool"):
            raise KeyError

    first, second = sent(tracer)
    assert (first["run_id"], second["run_id"]) == (inner.run_id, outer.run_id)
    assert first["failures"] == [{"failure_type": "tool", "code": "KeyError", "step_id": "1"}]
    assert second["failures"] == [{"failure_type": "orchestration", "code": "KeyError", "step_id": "1"}]


def test_a_failure_can_be_told_without_an_exception(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as recorded:
        with recorded.step("tool") as step:
            pass
        recorded.record_failure("tool", "http_503", step_id=step.step_id, metadata={"status": 503})
    with tracer.start_run() as failed:
        failed.fail("validation", "schema_mismatch")
    with tracer.start_run() as gone_over:
        with gone_over.step("retrieve") as step:
            step.fail("index_gone")
        with gone_over.step("model") as step:
            step.fail("too_slow", failure_type="timeout")
        with gone_over.step("respond") as step:
            step.partial()
    with tracer.start_run() as partial:
        partial.record_failure("model", "refused")
        partial.partial()

    one, two, three, four = sent(tracer)
    assert (one["status"], two["status"], three["status"], four["status"]) == (
        "failure",
        "failure",
        "success",
        "partial",
    )
    assert one["failures"] == [
        {"failure_type": "tool", "code": "http_503", "step_id": "1", "metadata": {"status": 503}}
    ]
    assert two["failures"] == [{"failure_type": "validation", "code": "schema_mismatch"}]
    assert three["failures"] == [
        {"failure_type": "retrieval", "code": "index_gone", "step_id": "1"},
        {"failure_type": "timeout", "code": "too_slow", "step_id": "2"},
    ]
    assert [step["status"] for step in three["steps"]] == ["failure", "failure", "partial"]


def test_an_exception_makes_a_failure_of_what_was_called_partial(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with pytest.raises(ValueError), tracer.start_run() as run:  # noqa: PT012
        run.partial()
        raise ValueError

    assert [item["status"] for item in sent(tracer)] == ["failure"]


def leave_by_exit(run: Run) -> Generator[int]:
    with run:
        sys.exit()
    yield 1


def never_read_to_the_end(run: Run) -> Generator[int]:
    with run, run.step("model"):
        yield 1
        yield 2


@pytest.mark.parametrize(("work", "status"), [(leave_by_exit, "success"), (never_read_to_the_end, "partial")])
def test_not_every_exception_is_a_failure(
    make_tracer: MakeTracer, sent: Sent, work: Callable[[Run], Generator[Any]], status: str
) -> None:
    tracer = make_tracer()
    reading = work(tracer.start_run())
    with contextlib.suppress(SystemExit):
        next(reading)
    reading.close()

    (item,) = sent(tracer)
    assert (item["status"], item.get("failures")) == (status, None)


def test_steps_side_by_side_fail_each_for_itself(make_tracer: MakeTracer, sent: Sent) -> None:
    """What is cancelled because another has failed is no failure; nor is the group of them one more."""
    tracer = make_tracer()

    async def search(run: Run, seconds: float) -> None:
        async with run.step("tool"):
            await asyncio.sleep(seconds)
            if seconds == 0.01:
                raise ValueError(seconds)

    async def work() -> None:
        async with tracer.start_run() as run, run.step("plan"), asyncio.TaskGroup() as group:
            for seconds in (0, 0.01, 3600):
                group.create_task(search(run, seconds))

    with pytest.raises(ExceptionGroup):
        asyncio.run(work())

    (item,) = sent(tracer)
    assert item["failures"] == [{"failure_type": "tool", "code": "ValueError", "step_id": "3"}]
    assert [step["status"] for step in item["steps"]] == ["failure", "success", "failure", "partial"]
    assert item["status"] == "failure"


def test_a_step_that_goes_on_when_its_run_has_ended_changes_it_no_more(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    run = tracer.start_run()
    step = run.step("tool")
    run.end()
    step.end(ValueError())

    (item,) = sent(tracer)
    assert (item.get("failures"), item["steps"][0]["status"]) == (None, "partial")
    assert tracer.dropped == {}


def test_a_group_of_exceptions_that_nobody_told_of_is_told_once(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with pytest.raises(ExceptionGroup), tracer.start_run() as run, run.step("plan"), run.step("tool"):
        raise ExceptionGroup("marked text", [ValueError(), KeyError()])

    (item,) = sent(tracer)
    assert item["failures"] == [{"failure_type": "tool", "code": "ExceptionGroup", "step_id": "2"}]
