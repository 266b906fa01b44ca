"""Instrumentation that others wrote sends to a real server: what it tells of is stored; nothing that was said is."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openinference.instrumentation import using_session
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode, set_span_in_context
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.providers.openai import OpenAIProvider

from agents.models import Call, Run
from tests.agents.model_twin import ModelTwin, model_server
from tests.agents.spans import dump, failures, signals, steps
from tests.conftest import Person
from tests.live import serving

CANARY = "the-canary-sings-of-sourdough"
# In seconds: an exporter drops what it could not send within ten, unless it is told otherwise.
PATIENCE = 60
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def server(transactional_db: None, mia: Person, tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, workers=1) as address:
        yield address


@contextlib.contextmanager
def telling(address: str, key: str, *, at_once: bool = False) -> Iterator[TracerProvider]:
    """A tracer provider whose spans go to Assay: in a batch when the block ends, or each as it ends."""
    exporter = OTLPSpanExporter(
        endpoint=f"{address}/otlp/v1/traces",
        headers={"Authorization": f"Bearer {key}"},
        compression=Compression.Gzip,
        timeout=PATIENCE,
    )
    resource = Resource.create({"service.name": "bakery", "service.version": "2.1", "deployment.environment": "test"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(SimpleSpanProcessor(exporter) if at_once else BatchSpanProcessor(exporter))
    try:
        yield provider
    finally:
        assert provider.force_flush(1000 * PATIENCE)
        provider.shutdown()


def stored() -> dict[str, Run]:
    return {run.agent_id: run for run in Run.objects.all()}


def nothing_was_said(home: Path) -> bool:
    """Whether the canary is in no row of the database and no line of the logs."""
    told = dump() + "".join(path.read_text(errors="replace") for path in home.rglob("*.log"))
    assert "bakery" in told
    return CANARY not in told and ModelTwin.ANSWER not in told and "secret blend" not in told


def agent_span(name: str, **more: Any) -> dict[str, Any]:
    said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    return {"name": f"invoke_agent {name}", "attributes": said} | more


@pytest.mark.parametrize("at_once", [False, True])
def test_it_takes_spans_of_the_opentelemetry_sdk(server: str, mia: Person, tmp_path: Path, at_once: bool) -> None:
    with telling(server, mia.key, at_once=at_once) as provider:
        tracer = provider.get_tracer("tests")
        with (
            tracer.start_as_current_span("POST /bake"),
            tracer.start_as_current_span(**agent_span("baker")) as agent,
        ):
            agent.set_attribute("gen_ai.input.messages", CANARY)
            asked = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 12}
            with tracer.start_as_current_span("chat m", attributes=asked):
                pass
            called = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "oven"}
            with contextlib.suppress(TimeoutError), tracer.start_as_current_span("execute_tool", attributes=called):
                raise TimeoutError(CANARY)
            agent.set_status(Status(StatusCode.ERROR, CANARY))

    run = stored()["baker"]
    assert (run.status, run.agent_version, run.environment, run.tokens_in) == ("failure", "2.1", "test", 12)
    assert {(step.step_type, step.name) for step in steps(mia, run)} == {
        ("model", "chat_m"),
        ("tool", "oven"),
        ("other", "POST_/bake"),
    }
    assert failures(mia, run) == {("timeout", "TimeoutError"), ("orchestration", "error")}
    assert ("tool_failure", "timeout") in signals(mia, run)
    assert nothing_was_said(tmp_path)


def test_it_takes_an_agent_that_two_processes_share(server: str, mia: Person) -> None:
    with telling(server, mia.key) as here, telling(server, mia.key) as there:
        caller, callee = here.get_tracer("tests"), there.get_tracer("tests")
        with (
            caller.start_as_current_span(**agent_span("a")),
            caller.start_as_current_span("POST /agents/b") as request,
            callee.start_as_current_span(**agent_span("b", context=set_span_in_context(request))),
        ):
            pass

    call = Call.objects.get()
    assert (call.caller, call.callee) == ("a", "b")


def test_it_takes_what_pydantic_ai_tells(server: str, mia: Person, tmp_path: Path) -> None:
    with telling(server, mia.key, at_once=True) as provider:
        told = [Instrumentation(settings=InstrumentationSettings(tracer_provider=provider))]
        inner: Agent[None, str] = Agent(TestModel(custom_output_text=CANARY), name="miller", capabilities=told)
        outer: Agent[None, str] = Agent(TestModel(), name="baker", capabilities=told)
        tried = iter((True, False))

        @outer.tool_plain
        async def ask_the_miller(question: str) -> str:
            return (await inner.run(f"{CANARY} {question}")).output

        @outer.tool_plain
        def knead(minutes: int) -> str:
            if next(tried):
                raise ModelRetry(CANARY)
            return CANARY

        asyncio.run(outer.run(CANARY))

    baker, miller = stored()["baker"], stored()["miller"]
    assert (baker.status, miller.status, miller.parent_run_id) == ("success", "success", baker.run_id)
    kinds = [(step.step_type, step.name) for step in steps(mia, baker)]
    assert kinds.count(("model", "chat_test")) == 3
    assert kinds.count(("tool", "knead")) == 2
    assert [step.step_type for step in steps(mia, miller)] == ["model"]
    # Each call to a model, once; the sums that agents repeat are not added.
    assert baker.tokens_in == sum(step.tokens_in or 0 for step in steps(mia, baker))
    assert baker.session_id
    assert {("tool_success", "after_retry"), ("retry_occurred", "single_retry")} <= signals(mia, baker)
    assert {(call.caller, call.callee) for call in Call.objects.all()} == {("baker", "miller")}
    assert nothing_was_said(tmp_path)


def test_it_takes_what_openinference_tells_of_openai(server: str, mia: Person, tmp_path: Path) -> None:
    with model_server() as models, telling(server, mia.key) as provider:
        instrumentor = OpenAIInstrumentor()
        instrumentor.instrument(tracer_provider=provider)
        try:
            client = openai.OpenAI(base_url=models, api_key="none", max_retries=0)
            tracer = provider.get_tracer("tests")
            with (
                using_session("session-7"),
                tracer.start_as_current_span("bakery agent", attributes={"openinference.span.kind": "AGENT"}),
            ):
                ask(client, CANARY)
                client.embeddings.create(model="embedder", input=CANARY)
                with contextlib.suppress(openai.RateLimitError):
                    ask(client, f"{CANARY}, trouble")
        finally:
            instrumentor.uninstrument()

    run = stored()["bakery_agent"]
    assert (run.status, run.tokens_in, run.tokens_out, run.tokens_cached) == ("partial", 21, 9, 4)
    assert [(step.step_type, step.model, step.status) for step in steps(mia, run)] == [
        ("model", "gpt-4o-2026-05-13", "success"),
        ("retrieve", "embedder", "success"),
        # Of a call that failed it names no model.
        ("model", None, "failure"),
    ]
    assert failures(mia, run) == {("model", "openai.RateLimitError")}
    assert nothing_was_said(tmp_path)


def test_it_counts_tokens_once_where_two_instrument_the_same_call(server: str, mia: Person, tmp_path: Path) -> None:
    with model_server() as models, telling(server, mia.key) as provider:
        instrumentor = OpenAIInstrumentor()
        instrumentor.instrument(tracer_provider=provider)
        try:
            model = OpenAIChatModel("gpt-4o", provider=OpenAIProvider(base_url=models, api_key="none"))
            told = [Instrumentation(settings=InstrumentationSettings(tracer_provider=provider))]
            agent: Agent[None, str] = Agent(model, name="baker", capabilities=told)

            @agent.tool_plain
            def mix(flour: str) -> str:
                return CANARY

            asyncio.run(agent.run(CANARY))
        finally:
            instrumentor.uninstrument()

    run = stored()["baker"]
    kinds = [step.step_type for step in steps(mia, run)]
    assert (kinds.count("model"), kinds.count("tool")) == (4, 1)
    assert (run.tokens_in, run.tokens_out, run.tokens_cached) == (42, 18, 8)
    assert nothing_was_said(tmp_path)


def ask(client: openai.OpenAI, question: str) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": question}])
