"""Take in spans as OpenTelemetry sends them: OTLP over HTTP, in protobuf or JSON (opentelemetry.io/docs/specs/otlp)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from assay.core.errors import AssayError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from agents.otlp.aliases import NAMES, ONE
from agents.otlp.read_json import read_json
from agents.otlp.read_protobuf import read_protobuf
from agents.otlp.span import Sent
from agents.record_spans import Recorded, record_spans
from config.bodies import body_of
from config.fast_lane import for_programs
from config.problems import told_of
from sentinel.access import access_of_key
from sentinel.authentication import key_in

JSON, PROTOBUF = "application/json", "application/x-protobuf"
# google.rpc.Code by HTTP status: what a client that speaks gRPC otherwise would be told.
_CODES = {401: 16, 403: 7, 404: 5, 405: 12, 409: 10, 429: 8, 500: 13, 503: 14}
_INVALID_ARGUMENT = 3
# Why spans were rejected: of many, and of one.
_REASONS = {
    "invalid_id": "spans that have no valid ids",
    "time_out_of_range": "spans that began or ended before what is kept, or more than a day ahead",
    "too_many_spans": "spans that would make a trace longer than 10,000 spans",
    "too_many_sent": "spans that come after the first 50,000 of a request",
    "run_conflict": "spans that belong to traces whose id is that of another run",
}
_ONE_REASON = {
    "invalid_id": "span that has no valid ids",
    "time_out_of_range": "span that began or ended before what is kept, or more than a day ahead",
    "too_many_spans": "span that would make a trace longer than 10,000 spans",
    "too_many_sent": "span that comes after the first 50,000 of a request",
    "run_conflict": "span that belongs to a trace whose id is that of another run",
}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a body is read and answered."""

    content_type: str
    read: Callable[[bytes, Sent], None]
    answer: Callable[[int, str], bytes]
    status: Callable[[int, str], bytes]


@for_programs
@csrf_exempt  # a key needs no token, and nothing else is asked for
def traces(request: HttpRequest) -> HttpResponse:
    """Store the spans of a request. What is answered with 200 is stored; with 503 it may be sent again."""
    encoding = ENCODINGS.get(request.content_type or "")
    try:
        if request.method != "POST":
            raise AssayError("method_not_allowed", "Send spans by POST.", status=405)
        key = key_in(request)
        if key is None:
            raise AssayError("not_authenticated", "Send a key.", status=401)
        access = access_of_key(key)
        access.require("agents.write")
        if encoding is None:
            raise AssayError("unsupported_media_type", f"Send {PROTOBUF} or {JSON}.", status=415)
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            raise AssayError("length_required", "Send the body with a Content-Length, not in chunks.", status=411)
        recorded = record_spans(project_id=access.project_id, body=body_of(request), read=encoding.read)
    except Exception as error:  # noqa: BLE001 - every error is told in the request's own encoding
        return _refuse(encoding or ENCODINGS[JSON], told_of(error, request))
    body = encoding.answer(sum(recorded.rejected.values()), _say(recorded))
    return HttpResponse(body, content_type=encoding.content_type)


def _say(recorded: Recorded) -> str:
    """What was rejected, waits and was dropped, in a sentence each; empty where nothing was."""
    said = []
    if recorded.rejected:
        said.append(f"Not taken: {_list(recorded.rejected, _REASONS, _ONE_REASON)}.")
    if recorded.waiting:
        spans = "1 span" if recorded.waiting == 1 else f"{recorded.waiting} spans"
        said.append(f"Waiting an hour for an agent, a model or a tool of their trace: {spans}.")
    if recorded.dropped:
        said.append(f"Telemetry holds codes and numbers. Not kept: {_list(recorded.dropped, NAMES, ONE)}.")
    return " ".join(said)


def _list(counts: Mapping[str, int], many: Mapping[str, str], one: Mapping[str, str]) -> str:
    told = {what: one.get(what) if count == 1 else None for what, count in counts.items()}
    return ", ".join(f"{count} {told[what] or many.get(what, what)}" for what, count in sorted(counts.items()))


def _refuse(encoding: Encoding, error: AssayError) -> HttpResponse:
    code = _CODES.get(error.status, _INVALID_ARGUMENT)
    body = encoding.status(code, f"{error.detail} ({error.code})")
    response = HttpResponse(body, status=error.status, content_type=encoding.content_type)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="assay"'
    if error.status == 405:
        response["Allow"] = "POST"
    if error.status in (429, 503):
        response["Retry-After"] = "1"
    return response


def _protobuf_answer(rejected: int, message: str) -> bytes:
    answer = ExportTraceServiceResponse()
    if rejected or message:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = message
    return answer.SerializeToString()


def _json_answer(rejected: int, message: str) -> bytes:
    # A number of 64 bits is a text in protobuf's JSON.
    told = {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}} if rejected or message else {}
    return msgspec.json.encode(told)


def _protobuf_status(code: int, message: str) -> bytes:
    """A google.rpc.Status: its code is field 1, its message field 2."""
    text = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


def _json_status(code: int, message: str) -> bytes:
    return msgspec.json.encode({"code": code, "message": message})


ENCODINGS = {
    PROTOBUF: Encoding(PROTOBUF, read_protobuf, _protobuf_answer, _protobuf_status),
    JSON: Encoding(JSON, read_json, _json_answer, _json_status),
}
