"""A run arrives as it went: its steps, decisions, signals, times, tokens, and the version of the prompt it used."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from assay import Assay, AssayError, AssayWarning, AsyncAssay
from assay.tracing import AgentTracer
from assay.tracing.run import FIRST_ANNOUNCED

from tests.sdk.conftest import MakeAssay, MakeTracer, Sent
from tests.sdk.twin import KEY, Twin, wait_until


def test_it_tells_a_whole_run(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer(session_id="session-7")
    with tracer.start_run(metadata={"region": "eu-1", "attempts": 2, "cached": False, "queue": None}) as run:
        with run.step("plan", "choose-route", metadata={"options": 3}) as plan:
            run.record_decision(
                "tool_selection",
                "flight-search",
                "fresh_data_required",
                candidates=["flight-search", "cache"],
                confidence=0.75,
                metadata={"rule": "r-12"},
            )
        with run.step("tool", "flight-search", model="gpt-4o-mini"):
            run.record_quality_signal("tool_success", "first_attempt", True, weight=0.5, metadata={"rows": 12})
        run.record_quality_signal("latency_threshold", "under_threshold", False, step_id=plan.step_id)

    (item,) = sent(tracer)
    assert item == {
        "run_id": run.run_id,
        "agent_id": "scout",
        "agent_version": "1.4.0",
        "environment": "production",
        "session_id": "session-7",
        "status": "success",
        "started_at": item["started_at"],
        "ended_at": item["ended_at"],
        "metadata": {"region": "eu-1", "attempts": 2, "cached": False, "queue": None},
        "steps": [
            {
                "step_id": "1",
                "seq": 1,
                "step_type": "plan",
                "name": "choose-route",
                "status": "success",
                "started_at": item["steps"][0]["started_at"],
                "ended_at": item["steps"][0]["ended_at"],
                "metadata": {"options": 3},
            },
            {
                "step_id": "2",
                "seq": 2,
                "step_type": "tool",
                "name": "flight-search",
                "model": "gpt-4o-mini",
                "status": "success",
                "started_at": item["steps"][1]["started_at"],
                "ended_at": item["steps"][1]["ended_at"],
            },
        ],
        "decisions": [
            {
                "decision_type": "tool_selection",
                "selected": "flight-search",
                "reason_code": "fresh_data_required",
                "candidates": ["flight-search", "cache"],
                "confidence": 0.75,
                "step_id": "1",
                "at": item["decisions"][0]["at"],
                "metadata": {"rule": "r-12"},
            }
        ],
        "quality_signals": [
            {
                "signal_type": "tool_success",
                "signal_code": "first_attempt",
                "value": True,
                "weight": 0.5,
                "step_id": "2",
                "at": item["quality_signals"][0]["at"],
                "metadata": {"rows": 12},
            },
            {
                "signal_type": "latency_threshold",
                "signal_code": "under_threshold",
                "value": False,
                "step_id": "1",
                "at": item["quality_signals"][1]["at"],
            },
        ],
    }
    assert tracer.dropped == {}


def test_it_measures_by_a_clock_that_is_never_set_back(
    make_tracer: MakeTracer, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = make_tracer()
    with monkeypatch.context() as set_back, tracer.start_run() as run:
        set_back.setattr(time, "time", lambda: 0.0)
        with run.step("tool"):
            run.record_decision("orchestration_path", "short", "early_exit")

    (item,) = sent(tracer)
    (step,), (decision,) = item["steps"], item["decisions"]
    written = [item["started_at"], step["started_at"], decision["at"], step["ended_at"], item["ended_at"]]
    times = [datetime.fromisoformat(moment) for moment in written]
    assert times == sorted(times)
    assert abs(times[0] - datetime.now(UTC)) < timedelta(minutes=1)


def test_it_makes_ids_that_sort_by_time(make_tracer: MakeTracer) -> None:
    tracer = make_tracer()
    runs = []
    for _ in range(5):
        runs.append(tracer.start_run().run_id)
        time.sleep(0.002)

    assert runs == sorted(runs)
    ids = [UUID(run_id) for run_id in runs]
    assert {(made.version, made.variant) for made in ids} == {(7, "specified in RFC 4122")}
    assert str(ids[0]) == runs[0]
    assert abs((ids[0].int >> 80) / 1000 - time.time()) < 60


def test_it_takes_names_of_your_own(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer(environment="staging")
    trace, span = "4BF92F3577B34DA6A3CE929D0E0E4736", "00f067aa0ba902b7"
    tracer.start_run(run_id="job-17", parent="job-3", session_id="s-1", trace_id=trace, span_id=span).end()

    (item,) = sent(tracer)
    named = {name: item[name] for name in ("run_id", "parent_run_id", "session_id", "environment")}
    assert named == {"run_id": "job-17", "parent_run_id": "job-3", "session_id": "s-1", "environment": "staging"}
    assert (item["trace_id"], item["span_id"]) == (trace.lower(), span)


def test_it_tells_tokens_models_and_costs(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run():
        pass
    with tracer.start_run() as run:
        for tokens_in, dollars in ((100, 0.1), (20, Decimal("0.2"))):
            with run.step("model", "answer") as step:
                step.set_tokens(tokens_in, 7, model="m-1", cost_usd=dollars)
        with run.step("plan") as step:
            step.set_tokens(1000)
    with tracer.start_run() as run:
        with run.step("model") as step:
            step.set_tokens(1, 2, 3, cost_usd=1)
        run.set_tokens(500, tokens_cached=9, cost_usd=2.5)

    nothing, summed, said = sent(tracer)
    assert not {"tokens_in", "tokens_out", "tokens_cached", "cost_usd"} & set(nothing)
    assert (summed["tokens_in"], summed["tokens_out"], float(summed["cost_usd"])) == (120, 14, 0.3)
    assert [step.get("tokens_in") for step in summed["steps"]] == [100, 20, 1000]
    assert [step.get("model") for step in summed["steps"]] == ["m-1", "m-1", None]
    assert (said["tokens_in"], said["tokens_out"], said["tokens_cached"]) == (500, 2, 9)
    assert float(said["cost_usd"]) == 2.5


def test_it_adds_to_metadata(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run(metadata={"a": 1}) as run, run.step("tool", metadata={"a": 1}) as step:
        run.add_metadata({"a": 2, "b": "x"})
        step.add_metadata({"c": True})

    (item,) = sent(tracer)
    assert item["metadata"] == {"a": 2, "b": "x"}
    assert item["steps"][0]["metadata"] == {"a": 1, "c": True}


def test_a_resolution_rides_on_a_run_or_a_step(twin: Twin, make_assay: MakeAssay, make_tracer: MakeTracer) -> None:
    assay = make_assay()
    ids = [assay.resolve(category="greeting", variables={"name": "Ada"}) for _ in range(4)]
    plain = assay.resolve(category="absent", fallback="Plain")
    tracer = make_tracer(client=assay)
    with tracer.start_run(resolution=ids[0]) as run, run.step("model", resolution=ids[1].resolution_id) as step:
        pass
    with tracer.start_run(resolution=plain) as run, run.step("model") as step:
        run.set_resolution(ids[2])
        step.set_resolution(ids[3].resolution_id)

    assert assay.flush()
    first, second = twin.runs.taken.values()
    got = [first["resolution_id"], first["steps"][0]["resolution_id"]]
    got += [second["resolution_id"], second["steps"][0]["resolution_id"]]
    assert got == [resolution.resolution_id for resolution in ids]
    assert tracer.dropped == {}


def test_it_announces_a_run_and_finishes_it_under_the_same_id(twin: Twin, make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run(announce=True) as run:
        with run.step("plan"):
            (announced,) = sent(tracer)
        assert (announced["status"], announced.get("ended_at")) == ("running", None)
        with run.step("tool"):
            run.announce()
            (midway,) = sent(tracer)
        assert [step["status"] for step in midway["steps"]] == ["success", "running"]

    (item,) = sent(tracer)
    assert (item["run_id"], item["status"]) == (run.run_id, "success")
    assert [step["status"] for step in item["steps"]] == ["success", "success"]
    assert twin.runs.answers == ["stored", "updated", "updated"]


def test_it_sends_but_the_last_of_what_waits_of_a_run(twin: Twin, make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run(announce=True) as run:
        for _ in range(3):
            run.announce()
            assert tracer._engine._spool.save()  # to disk, as its thread does soon

    (item,) = sent(tracer)
    assert item["status"] == "success"
    assert twin.runs.answers == ["stored"]


def test_it_tells_of_two_runs_by_the_same_name(twin: Twin, make_tracer: MakeTracer) -> None:
    """The server takes but the first, and says so; nothing is lost in silence."""
    tracer = make_tracer()
    for name in ("first", "second"):
        with tracer.start_run(run_id="job-17") as run:
            run.step("tool", name).end()

    with pytest.warns(AssayWarning, match="rejected 1 of 2 runs items for good: run_conflict"):
        assert tracer.flush()
    assert twin.runs.taken["job-17"]["steps"][0]["name"] == "first"


def test_a_long_run_announces_itself(twin: Twin, make_tracer: MakeTracer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("assay.tracing.record.time", SimpleNamespace(perf_counter=lambda: now))
    tracer = make_tracer()
    run = tracer.start_run()
    told = []
    for seconds in (FIRST_ANNOUNCED - 1, 2, FIRST_ANNOUNCED, 2):
        now += seconds
        run.step("tool").end()
        assert tracer.flush()
        told.append(len(twin.runs.answers))

    assert told == [0, 1, 1, 2]


def test_what_is_still_open_when_the_run_ends_did_a_part(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    with tracer.start_run() as run:
        run.step("tool")

    (item,) = sent(tracer)
    assert item["status"] == "success"
    assert (item["steps"][0]["status"], item["steps"][0].get("ended_at")) == ("partial", None)


def test_it_works_without_with(make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer()
    run = tracer.start_run()
    outer = run.step("plan")
    run.step("tool", parent=outer).end()
    outer.end()
    run.end()
    run.end()

    (item,) = sent(tracer)
    assert [step.get("parent_step_id") for step in item["steps"]] == [None, "1"]
    assert [step["status"] for step in item["steps"]] == ["success", "success"]


def test_it_is_used_from_asyncio(make_tracer: MakeTracer, sent: Sent) -> None:
    async def work() -> AgentTracer:
        async with make_tracer() as tracer, tracer.start_run() as run, run.step("tool", "search"):
            await asyncio.sleep(0)
            run.record_decision("tool_selection", "search", "cost_optimization")
        return tracer

    (item,) = sent(asyncio.run(work()))
    assert item["decisions"][0]["step_id"] == "1"


def test_it_sends_by_itself(twin: Twin, make_tracer: MakeTracer) -> None:
    make_tracer(send_interval=0.05).start_run().end()

    assert wait_until(lambda: len(twin.runs.taken) == 1)


def test_it_asks_for_no_bundle(twin: Twin, make_tracer: MakeTracer, sent: Sent) -> None:
    tracer = make_tracer(refresh_interval=0.05, send_interval=0.05)
    for _ in range(3):
        tracer.start_run().end()
        sent(tracer)

    assert twin.gets == []


@pytest.mark.parametrize("kind", [Assay, AsyncAssay])
def test_it_shares_the_queue_of_a_client(twin: Twin, make_tracer: MakeTracer, tmp_path: Any, kind: Any) -> None:
    client = kind(twin.url, KEY, cache_dir=tmp_path / "cache", send_interval=60)
    tracer = make_tracer(client=client)
    tracer.start_run().end()
    closed = client.close()

    assert asyncio.run(closed) if kind is AsyncAssay else closed
    assert len(twin.runs.taken) == 1


def test_closing_it_leaves_a_client_that_it_was_given_open(
    twin: Twin, make_assay: MakeAssay, make_tracer: MakeTracer
) -> None:
    assay = make_assay()
    with make_tracer(client=assay) as tracer:
        tracer.start_run().end()

    assert len(twin.runs.taken) == 1
    assert assay.resolve(category="greeting", variables={"name": "Ada"}).text == "Hello Ada"
    assert assay._engine._thread is not None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"agent_id": "my agent"}, "/agent_id"),
        ({"agent_version": 1.0}, "/agent_version"),
        ({"environment": ""}, "/environment"),
        ({"session_id": "a b"}, "/session_id"),
        ({"url": "nowhere"}, "/url"),
        ({"url": None}, "/url"),
        ({"key": None}, "/key"),
        ({"send_interval": 0}, "/send_interval"),
    ],
)
def test_it_says_what_it_cannot_be_made_with(make_tracer: MakeTracer, changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(AssayError) as caught:
        make_tracer(**changes)

    assert caught.value.code == "invalid_options"
    assert [error.pointer for error in caught.value.errors] == [pointer]
    assert KEY not in str(caught.value)


def test_it_takes_a_client_or_an_address(make_assay: MakeAssay) -> None:
    with pytest.raises(AssayError) as caught:
        AgentTracer("scout", "1", client=make_assay(), send_interval=3)

    assert [error.pointer for error in caught.value.errors] == ["/client"]


def test_it_shows_no_key(make_tracer: MakeTracer) -> None:
    tracer = make_tracer()
    run = tracer.start_run(run_id="r-1")

    shown = repr(tracer) + repr(run) + repr(run.step("tool"))
    assert KEY not in shown
    assert "scout" in shown
    assert "r-1" in shown
