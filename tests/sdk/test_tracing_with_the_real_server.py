"""What a tracer tells is what the server stores: runs, steps, decisions, signals, failures, and versions used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assay import Assay, AssayWarning
from assay.core.codes import REASONS, SIGNALS
from assay.tracing import AgentTracer
from pytest_django.live_server_helper import LiveServer

from agents.models import Call, Decision, Failure, QualitySignal, Run, Step
from experiments.models import Experiment
from sentinel.create_key import create_key
from tests.conftest import Person
from tests.experiments.cast import make_experiment
from tests.sdk.test_tracing_what_may_not_be_told import GARBAGE, record_all

# What a test expects it asserts; a warning besides is no news here.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::assay.AssayWarning"),
]


@pytest.fixture
def tracer(live_server: LiveServer, mia: Person, tmp_path: Path) -> Iterator[AgentTracer]:
    """A tracer of an agent of the bakery, with Mia's key."""
    made = connect(live_server, mia.key, tmp_path)
    yield made
    made.close(timeout=1)


def connect(live_server: LiveServer, key: str, cache_dir: Path, **settings: Any) -> AgentTracer:
    quick = {"send_interval": 60, "environment": "staging"}
    return AgentTracer("scout", "1.4.0", url=live_server.url, key=key, cache_dir=cache_dir, **(quick | settings))


def test_it_stores_what_a_run_tells(tracer: AgentTracer, mia: Person) -> None:
    with pytest.raises(TimeoutError), tracer.start_run(session_id="s-1", metadata={"region": "eu-1"}) as run:  # noqa: PT012
        with run.step("plan", "choose", metadata={"options": 2}):
            run.record_decision(
                "tool_selection",
                "search",
                "fresh_data_required",
                candidates=["search", "cache"],
                confidence=0.75,
                metadata={"rule": "r-12"},
            )
            with run.step("model", "answer") as answer:
                answer.set_tokens(120, 30, 5, model="m-1", cost_usd=0.0125)
        run.record_quality_signal("token_usage", "low_usage", True, weight=0.5, step_id=answer)
        with run.step("tool", "search"):
            raise TimeoutError("marked text")

    assert tracer.flush()
    stored = Run.objects.get()
    assert stored.project_id == mia.project.pk
    named = (stored.run_id, stored.agent_id, stored.agent_version, stored.environment, stored.session_id)
    assert named == (run.run_id, "scout", "1.4.0", "staging", "s-1")
    assert (stored.status, stored.metadata) == ("failure", {"region": "eu-1"})
    assert (stored.tokens_in, stored.tokens_out, stored.tokens_cached) == (120, 30, 5)
    assert float(stored.cost_usd or 0) == 0.0125
    item = run.record.item
    assert (stored.started_at, stored.ended_at) == (item.started_at, item.ended_at)
    assert list(
        Step.objects.order_by("seq").values_list("step_id", "parent_step_id", "step_type", "name", "status")
    ) == [
        ("1", None, "plan", "choose", "success"),
        ("2", "1", "model", "answer", "success"),
        ("3", None, "tool", "search", "failure"),
    ]
    (answered,) = Step.objects.filter(step_type="model")
    assert (answered.model, answered.tokens_in, answered.metadata) == ("m-1", 120, None)
    decision = Decision.objects.get()
    assert (decision.decision_type, decision.selected, decision.reason_code, decision.confidence) == (
        "tool_selection",
        "search",
        "fresh_data_required",
        0.75,
    )
    assert (decision.candidates, decision.step_id, decision.metadata) == (["search", "cache"], "1", {"rule": "r-12"})
    assert decision.at == item.decisions[0].at
    signal = QualitySignal.objects.get()
    assert (signal.signal_code, signal.value, signal.weight, signal.step_id) == ("low_usage", True, 0.5, "2")
    failure = Failure.objects.get()
    assert (failure.failure_type, failure.code, failure.step_id) == ("timeout", "TimeoutError", "3")


def test_a_running_run_is_finished_under_its_id(tracer: AgentTracer) -> None:
    with tracer.start_run(announce=True) as run:
        with run.step("plan", "choose"):
            run.record_decision("orchestration_path", "short", "early_exit")
            run.record_decision("orchestration_path", "short", "early_exit")
            run.announce()
            assert tracer.flush()
            assert Run.objects.get().status == "running"
            assert Step.objects.get().status == "running"
        run.record_decision("orchestration_path", "short", "early_exit")

    assert tracer.flush()
    assert (Run.objects.get().status, Step.objects.get().status, Decision.objects.count()) == ("success", "success", 3)


