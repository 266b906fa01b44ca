"""Read spans from OTLP's protobuf encoding."""

from typing import Any

from assay.core.errors import AssayError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agents.otlp.attributes import Kept
from agents.otlp.span import ERROR, Sent

# Span.flags: whether the parent is known to be in another process, and whether it is.
REMOTE = 0x300


def read_protobuf(body: bytes, sent: Sent) -> None:
    """Add the spans of an ExportTraceServiceRequest to `sent`. Raises AssayError 400 `invalid_protobuf`."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise AssayError("invalid_protobuf", "The body is no ExportTraceServiceRequest.", status=400) from None
    for of_resource in request.resource_spans:
        origin = sent.origin(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            sent.pass_over(of_scope.scope.attributes)
            for span in of_scope.spans:
                trace_id, span_id = span.trace_id.hex(), span.span_id.hex()
                started, ended = span.start_time_unix_nano // 1000, span.end_time_unix_nano // 1000
                if sent.refuses(trace_id, span_id, started, ended):
                    continue
                kept = Kept()
                kept.read(span.attributes)
                status = span.status
                code = status.code
                _read_rest(span, kept, code, status.message)
                sent.add(
                    trace_id,
                    span_id,
                    span.parent_span_id.hex(),
                    span.name,
                    kept,
                    origin=origin,
                    started=started,
                    ended=ended,
                    status=code,
                    remote_parent=span.flags & REMOTE == REMOTE,
                )


def _read_rest(span: Any, kept: Kept, status: int, message: str) -> None:
    """What hangs on a span: an exception's type is read of a failed one, the rest is counted."""
    if message:
        kept.dropped.append("status_messages")
    if span.links:
        kept.dropped.extend(["links"] * len(span.links))
    for event in span.events:
        if status == ERROR and event.name == "exception" and "error" not in kept.texts:
            kept.read([attribute for attribute in event.attributes if attribute.key == "exception.type"])
        kept.dropped.append("events")
