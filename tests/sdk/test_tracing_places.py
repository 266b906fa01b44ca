"""Steps find the step around them and runs the run around them: in threads, tasks and generators too."""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from assay.tracing import Run, carry
from assay.tracing.place import here

from tests.sdk.conftest import MakeTracer, Sent
from tests.sdk.patience import PATIENCE


def tree(item: dict[str, Any]) -> dict[str, str | None]:
    """The name of each step's parent, by the step's own name."""
    names = {step["step_id"]: step["name"] for step in item["steps"]}
    return {step["name"]: names.get(step.get("parent_step_id")) for step in item["steps"]}


def parents(items: list[dict[str, Any]]) -> dict[str, str | None]:
    return {item["run_id"]: item.get("parent_run_id") for item in items}


def test_steps_lie_in_steps(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        with run.step("plan", "a"):
            with run.step("tool", "b"):
                run.record_quality_signal("tool_success", "first_attempt", True)
                with run.step("model", "c"):
                    pass
            with run.step("tool", "d"):
                pass
        with run.step("respond", "e"):
            pass
        run.record_quality_signal("token_usage", "low_usage", True)

    (item,) = sent(tracer)
    assert tree(item) == {"a": None, "b": "a", "c": "b", "d": "a", "e": None}
    assert [signal.get("step_id") for signal in item["quality_signals"]] == ["2", None]
    assert here() is None


def test_runs_lie_in_runs_of_whatever_tracer(make_tracer: MakeTracer, sent: Sent) -> None:
    nova = make_tracer("nova", session_id="talk-1")
    atlas, rex = make_tracer("atlas"), make_tracer("rex", session_id="talk-2")
    with nova.start_run(run_id="outer") as run, run.step("handoff", "give"):
        with atlas.start_run(run_id="middle") as middle, middle.step("handoff", "give-on"):
            with rex.start_run(run_id="inner"):
                pass
            with run.step("tool", "still-outer"):
                pass
        rex.start_run(run_id="named", parent="elsewhere").end()
        rex.start_run(run_id="given", parent=middle).end()
    nova.start_run(run_id="after").end()

    atlas.flush()
    rex.flush()
    items = {item["run_id"]: item for item in sent(nova)}
    assert parents(list(items.values())) == {
        "inner": "middle",
        "middle": "outer",
        "named": "elsewhere",
        "given": "middle",
        "outer": None,
        "after": None,
    }
    assert (items["middle"]["session_id"], items["inner"]["session_id"]) == ("talk-1", "talk-2")
    assert tree(items["outer"]) == {"give": None, "still-outer": "give"}


def test_a_run_that_has_ended_has_no_more_children(make_tracer: MakeTracer, sent: Sent) -> None:
    """A worker that a run started in passing outlives it, and is not of its family for ever."""
    tracer = make_tracer()

    async def worker(run_ended: asyncio.Event) -> None:
        await run_ended.wait()
        tracer.start_run(run_id="worker").end()

    async def work() -> None:
        run_ended = asyncio.Event()
        with tracer.start_run():
            task = asyncio.create_task(worker(run_ended))
            await asyncio.sleep(0)
        run_ended.set()
        await task

    asyncio.run(work())
    assert parents(sent(tracer))["worker"] is None


def test_tasks_have_a_place_each(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()

    async def search(run: Run, name: str) -> None:
        async with run.step("tool", name):
            await asyncio.sleep(0.01)
            async with run.step("model", f"{name}-read"):
                await asyncio.sleep(0.01)
            async with tracer.start_run(run_id=f"run-{name}"):
                await asyncio.sleep(0.01)

    async def work() -> None:
        async with tracer.start_run(run_id="outer") as run, run.step("plan", "all"):
            await asyncio.gather(*(search(run, name) for name in ("a", "b", "c")))

    asyncio.run(work())

    items = {item["run_id"]: item for item in sent(tracer)}
    assert tree(items["outer"]) == {
        "all": None,
        **{name: "all" for name in ("a", "b", "c")},
        **{f"{name}-read": name for name in ("a", "b", "c")},
    }
    assert {items[f"run-{name}"]["parent_run_id"] for name in ("a", "b", "c")} == {"outer"}


def test_a_thread_has_the_place_that_is_carried_to_it(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()

    def search(run: Run, name: str) -> str:
        with run.step("tool", name), run.step("model", f"{name}-read"):
            tracer.start_run(run_id=f"run-{name}").end()
        return name

    with tracer.start_run(run_id="outer") as run, run.step("plan", "all") as plan, ThreadPoolExecutor(4) as pool:
        carried = carry(search)
        assert [future.result() for future in [pool.submit(carried, run, name) for name in "abcd"]] == list("abcd")
        pool.submit(search, run, "lost").result()
        with_parent = pool.submit(lambda: run.step("tool", "named", parent=plan).end())
        with_parent.result()
        assert pool.submit(here).result() is None
    assert carried.__name__ == "search"

    items = {item["run_id"]: item for item in sent(tracer)}
    found = tree(items["outer"])
    assert {name: found[name] for name in "abcd"} == dict.fromkeys("abcd", "all")
    assert {name: found[f"{name}-read"] for name in "abcd"} == {name: name for name in "abcd"}
    assert (found["lost"], found["named"]) == (None, "all")
    assert {name: items[f"run-{name}"].get("parent_run_id") for name in "abcd"} == dict.fromkeys("abcd", "outer")
    assert items["run-lost"].get("parent_run_id") == "outer"  # it was in a step of that


def test_a_thread_of_asyncio_has_its_task_s_place(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()

    async def work() -> None:
        async with tracer.start_run(run_id="outer"):
            await asyncio.to_thread(lambda: tracer.start_run(run_id="inner").end())

    asyncio.run(work())
    assert parents(sent(tracer)) == {"inner": "outer", "outer": None}


def test_a_coroutine_can_be_carried_to_another_loop(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def elsewhere() -> int:
        await asyncio.sleep(0)
        tracer.start_run(run_id="inner").end()
        return 5

    with tracer.start_run(run_id="outer"):
        assert asyncio.run_coroutine_threadsafe(carry(elsewhere)(), loop).result(PATIENCE) == 5
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

    assert parents(sent(tracer)) == {"inner": "outer", "outer": None}


def test_what_a_carried_generator_opens_stays_its_own(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()

    def stream(run: Run) -> Generator[str, str, str]:
        with run.step("model", "stream"):
            got = yield "first"
            with run.step("validate", "check"):
                with contextlib.suppress(KeyError):
                    yield got
                yield "third"
        return "done"

    with tracer.start_run() as run:
        reading = carry(stream)(run)
        assert next(reading) == "first"
        with run.step("tool", "between"):
            assert reading.send("second") == "second"
            assert reading.throw(KeyError()) == "third"
        with run.step("tool", "later"):
            assert list(reading) == []
        closed = carry(stream)(run)
        next(closed)
        closed.close()

    (item,) = sent(tracer)
    assert tree(item) == {"stream": None, "between": None, "check": "stream", "later": None}
    assert [step["status"] for step in item["steps"]] == ["success", "success", "success", "success", "partial"]


def test_what_a_carried_async_generator_opens_stays_its_own(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()

    async def stream(run: Run) -> AsyncGenerator[int, None]:
        async with run.step("model", "stream"):
            for number in range(3):
                async with run.step("validate", f"check-{number}"):
                    await asyncio.sleep(0)
                    yield number

    async def work() -> list[int]:
        read = []
        async with tracer.start_run() as run:
            async for number in carry(stream)(run):
                async with run.step("tool", f"use-{number}"):
                    read.append(number)
            stopped = carry(stream)(run)
            await anext(stopped)
            await stopped.aclose()
        return read

    assert asyncio.run(work()) == [0, 1, 2]
    (item,) = sent(tracer)
    found = tree({**item, "steps": item["steps"][:7]})
    assert found == {
        "stream": None,
        **{f"check-{number}": "stream" for number in range(3)},
        **{f"use-{number}": None for number in range(3)},
    }
    assert [step["status"] for step in item["steps"][7:]] == ["partial", "partial"]


def test_generators_that_are_not_carried_do_no_harm(make_tracer: MakeTracer, sent: Sent) -> None:
    """They are closed late, in other contexts, one over the other; then nobody is left where he does not belong."""
    tracer = make_tracer()

    def stream(run: Run, name: str) -> Generator[int]:
        with run.step("model", name):
            yield 1
            yield 2

    def close_elsewhere(reading: Any) -> None:
        contextvars.Context().run(reading.close)

    with tracer.start_run() as run:
        first, second, third = stream(run, "first"), stream(run, "second"), stream(run, "third")
        for reading in (first, second, third):
            next(reading)
        first.close()
        # The third is open still, on top of all: whoever reads is in it.
        run.record_decision("orchestration_path", "a", "early_exit")
        close_elsewhere(second)
        thread = threading.Thread(target=close_elsewhere, args=(third,))
        thread.start()
        thread.join()
        assert here() is run
        with run.step("tool", "after"):
            pass
    assert here() is None

    (item,) = sent(tracer)
    assert tree(item)["after"] is None
    assert item["decisions"][0]["step_id"] == "3"
    assert tracer.dropped == {}


def test_one_may_go_in_twice_and_round(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    run = tracer.start_run()
    step = run.step("tool", "a")
    with run, step, run:
        pass
    with step, run:
        assert here() is None
    with run, step, run:
        tracer.start_run(run_id="later").end()

    assert parents(sent(tracer))["later"] is None


def test_many_threads_share_one_run(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run, ThreadPoolExecutor(8) as pool:

        def work(number: int) -> None:
            with run.step("tool", f"n{number}") as step:
                run.record_decision("tool_selection", f"n{number}", "cost_optimization", step_id=step)
                run.record_quality_signal("tool_success", "first_attempt", True, step_id=step.step_id)

        list(pool.map(work, range(400)))

    (item,) = sent(tracer)
    names = {step["step_id"]: step["name"] for step in item["steps"]}
    assert len(names) == len(set(names.values())) == 400
    assert all(names[decision["step_id"]] == decision["selected"] for decision in item["decisions"])
    assert len(item["decisions"]) == len(item["quality_signals"]) == 400


def test_a_tracer_is_no_place(make_tracer: MakeTracer) -> None:
    with make_tracer():
        assert here() is None