def test_nested_runs_are_calls(live_server: LiveServer, tracer: AgentTracer, mia: Person, tmp_path: Path) -> None:
    atlas = AgentTracer("atlas", "2", url=live_server.url, key=mia.key, cache_dir=tmp_path, send_interval=60)
    with tracer.start_run() as outer, outer.step("handoff"), atlas.start_run() as inner:
        pass

    assert tracer.flush()
    assert atlas.close()
    assert Run.objects.get(agent_id="atlas").parent_run_id == outer.run_id
    assert Call.objects.get(run_id=inner.run_id).caller == "scout"


def test_a_resolution_leads_to_its_version_and_arm(live_server: LiveServer, mia: Person, tmp_path: Path) -> None:
    experiment: Experiment = make_experiment(mia)
    with Assay(live_server.url, mia.key, cache_dir=tmp_path, send_interval=60) as assay:
        tracer = AgentTracer("scout", "1", client=assay)
        resolution = assay.resolve(category="email", vertical="food", unit="ann", variables={"name": "Ada"})
        assert resolution.experiment is not None
        with tracer.start_run() as run, run.step("model", resolution=resolution):
            run.set_resolution(resolution.resolution_id)
        assert assay.flush()

    for stored in (Run.objects.get(), Step.objects.get()):
        assert (str(stored.version_id), stored.experiment_id) == (resolution.version.id, experiment.pk)
        assert stored.arm == resolution.experiment.arm


def test_the_same_run_twice_is_stored_once(tracer: AgentTracer, mia: Person) -> None:
    with tracer.start_run() as run, run.step("tool"):
        run.record_quality_signal("tool_success", "first_attempt", True)
    assert tracer._engine._spool.save()
    (item,) = tracer._engine._outbox.take("runs", 1000, 10, 10**6)
    assert tracer.flush()
    again = mia.http().post("/api/v1/runs", bytes(item.body), content_type="application/json")

    assert (again.status_code, again.json()["result"]) == (200, "duplicate")
    assert (Run.objects.count(), Step.objects.count(), QualitySignal.objects.count()) == (1, 1, 1)


def test_the_server_takes_whatever_the_tracer_lets_through(
    tracer: AgentTracer, recwarn: pytest.WarningsRecorder
) -> None:
    for garbage in GARBAGE:
        record_all(tracer, garbage)
    with tracer.start_run() as run:
        for decision_type, reasons in REASONS.items():
            for reason in reasons:
                run.record_decision(decision_type, "a", reason)
        for signal_type, codes in SIGNALS.items():
            for code in codes:
                run.record_quality_signal(signal_type, code, False)

    assert tracer.flush()
    assert Run.objects.count() == 8 * len(GARBAGE) + 1
    told = [str(warning.message) for warning in recwarn if warning.category is AssayWarning]
    assert [message for message in told if "server" in message] == []


def test_the_largest_run_is_taken(tracer: AgentTracer) -> None:
    """With as much metadata as a reasonable step has."""
    with tracer.start_run() as run:
        for number in range(10_000):
            with run.step(
                "tool", "a-name-of-a-tool", metadata={"attempt": number, "cached": True, "region": "eu-west-1"}
            ):
                pass
        for _ in range(10_000):
            run.record_quality_signal("tool_success", "first_attempt", True, weight=0.5, metadata={"rows": 12})

    assert tracer.flush()
    assert (Step.objects.count(), QualitySignal.objects.count()) == (10_000, 10_000)


def test_a_key_that_may_not_write_of_agents_keeps_runs_queued(
    live_server: LiveServer, mia: Person, tmp_path: Path
) -> None:
    _, key = create_key(project=mia.project, made_by=mia.user, permissions=["agents.read"], name="reader")
    with connect(live_server, key, tmp_path) as reader:
        reader.start_run().end()
        assert not reader.flush()

    assert Run.objects.count() == 0


def test_a_key_for_agents_alone_is_enough(live_server: LiveServer, mia: Person, tmp_path: Path) -> None:
    _, key = create_key(project=mia.project, made_by=mia.user, permissions=["agents.write"], name="agent")
    with connect(live_server, key, tmp_path, send_interval=0.05) as tracer:
        tracer.start_run().end()
        assert tracer.flush()

    assert Run.objects.count() == 1


def test_it_hears_which_run_the_server_will_not_take(tracer: AgentTracer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as long_ago:
        long_ago.setattr("time.time", lambda: 1_000_000_000.0)
        run = tracer.start_run()
    run.end()
    tracer.start_run().end()

    with pytest.warns(AssayWarning, match="rejected 1 of 2 runs items for good: time_out_of_range"):
        assert tracer.flush()
    assert Run.objects.count() == 1
