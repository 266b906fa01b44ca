"""Spans as a client would send them, in protobuf or JSON, and what is stored of them."""

import gzip
import json
import time
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from agents.fold_counts import fold_counts
from agents.models import Call, Decision, Failure, QualitySignal, Run, RunCount, SignalCount, Step
from tests.conftest import Person

URL = "/otlp/v1/traces"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACE = "0af7651916cd43dd8448eb211c80319c"
# When what is sent here began, about an hour ago: never so late in an hour that its parts lie in two.
BEGAN = (int(time.time()) // 600 * 600 - 3600) * 1_000_000_000
MILLISECOND = 1_000_000


def span_id(number: int) -> str:
    return f"{number:016x}"


@dataclass
class Sent:
    """A span to be sent; `at` and `took` in milliseconds after BEGAN."""

    number: int
    name: str = "work"
    parent: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    at: float = 0
    took: float = 10
    status: int = 0
    message: str = ""
    exception: str | None = None
    trace: str = TRACE
    flags: int = 0
    links: int = 0


def agent(number: int, name: str = "planner", **more: Any) -> Sent:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name} | more.pop("attributes", {})
    return Sent(number, f"invoke_agent {name}", attributes=attributes, **more)


def model(number: int, parent: int | None = None, tokens: tuple[int, int] = (100, 20), **more: Any) -> Sent:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
    } | more.pop("attributes", {})
    return Sent(number, "chat gpt-4o", parent, attributes, **more)


def tool(number: int, parent: int | None = None, name: str = "search", **more: Any) -> Sent:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name} | more.pop("attributes", {})
    return Sent(number, f"execute_tool {name}", parent, attributes, **more)


def in_protobuf(*spans: Sent, **resource: Any) -> bytes:
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    for key, value in _resource(resource).items():
        of_resource.resource.attributes.add(key=key, value=_any(value))
    scope = of_resource.scope_spans.add()
    for sent in spans:
        span = scope.spans.add(
            trace_id=bytes.fromhex(sent.trace),
            span_id=bytes.fromhex(span_id(sent.number)),
            name=sent.name,
            flags=sent.flags,
            start_time_unix_nano=int(BEGAN + sent.at * MILLISECOND),
            end_time_unix_nano=int(BEGAN + (sent.at + sent.took) * MILLISECOND),
        )
        if sent.parent is not None:
            span.parent_span_id = bytes.fromhex(span_id(sent.parent))
        if sent.status or sent.message:
            span.status.code = sent.status
            span.status.message = sent.message
        for key, value in sent.attributes.items():
            span.attributes.add(key=key, value=_any(value))
        if sent.exception is not None:
            event = span.events.add(name="exception")
            event.attributes.add(key="exception.type", value=_any(sent.exception))
            event.attributes.add(key="exception.message", value=_any(sent.message or "it broke"))
        for _ in range(sent.links):
            span.links.add(trace_id=b"\1" * 16, span_id=b"\1" * 8)
    return request.SerializeToString()


def in_json(*spans: Sent, **resource: Any) -> bytes:
    return json.dumps(as_json(*spans, **resource)).encode()


def as_json(*spans: Sent, **resource: Any) -> dict[str, Any]:
    """As the specification lays it out: hexadecimal ids, numbers of 64 bits as text, keys in lowerCamelCase."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _json_attributes(_resource(resource))},
                "scopeSpans": [{"scope": {"name": "tests"}, "spans": [_json_span(sent) for sent in spans]}],
                "schemaUrl": "https://example.org/any",
            }
        ]
    }


def _json_span(sent: Sent) -> dict[str, Any]:
    span: dict[str, Any] = {
        "traceId": sent.trace,
        "spanId": span_id(sent.number),
        "parentSpanId": "" if sent.parent is None else span_id(sent.parent),
        "name": sent.name,
        "kind": 1,
        "flags": sent.flags,
        "startTimeUnixNano": str(int(BEGAN + sent.at * MILLISECOND)),
        "endTimeUnixNano": str(int(BEGAN + (sent.at + sent.took) * MILLISECOND)),
        "attributes": _json_attributes(sent.attributes),
        "status": {"code": sent.status, "message": sent.message} if sent.status or sent.message else {},
        "links": [{"traceId": "01" * 16, "spanId": "01" * 8}] * sent.links,
    }
    if sent.exception is not None:
        said = {"exception.type": sent.exception, "exception.message": sent.message or "it broke"}
        span["events"] = [{"name": "exception", "timeUnixNano": "1", "attributes": _json_attributes(said)}]
    return span


def _json_attributes(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _json_value(value)} for key, value in attributes.items()]


def _json_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_json_value(one) for one in value]}}
    return {"stringValue": value}


def _any(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        made = AnyValue()
        made.array_value.SetInParent()
        for one in value:
            made.array_value.values.append(_any(one))
        return made
    return AnyValue(string_value=value)


def _resource(given: dict[str, Any]) -> dict[str, Any]:
    return {"service.name": "bakery-bot", "service.version": "1.4"} | {
        name.replace("__", "."): value for name, value in given.items()
    }


def post(person: Person, body: bytes, content_type: str = PROTOBUF, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.http().post(URL, body, content_type=content_type, headers=sent)


def send(person: Person, *spans: Sent, **resource: Any) -> Any:
    """Send spans as protobuf, gzipped: the part of the answer that tells what was not kept."""
    body = gzip.compress(in_protobuf(*spans, **resource))
    response = post(person, body, Content_Encoding="gzip")
    assert response.status_code == 200, response.content
    return ExportTraceServiceResponse.FromString(response.content).partial_success


def runs(person: Person) -> dict[str, Run]:
    """The project's runs by their run id, without the trace's."""
    found = Run.objects.filter(project_id=person.project.pk)
    return {run.run_id.replace(TRACE, "trace"): run for run in found}


def steps(person: Person, run: Run) -> list[Step]:
    found = Step.objects.filter(project_id=person.project.pk, run=run.pk)
    return sorted(found, key=lambda step: step.seq)


def signals(person: Person, run: Run) -> set[tuple[str, str]]:
    found = QualitySignal.objects.filter(project_id=person.project.pk, run=run.pk)
    return {(signal.signal_type, signal.signal_code) for signal in found}


def failures(person: Person, run: Run) -> set[tuple[str, str]]:
    found = Failure.objects.filter(project_id=person.project.pk, run=run.pk)
    return {(failure.failure_type, failure.code) for failure in found}


def everything(person: Person) -> dict[str, list[dict[str, Any]]]:
    """All that is stored of the project's telemetry, but when it was received, in an order of its own."""
    fold_counts()
    stored = {}
    for table in (Run, Step, Failure, Decision, QualitySignal, Call, RunCount, SignalCount):
        rows = [
            {name: value for name, value in row.items() if name != "received_at"}
            for row in table.objects.filter(project_id=person.project.pk).values()
        ]
        if table in (RunCount, SignalCount):
            # What a difference has brought to nothing is the same as what never was.
            rows = [row for row in rows if any(value for value in row.values() if isinstance(value, int | float))]
        stored[table.__name__] = sorted(rows, key=repr)
    return stored


def dump() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind IN ('r', 'm') AND nspname = 'public'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        parts = []
        for name in tables:
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            parts += [row for (row,) in cursor.fetchall()]
    return "\n".join(parts)
