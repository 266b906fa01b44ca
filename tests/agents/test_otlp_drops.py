"""What is dropped of spans is counted and told, whatever it is: odd numbers, and what resources and scopes say."""

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from agents.models import Decision, DropCount
from agents.otlp.aliases import NUMBERS
from tests.agents.spans import JSON, PROTOBUF, Sent, agent, as_json, in_json, in_protobuf, model, post, runs, steps
from tests.conftest import Person

pytestmark = pytest.mark.django_db
DECISION = {"assay.decision.type": "tool_selection", "assay.decision.reason_code": "accuracy_required"}
OUT, WRONG = "out_of_range", "wrong_type"


def told(person: Person, body: bytes, content_type: str = PROTOBUF) -> str:
    """What is said to have been dropped."""
    response = post(person, body, content_type)
    assert response.status_code == 200, response.content
    if content_type == JSON:
        partial = response.json().get("partialSuccess", {})
        assert partial.get("rejectedSpans", "0") == "0"
        return str(partial.get("errorMessage", ""))
    answer = ExportTraceServiceResponse.FromString(response.content).partial_success
    assert answer.rejected_spans == 0
    return answer.error_message


def counted(person: Person) -> dict[str, int]:
    return dict(DropCount.objects.filter(project=person.project, door="otlp").values_list("what", "count"))


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("gen_ai.usage.input_tokens", -5, OUT),
        ("gen_ai.usage.input_tokens", 2**62, OUT),
        ("gen_ai.usage.input_tokens", "500", WRONG),
        ("gen_ai.usage.input_tokens", True, WRONG),
        ("gen_ai.usage.output_tokens", 1.5, WRONG),
        ("gen_ai.usage.output_tokens", 1e300, OUT),
        ("gen_ai.usage.cached_tokens", [5], WRONG),
        ("operation.cost", -0.01, OUT),
        ("operation.cost", 1_000_001, OUT),
        ("llm.cost.total", "0.01", WRONG),
        ("http.response.status_code", 70_000, OUT),
        ("assay.decision.confidence", 1.7, OUT),
        ("decision.confidence", "0.7", WRONG),
        ("session.id", 42, WRONG),
        ("gen_ai.agent.name", True, WRONG),
    ],
)
def test_it_counts_values_that_are_none(mia: Person, key: str, value: Any, why: str, content_type: str) -> None:
    write = in_protobuf if content_type == PROTOBUF else in_json
    attributes = {"openinference.span.kind": "LLM", key: value} | DECISION
    said = told(mia, write(Sent(1, attributes=attributes)), content_type)

    one = {OUT: "1 number out of its range", WRONG: "1 value of another type than its attribute has"}
    assert said == f"Telemetry holds codes and numbers. Not kept: {one[why]}."
    assert counted(mia) == {why: 1}
    (step,) = steps(mia, runs(mia)["trace"])
    assert (step.tokens_in, step.tokens_out, step.tokens_cached, step.metadata) == (None, None, None, None)
    assert Decision.objects.get().confidence is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_it_counts_numbers_that_are_no_numbers(mia: Person, number: str) -> None:
    body = as_json(Sent(1, attributes={"openinference.span.kind": "LLM", "operation.cost": 0.5}))
    span = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["attributes"][1]["value"] = {"doubleValue": number}

    assert "1 number out of its range" in told(mia, json.dumps(body).encode(), JSON)


def test_it_keeps_numbers_up_to_their_limits(mia: Person) -> None:
    least = {"gen_ai.usage.cached_tokens": 0, "operation.cost": 0, "assay.decision.confidence": 0}
    most = {"gen_ai.usage.cached_tokens": 12.0, "operation.cost": 10**6, "assay.decision.confidence": 1}
    spans = [model(1, tokens=(0, 10**12), attributes=least | DECISION)]
    spans += [model(2, tokens=(10**12, 0), attributes=most | DECISION)]

    assert told(mia, in_protobuf(*spans)) == ""
    first, second = steps(mia, runs(mia)["trace"])
    assert (first.tokens_in, first.tokens_out, first.tokens_cached) == (0, 10**12, 0)
    assert (second.tokens_in, second.tokens_out, second.tokens_cached) == (10**12, 0, 12)
    assert (first.metadata, second.metadata) == ({"cost_usd": 0}, {"cost_usd": 10**6})
    assert sorted(Decision.objects.values_list("confidence", flat=True)) == [0, 1]


def test_it_takes_the_next_name_where_one_tells_no_number(mia: Person) -> None:
    names = NUMBERS["tokens_in"]
    attributes = {"gen_ai.operation.name": "chat", names[0]: -1, names[1]: "9", names[2]: 7}
    said = told(mia, in_protobuf(Sent(1, attributes=attributes)))

    assert (runs(mia)["trace"].tokens_in, counted(mia)) == (7, {OUT: 1, WRONG: 1})
    assert "1 number out of its range, 1 value of another type" in said


def test_it_counts_documents_of_which_it_keeps_the_number_alone(mia: Person) -> None:
    found = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": ["rye", "oats"]}
    odd = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": "rye and oats"}

    assert "2 documents and queries" in told(mia, in_protobuf(Sent(1, attributes=found), Sent(2, attributes=odd, at=1)))
    assert [step.metadata for step in steps(mia, runs(mia)["trace"])] == [{"documents": 2}, None]


RESOURCE: dict[str, Any] = {
    "gen_ai.system_instructions": "Be kind.",
    "deployment.environment": 5,
    "baker": "Ada",
    "telemetry.sdk.name": "opentelemetry",
    "service.instance.id": "7",
}
SCOPE = {"gen_ai.input.messages": "Two rye breads, please.", "baker": "Ada"}
COUNTED = {"instructions": 1, "messages": 2, "attributes": 3, WRONG: 1}


def test_it_counts_what_a_resource_and_a_scope_say_once(mia: Person) -> None:
    request = ExportTraceServiceRequest.FromString(in_protobuf(agent(1), model(2, 1), model(3, 1), **RESOURCE))
    of_resource = request.resource_spans[0]
    for scope in (of_resource.scope_spans[0].scope, of_resource.scope_spans.add().scope):
        for key, value in SCOPE.items():
            scope.attributes.add(key=key, value=AnyValue(string_value=value))
    said = told(mia, request.SerializeToString())

    assert counted(mia) == COUNTED
    for what in ("1 instruction", "2 messages to and from models", "3 other attributes", "1 value of another type"):
        assert what in said
    assert "Ada" not in said


def test_it_counts_them_in_json_as_in_protobuf(mia: Person) -> None:
    body = as_json(agent(1), model(2, 1), model(3, 1), **RESOURCE)
    of_resource = body["resourceSpans"][0]
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in SCOPE.items()]
    of_resource["scopeSpans"][0]["scope"] = {"name": "tests", "attributes": attributes}
    of_resource["scopeSpans"] += [{"scope": {"attributes": attributes}}, {"scope": None}, {"scope": {}}]
    told(mia, json.dumps(body).encode(), JSON)

    assert counted(mia) == COUNTED
