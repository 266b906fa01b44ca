"""What becomes a run and what a step, which run a step belongs to, and how a run ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.let_go_spans import let_go_spans
from agents.models import Call, Decision, DropCount, QualitySignal, WaitingSpan
from sentinel.models import Project
from tests.agents.spans import (
    TRACE,
    Sent,
    agent,
    failures,
    model,
    runs,
    send,
    signals,
    span_id,
    steps,
    tool,
)
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ERROR = 2
REMOTE = 0x300


def plain(number: int, parent: int | None = None, name: str = "GET /menu", **more: Any) -> Sent:
    return Sent(number, name, parent, {"http.request.method": "GET"}, **more)


def inference(number: int, kind: str, parent: int | None = None, name: str = "work", **more: Any) -> Sent:
    """A span as OpenInference has it."""
    attributes = {"openinference.span.kind": kind} | more.pop("attributes", {})
    return Sent(number, name, parent, attributes, **more)


def test_it_makes_a_run_of_an_agent_and_steps_of_what_it_did(mia: Person) -> None:
    send(mia, agent(1, took=500), model(2, 1, at=10), tool(3, 1, at=30), model(4, 1, (200, 40), at=60))

    run = runs(mia)["trace"]
    assert (run.agent_id, run.agent_version, run.environment) == ("planner", "1.4", "production")
    assert (run.status, run.latency_ms) == ("success", 500)
    assert (run.tokens_in, run.tokens_out) == (300, 60)
    assert (run.span_id, run.trace_id) == (span_id(1), TRACE)
    assert run.metadata == {"service": "bakery-bot"}
    assert [(step.step_type, step.name, step.model, step.latency_ms) for step in steps(mia, run)] == [
        ("model", "chat_gpt-4o", "gpt-4o", 10),
        ("tool", "search", None, 10),
        ("model", "chat_gpt-4o", "gpt-4o", 10),
    ]
    assert failures(mia, run) == set()
    assert signals(mia, run) == {
        ("tool_success", "first_attempt"),
        ("latency_threshold", "under_threshold"),
        ("token_usage", "low_usage"),
    }


def test_it_knows_the_kinds_of_openinference(mia: Person) -> None:
    kinds = ["LLM", "TOOL", "RETRIEVER", "RERANKER", "EMBEDDING", "GUARDRAIL", "EVALUATOR", "CHAIN", "DECISION"]
    send(
        mia,
        inference(1, "AGENT", name="Baker", attributes={"session.id": "s-1"}),
        *(inference(number, kind, 1, at=number) for number, kind in enumerate(kinds, 2)),
    )

    run = runs(mia)["trace"]
    assert (run.agent_id, run.session_id) == ("Baker", "s-1")
    assert [step.step_type for step in steps(mia, run)] == [
        *("model", "tool", "retrieve", "retrieve", "retrieve", "validate", "validate", "plan", "plan"),
    ]


@pytest.mark.parametrize(
    ("operation", "step_type"),
    [
        ("chat", "model"),
        ("text_completion", "model"),
        ("generate_content", "model"),
        ("embeddings", "retrieve"),
        ("retrieval", "retrieve"),
        ("search_memory", "retrieve"),
        ("execute_tool", "tool"),
        ("plan", "plan"),
        ("create_agent", "other"),
        ("something_of_tomorrow", "other"),
    ],
)
def test_it_knows_the_operations_of_the_conventions(mia: Person, operation: str, step_type: str) -> None:
    send(mia, Sent(1, attributes={"gen_ai.operation.name": operation}))

    run = runs(mia)["trace"]
    assert [step.step_type for step in steps(mia, run)] == [step_type]


@pytest.mark.parametrize("operation", ["invoke_agent", "invoke_workflow"])
def test_it_makes_runs_of_agents_and_workflows(mia: Person, operation: str) -> None:
    send(mia, Sent(1, f"{operation} evening bake", attributes={"gen_ai.operation.name": operation}))

    assert runs(mia)["trace"].agent_id == "evening_bake"


@pytest.mark.parametrize(
    ("tokens_in", "tokens_out", "cached"),
    [
        ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens"),
        ("gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.usage.cache_read_input_tokens"),
        ("llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.prompt_details.cache_read"),
    ],
)
def test_it_reads_tokens_under_old_and_new_names(mia: Person, tokens_in: str, tokens_out: str, cached: str) -> None:
    send(mia, Sent(1, attributes={"openinference.span.kind": "LLM", tokens_in: 7, tokens_out: 3, cached: 2}))

    run = runs(mia)["trace"]
    assert (run.tokens_in, run.tokens_out, run.tokens_cached) == (7, 3, 2)


def test_it_takes_the_current_name_where_an_old_one_says_otherwise(mia: Person) -> None:
    attributes = {"gen_ai.usage.prompt_tokens": 1, "gen_ai.usage.input_tokens": 7, "llm.token_count.prompt": 2}
    send(mia, Sent(1, attributes={"gen_ai.operation.name": "chat"} | attributes))

    assert runs(mia)["trace"].tokens_in == 7


def test_it_counts_tokens_where_a_model_was_called_and_nowhere_else(mia: Person) -> None:
    summed = {"gen_ai.usage.input_tokens": 500, "gen_ai.usage.output_tokens": 90}
    send(
        mia,
        agent(1, attributes=summed),
        model(2, 1, (100, 20)),
        # The client of the model's maker, instrumented too: the same call once more.
        model(3, 2, (100, 20)),
        tool(4, 1, attributes=summed),
    )

    run = runs(mia)["trace"]
    assert (run.tokens_in, run.tokens_out) == (100, 20)


def test_it_adds_up_what_models_cost(mia: Person) -> None:
    send(
        mia,
        agent(1),
        model(2, 1, attributes={"operation.cost": 0.0012}),
        model(3, 1, attributes={"llm.cost.total": 0.0003}),
    )

    assert str(runs(mia)["trace"].cost_usd) == "0.00150000"


def test_it_makes_a_run_of_its_own_of_an_agent_below_another(mia: Person) -> None:
    send(mia, agent(1, "outer"), tool(2, 1, "ask"), agent(3, "inner", parent=2), model(4, 3), model(5, 1))

    found = runs(mia)
    inner, outer = found[f"trace:{span_id(3)}"], found["trace"]
    assert (outer.agent_id, inner.agent_id, inner.parent_run_id) == ("outer", "inner", TRACE)
    assert [step.step_id for step in steps(mia, inner)] == [span_id(4)]
    assert [step.step_id for step in steps(mia, outer)] == [span_id(2), span_id(5)]
    call = Call.objects.get(project_id=mia.project.pk)
    assert (call.caller, call.callee) == ("outer", "inner")


def test_it_puts_a_run_above_agents_that_stand_beside_each_other(mia: Person) -> None:
    send(mia, agent(1, "left", at=5), agent(2, "right", at=30, took=40), model(3, 1), model(4, None, at=1))

    found = runs(mia)
    above = found["trace"]
    assert (above.agent_id, above.span_id, above.status) == ("bakery-bot", None, "success")
    assert (above.latency_ms, [step.step_id for step in steps(mia, above)]) == (69, [span_id(4)])
    assert {run.parent_run_id for run in found.values()} == {None, TRACE}


def test_it_gives_the_traces_run_what_no_agent_is_known_to_enclose(mia: Person) -> None:
    send(mia, agent(1), model(2, 77), tool(3))

    (run,) = runs(mia).values()
    assert [step.step_id for step in steps(mia, run)] == [span_id(2), span_id(3)]


def test_it_finds_the_agent_above_through_spans_of_other_kinds(mia: Person) -> None:
    send(mia, agent(1, "outer"), agent(2, "inner", parent=1), plain(3, 2), plain(4, 3), model(5, 4))

    found = runs(mia)
    assert [step.step_id for step in steps(mia, found[f"trace:{span_id(2)}"])] == [span_id(n) for n in (3, 4, 5)]
    assert steps(mia, found["trace"]) == []


def test_it_names_a_run_without_an_agent_by_the_service(mia: Person) -> None:
    send(mia, model(1), **{"deployment.environment.name": "staging"})

    run = runs(mia)["trace"]
    assert (run.agent_id, run.agent_version, run.environment, run.status) == ("bakery-bot", "1.4", "staging", "success")


def test_it_reads_the_environment_under_its_old_name(mia: Person) -> None:
    send(mia, agent(1), deployment__environment="staging")

    assert runs(mia)["trace"].environment == "staging"


def test_it_says_running_until_the_root_has_come(mia: Person) -> None:
    send(mia, model(2, 1, attributes={"gen_ai.agent.name": "planner"}))
    assert (runs(mia)["trace"].status, runs(mia)["trace"].agent_id) == ("running", "planner")

    send(mia, agent(1))
    (run,) = runs(mia).values()
    assert (run.status, [step.step_id for step in steps(mia, run)]) == ("success", [span_id(2)])


def test_it_does_not_wait_for_what_another_process_has(mia: Person) -> None:
    send(mia, model(2, 1, flags=REMOTE))

    assert runs(mia)["trace"].status == "success"


def test_it_makes_no_run_of_plain_spans(mia: Person) -> None:
    told = send(mia, plain(1), plain(2, 1))

    assert (told.rejected_spans, runs(mia)) == (0, {})
    assert "Waiting an hour for an agent, a model or a tool of their trace: 2 spans." in told.error_message


def test_it_links_through_a_plain_span_that_came_first(mia: Person) -> None:
    send(mia, plain(3, 2))
    send(mia, plain(3, 2), plain(9, 8, trace="f" * 32))
    send(mia, agent(4, "remote", parent=3), agent(1, "outer"), tool(2, 1))

    found = runs(mia)
    assert found[f"trace:{span_id(4)}"].parent_run_id == TRACE
    assert [step.step_id for step in steps(mia, found["trace"])] == [span_id(2), span_id(3)]
    assert [row.span_id for row in WaitingSpan.objects.all()] == [span_id(9)]


def test_it_drops_and_counts_plain_spans_that_waited_for_nothing(mia: Person) -> None:
    send(mia, plain(1), plain(2, 1))
    WaitingSpan.objects.update(received_at=timezone.now() - timedelta(hours=2))

    send(mia, plain(3, trace="f" * 32))
    assert [row.span_id for row in WaitingSpan.objects.all()] == [span_id(3)]
    assert DropCount.objects.get(project=mia.project, what="plain_spans").count == 2


def test_it_drops_them_by_itself_once_a_day(mia: Person) -> None:
    send(mia, plain(1), plain(2, 1, trace="f" * 32))
    WaitingSpan.objects.filter(span_id=span_id(1)).update(received_at=timezone.now() - timedelta(hours=2))

    assert (let_go_spans(most=10), let_go_spans(most=10)) == (1, 0)
    assert [row.span_id for row in WaitingSpan.objects.all()] == [span_id(2)]


def test_it_keeps_plain_spans_of_a_trace_that_is_known(mia: Person) -> None:
    send(mia, agent(1), tool(2, 1))
    send(mia, plain(3, 2))

    (run,) = runs(mia).values()
    assert [(step.step_type, step.name) for step in steps(mia, run)] == [("tool", "search"), ("other", "GET_/menu")]


def test_it_fails_a_run_whose_agent_failed(mia: Person) -> None:
    send(mia, agent(1, status=ERROR, exception="app.errors.OvenCold"), model(2, 1))

    run = runs(mia)["trace"]
    assert (run.status, failures(mia, run)) == ("failure", {("orchestration", "app.errors.OvenCold")})


def test_it_says_partial_where_the_last_try_of_something_failed(mia: Person) -> None:
    send(mia, agent(1), tool(2, 1, "search", status=ERROR), model(3, 1, at=20))

    run = runs(mia)["trace"]
    assert (run.status, failures(mia, run)) == ("partial", {("tool", "error")})


def test_it_says_success_where_a_later_try_made_it_good(mia: Person) -> None:
    send(mia, agent(1), tool(2, 1, status=ERROR, exception="TimeoutError"), tool(3, 1, at=20))

    run = runs(mia)["trace"]
    assert (run.status, failures(mia, run)) == ("success", {("timeout", "TimeoutError")})
    assert {("tool_failure", "timeout"), ("tool_success", "after_retry"), ("retry_occurred", "single_retry")} <= (
        signals(mia, run)
    )


def test_it_counts_more_than_one_retry(mia: Person) -> None:
    failed = [tool(number, 1, status=ERROR, at=number) for number in (2, 3)]
    send(mia, agent(1), *failed, tool(4, 1, at=20), tool(5, 1, "other", at=30))

    run = runs(mia)["trace"]
    assert [signal for signal in signals(mia, run) if signal[0] == "retry_occurred"] == [
        ("retry_occurred", "multiple_retries")
    ]


def test_it_blames_where_a_failure_began(mia: Person) -> None:
    send(
        mia,
        agent(1, status=ERROR, exception="ValueError"),
        inference(2, "CHAIN", 1, status=ERROR, exception="ValueError"),
        tool(3, 2, status=ERROR, exception="ValueError"),
    )

    run = runs(mia)["trace"]
    assert (run.status, failures(mia, run)) == ("failure", {("tool", "ValueError")})
    assert ("tool_failure", "invalid_input") in signals(mia, run)


@pytest.mark.parametrize(
    ("attributes", "failure", "kind"),
    [
        ({"error.type": "timeout"}, ("timeout", "timeout"), "timeout"),
        ({"error.type": "429"}, ("tool", "http_429"), "rate_limited"),
        ({"http.response.status_code": 503}, ("tool", "http_503"), "unavailable"),
        ({"http.status_code": 401}, ("tool", "http_401"), "authentication_failed"),
        ({"error.type": "openai.BadRequestError"}, ("tool", "openai.BadRequestError"), "invalid_input"),
        ({"error.type": "openai.APIConnectionError"}, ("tool", "openai.APIConnectionError"), "unavailable"),
        ({"error.type": "ZeroDivisionError"}, ("tool", "ZeroDivisionError"), None),
        ({}, ("tool", "error"), None),
    ],
)
def test_it_makes_codes_of_errors(
    mia: Person, attributes: dict[str, Any], failure: tuple[str, str], kind: str | None
) -> None:
    send(mia, agent(1), tool(2, 1, attributes=attributes, status=ERROR, message="the oven said: secret"))

    run = runs(mia)["trace"]
    assert failures(mia, run) == {failure}
    assert [code for name, code in signals(mia, run) if name == "tool_failure"] == ([kind] if kind else [])


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": []},
        {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": "[]"},
        {"gen_ai.operation.name": "search_memory", "gen_ai.memory.record.count": 0},
        {"openinference.span.kind": "RETRIEVER", "output.value": "[]"},
    ],
)
def test_it_sees_that_nothing_was_found(mia: Person, attributes: dict[str, Any]) -> None:
    send(mia, agent(1), Sent(2, parent=1, attributes=attributes))

    run = runs(mia)["trace"]
    assert ("empty_retrieval", "no_results") in signals(mia, run)
    assert steps(mia, run)[0].metadata == {"documents": 0}


@pytest.mark.parametrize(
    ("attributes", "count"),
    [
        ({"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": '[{"id": "a"}, {"id": "b"}]'}, 2),
        (
            {
                "openinference.span.kind": "RETRIEVER",
                "retrieval.documents.0.document.content": "flour",
                "retrieval.documents.1.document.content": "water",
                "output.value": "flour, water",
            },
            2,
        ),
    ],
)
def test_it_counts_what_was_found(mia: Person, attributes: dict[str, Any], count: int) -> None:
    send(mia, agent(1), Sent(2, parent=1, attributes=attributes))

    run = runs(mia)["trace"]
    assert steps(mia, run)[0].metadata == {"documents": count}
    assert "empty_retrieval" not in {name for name, _ in signals(mia, run)}


@pytest.mark.parametrize(
    ("tokens", "code"),
    [
        ((999, 0), "low_usage"),
        ((999, 1), "moderate_usage"),
        ((9_000, 1_000), "high_usage"),
        ((100_000, 0), "limit_approached"),
    ],
)
def test_it_says_how_many_tokens_that_is(mia: Person, tokens: tuple[int, int], code: str) -> None:
    send(mia, agent(1), model(2, 1, tokens))

    assert ("token_usage", code) in signals(mia, runs(mia)["trace"])


@pytest.mark.parametrize(
    ("took", "code"),
    [(10_000, "under_threshold"), (10_001, "exceeded_threshold"), (30_001, "significantly_exceeded")],
)
def test_it_says_how_slow_that_is(mia: Person, took: float, code: str) -> None:
    send(mia, agent(1, took=took))

    assert ("latency_threshold", code) in signals(mia, runs(mia)["trace"])


def test_it_keeps_a_decision_whose_reason_is_one_of_its_type(mia: Person) -> None:
    chosen = {
        "assay.decision.type": "tool_selection",
        "assay.decision.reason_code": "fresh_data_required",
        "assay.decision.selected": "search",
        "assay.decision.confidence": 0.75,
    }
    send(mia, agent(1), tool(2, 1, attributes=chosen))

    decision = Decision.objects.get(project_id=mia.project.pk)
    assert (decision.decision_type, decision.reason_code) == ("tool_selection", "fresh_data_required")
    assert (decision.selected, decision.confidence, decision.step_id) == ("search", 0.75, span_id(2))


def test_it_drops_a_decision_for_another_reason_and_says_so(mia: Person) -> None:
    told = send(mia, tool(1, attributes={"decision.type": "tool_selection", "decision.reason_code": "early_exit"}))

    assert not Decision.objects.exists()
    assert "1 decision whose reason is none of its type" in told.error_message


def test_it_keeps_no_decisions_and_signals_where_the_project_wants_none(mia: Person, bakery: Project) -> None:
    from agents.models import AgentSettings

    AgentSettings.objects.create(project=bakery, keeps_decisions=False)
    chosen = {"decision.type": "tool_selection", "decision.reason_code": "accuracy_required"}
    told = send(mia, agent(1), tool(2, 1, attributes=chosen))
    send(mia, tool(3, 1))

    assert len(steps(mia, runs(mia)["trace"])) == 2
    assert not Decision.objects.exists()
    assert not QualitySignal.objects.exists()
    assert "3 decisions and signals, which this project does not keep" in told.error_message


def test_it_walks_in_no_circle(mia: Person) -> None:
    send(mia, agent(1, parent=3), tool(2, 1), tool(3, 2), model(4, 4))

    (run,) = runs(mia).values()
    assert (run.span_id, run.parent_run_id) == (span_id(1), None)
    assert [step.step_id for step in steps(mia, run)] == [span_id(2), span_id(3), span_id(4)]


def test_it_takes_a_clock_that_was_set_back(mia: Person) -> None:
    told = send(mia, agent(1, took=-20), tool(2, 1, took=-1))

    assert told.rejected_spans == 0
    assert "2 durations of spans that ended before they began" in told.error_message
    assert DropCount.objects.get(what="durations").count == 2
    run = runs(mia)["trace"]
    (step,) = steps(mia, run)
    for part in (run, step):
        assert (part.latency_ms, part.status, part.ended_at) == (None, "success", part.started_at)
    assert ("latency_threshold", "under_threshold") not in signals(mia, run)

    send(mia, tool(3, 1, took=0))
    assert [step.latency_ms for step in steps(mia, runs(mia)["trace"])] == [None, 0]
    assert runs(mia)["trace"].latency_ms is None


def test_a_trace_without_an_agent_takes_as_long_as_nobody_knows(mia: Person) -> None:
    told = send(mia, tool(1, took=-20), tool(2, took=30))

    assert "1 duration of a span that ended before it began" in told.error_message
    run = runs(mia)["trace"]
    assert (run.latency_ms, run.status) == (None, "success")
    assert [step.latency_ms for step in steps(mia, run)] == [None, 30]


def test_it_knows_the_version_that_a_resolution_names(mia: Person, stranger: Person) -> None:
    from assay.core import token

    from experiments.models import Arm
    from tests.experiments.cast import make_experiment

    arm = Arm.objects.filter(experiment=make_experiment(mia)).first()
    theirs = Arm.objects.filter(experiment=make_experiment(stranger)).first()
    assert arm is not None
    assert theirs is not None
    ours, foreign = (
        token.make(token.head_of(str(one.version.prompt_id), str(one.version_id)), 1_700_000_000_000)
        for one in (arm, theirs)
    )
    told = send(
        mia,
        agent(1, attributes={"assay.resolution_id": ours}),
        model(2, 1, attributes={"assay.resolution_id": foreign}),
    )

    run = runs(mia)["trace"]
    assert run.version_id == arm.version_id
    assert steps(mia, run)[0].version_id is None
    assert "1 version of a prompt that this project does not have" in told.error_message


def session(name: str) -> dict[str, Any]:
    return {"attributes": {"gen_ai.conversation.id": name}}


def sessions(mia: Person) -> dict[str, str | None]:
    return {run.agent_id: run.session_id for run in runs(mia).values()}


def test_it_gives_a_run_the_session_of_the_nearest_run_above_it(mia: Person) -> None:
    send(
        mia,
        agent(1, "outer", **session("c-1")),
        tool(2, 1, "ask"),
        agent(3, "between", parent=2),
        agent(4, "deep", parent=3),
        agent(5, "own", parent=1, **session("c-2")),
        agent(6, "below own", parent=5),
    )

    assert sessions(mia) == {"outer": "c-1", "between": "c-1", "deep": "c-1", "own": "c-2", "below_own": "c-2"}
    said = {run.agent_id: run.metadata.get("inherited_session") for run in runs(mia).values()}
    assert said == {"outer": None, "between": True, "deep": True, "own": None, "below_own": True}


def test_it_takes_a_nearer_session_when_that_comes_later(mia: Person) -> None:
    send(mia, agent(1, "outer", **session("c-1")), agent(4, "deep", parent=3))
    send(mia, agent(5, "own", parent=3, **session("c-1")))
    send(mia, Sent(3, "hop", 2), Sent(6, "hop", 2))
    send(mia, agent(2, "between", parent=1, **session("c-2")))

    assert sessions(mia) == {"outer": "c-1", "between": "c-2", "deep": "c-2", "own": "c-1"}


def test_it_gives_no_session_of_a_run_below_or_of_another_trace(mia: Person) -> None:
    send(mia, agent(1, "outer"), agent(2, "inner", parent=1, **session("c-1")))
    send(mia, agent(1, "elsewhere", trace="b" * 32))

    assert sessions(mia) == {"outer": None, "inner": "c-1", "elsewhere": None}
