"""Read spans from OTLP's JSON encoding: protobuf's own JSON mapping, but for ids, which are hexadecimal.

(opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding": keys in lowerCamelCase, enums as numbers, unknown fields
ignored. Names of enums and 64-bit numbers as text or number are what protobuf's mapping takes besides.)
"""

import re
from typing import Any

import msgspec
from assay.core.errors import AssayError

from agents.otlp.attributes import Kept
from agents.otlp.read_protobuf import REMOTE
from agents.otlp.span import ERROR, Origin, Sent

_STATUSES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_HEX = re.compile(r"[0-9a-f]*\Z")


class _ArrayValue(msgspec.Struct):
    values: list[msgspec.Raw] | None = None


class _AnyValue(msgspec.Struct, rename="camel"):
    """What is read of it looks as protobuf's own does."""

    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    array_value: _ArrayValue | None = None

    def HasField(self, name: str, /) -> bool:
        return getattr(self, name) is not None


class _KeyValue(msgspec.Struct):
    key: str = ""
    value: _AnyValue = msgspec.field(default_factory=_AnyValue)


class _Event(msgspec.Struct):
    name: str | None = None
    attributes: list[_KeyValue] | None = None


class _Status(msgspec.Struct):
    code: int | str | None = None
    message: str | None = None


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    flags: int | None = None
    name: str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: list[_KeyValue] | None = None
    events: list[_Event] | None = None
    links: list[msgspec.Raw] | None = None
    status: _Status | None = None


class _Scope(msgspec.Struct):
    attributes: list[_KeyValue] | None = None


class _OfScope(msgspec.Struct):
    scope: _Scope | None = None
    spans: list[_Span] | None = None


class _Resource(msgspec.Struct):
    attributes: list[_KeyValue] | None = None


class _OfResource(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_OfScope] | None = None


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_OfResource] | None = None


_decoder = msgspec.json.Decoder(_Request)


def read_json(body: bytes, sent: Sent) -> None:
    """Add the spans of an ExportTraceServiceRequest in JSON to `sent`. Raises AssayError 400 `invalid_json`."""
    try:
        request = _decoder.decode(body)
        for of_resource in request.resource_spans or ():
            resource = of_resource.resource
            origin = sent.origin((resource and resource.attributes) or ())
            for of_scope in of_resource.scope_spans or ():
                sent.pass_over((of_scope.scope and of_scope.scope.attributes) or ())
                for span in of_scope.spans or ():
                    _read_span(span, sent, origin)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError):
        # What it says of a body would repeat parts of it.
        raise AssayError("invalid_json", "The body is no ExportTraceServiceRequest in JSON.", status=400) from None


def _read_span(span: _Span, sent: Sent, origin: Origin) -> None:
    trace_id, span_id, parent_id = _id(span.trace_id), _id(span.span_id), _id(span.parent_span_id)
    started, ended = int(span.start_time_unix_nano or 0) // 1000, int(span.end_time_unix_nano or 0) // 1000
    if sent.refuses(trace_id, span_id, started, ended):
        return
    kept = Kept()
    kept.read(span.attributes or ())
    status = span.status or _Status()
    code = _code(status.code)
    if status.message:
        kept.dropped.append("status_messages")
    kept.dropped.extend(["links"] * len(span.links or ()))
    for event in span.events or ():
        if code == ERROR and event.name == "exception" and "error" not in kept.texts:
            kept.read([attribute for attribute in event.attributes or () if attribute.key == "exception.type"])
        kept.dropped.append("events")
    sent.add(
        trace_id,
        span_id,
        parent_id,
        span.name or "",
        kept,
        origin=origin,
        started=started,
        ended=ended,
        status=code,
        remote_parent=(span.flags or 0) & REMOTE == REMOTE,
    )


def _id(text: str | None) -> str:
    """An id in small letters; empty where it is none."""
    lower = (text or "").lower()
    return lower if _HEX.match(lower) else ""


def _code(code: Any) -> int:
    """The number of a status, by number or by name; an unknown one is unset, as in protobuf."""
    return _STATUSES.get(code, 0) if isinstance(code, str) else int(code or 0)
