"""This file lets you make what instrumented agents export: traces of ten spans, with more in them than may be kept."""

import random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

TRACES, SPANS = 100, 10
KINDS = ("LLM", "TOOL", "CHAIN")
_MILLISECOND = 1_000_000
_HOUR = 3_600_000_000_000
# What was said, which every instrumentation sends unless it is told not to.
_QUESTION, _ANSWER = "what is the weather going to be " * 3, "it will be warm and dry all week " * 3


def batch_of_spans(source: random.Random, now: int, traces: int = TRACES) -> bytes:
    """One export request in protobuf: an agent's run of a trace each, begun within the hour before `now` (unix ns)."""
    spans = [span for _ in range(traces) for span in _trace(source, now - source.randrange(_HOUR))]
    request = ExportTraceServiceRequest()
    resource = ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])
    resource.resource.attributes.extend(_attributes({"service.name": "assistant", "service.version": "1.4.0"}))
    resource.scope_spans[0].scope.name = "instrumentation"
    request.resource_spans.append(resource)
    return request.SerializeToString()


def _trace(source: random.Random, began: int) -> list[Span]:
    trace, root, session = source.randbytes(16), source.randbytes(8), f"session-{source.randrange(1000)}"
    spans = [
        _span(
            trace_id=trace,
            span_id=root,
            name="invoke_agent planner",
            start=began,
            end=began + SPANS * _MILLISECOND,
            attributes={
                "openinference.span.kind": "AGENT",
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": f"agent-{source.randrange(5)}",
                "session.id": session,
                "input.value": _QUESTION,
                "output.value": _ANSWER,
            },
        )
    ]
    for place in range(1, SPANS):
        kind = KINDS[place % len(KINDS)]
        start = began + place * _MILLISECOND
        spans.append(
            _span(
                trace_id=trace,
                span_id=source.randbytes(8),
                parent=root,
                name=f"{kind.lower()}.step_{place}",
                start=start,
                end=start + _MILLISECOND,
                attributes={
                    "openinference.span.kind": kind,
                    "session.id": session,
                    "input.value": _QUESTION,
                    "output.value": _ANSWER,
                    **_own(source, kind),
                },
            )
        )
    return spans


def _own(source: random.Random, kind: str) -> dict[str, str | int | float]:
    if kind == "LLM":
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "model-a",
            "gen_ai.usage.input_tokens": source.randrange(2000),
            "gen_ai.usage.output_tokens": source.randrange(500),
        }
    if kind == "TOOL":
        return {"tool.name": f"tool-{source.randrange(8)}", "gen_ai.operation.name": "execute_tool"}
    return {"graph.node.id": f"node-{source.randrange(8)}", "score": source.random()}


def _span(
    *,
    trace_id: bytes,
    span_id: bytes,
    name: str,
    start: int,
    end: int,
    attributes: dict[str, str | int | float],
    parent: bytes = b"",
) -> Span:
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent,
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
        attributes=_attributes(attributes),
        status=Status(code=Status.STATUS_CODE_OK),
    )


def _attributes(named: dict[str, str | int | float]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in named.items()]


def _value(value: str | int | float) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(double_value=value)
