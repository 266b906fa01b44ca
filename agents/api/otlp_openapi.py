"""The schema of the door for OpenTelemetry: the messages are OTLP's own, and are described there."""

from typing import Any

OTLP = {"description": "OTLP over HTTP", "url": "https://opentelemetry.io/docs/specs/otlp/#otlphttp"}
# A body of bytes: what they are is a matter of OTLP's protobuf files.
BINARY = {"type": "string", "format": "binary"}
REQUEST = {
    "type": "object",
    "description": "An ExportTraceServiceRequest as JSON: keys in lowerCamelCase, ids in hexadecimal, numbers of 64 "
    "bits as text or number. Fields that OTLP does not know are passed over.",
    "externalDocs": OTLP,
}
ANSWER = {
    "type": "object",
    "description": "An ExportTraceServiceResponse: `partialSuccess` where something was not kept.",
    "properties": {
        "partialSuccess": {
            "type": "object",
            "properties": {
                "rejectedSpans": {"type": "string", "description": "How many; a number of 64 bits is a text here."},
                "errorMessage": {"type": "string", "description": "What was not kept, in words."},
            },
        }
    },
}
STATUS = {
    "type": "object",
    "description": "A google.rpc.Status: its code, and a sentence that ends with Assay's own code in brackets.",
    "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
    "required": ["code", "message"],
}
SPAN = {
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "spanId": "b7ad6b7169203331",
    "name": "invoke_agent planner",
    "startTimeUnixNano": "1795166400000000000",
    "endTimeUnixNano": "1795166400020000000",
    "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}],
}
ERRORS = {
    "400": "The body cannot be read.",
    "401": "There is no such key.",
    "403": "The key may not write telemetry.",
    "411": "The body was sent without its length.",
    "413": "The body holds more than 16 MiB, compressed or not.",
    "415": "Another content type or compression than those above.",
    "429": "Sent too fast, where a proxy before Assay counts: again after `Retry-After` seconds.",
    "503": "Nothing is stored: send the same again after `Retry-After` seconds.",
    "default": "Any other error.",
}
AGAIN = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer"}}}


def traces(gzip: dict[str, Any]) -> dict[str, Any]:
    """The one operation; `gzip` is the header by which a body is told to be compressed. It says of every error how it
    is told, since none is a problem as elsewhere."""
    responses = {"200": {"description": "What is not rejected is stored.", "content": _in_both(ANSWER)}}
    for status, told in ERRORS.items():
        responses[status] = {"description": told, "content": _in_both(STATUS)}
        if status in ("429", "503"):
            responses[status]["headers"] = AGAIN
    content = _in_both(REQUEST)
    content["application/json"]["example"] = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}
    return {
        "operationId": "otlp_traces_create",
        "description": "Send spans as OpenTelemetry's exporters do. What is answered is in the encoding that was sent. "
        "Codes and numbers of agents, models, tools and retrieval are kept as runs; all else is dropped and counted, "
        "and `partialSuccess` says so.",
        "tags": ["telemetry"],
        "externalDocs": OTLP,
        "security": [{"bearer": []}, {"apiKey": []}],
        "parameters": [gzip],
        "requestBody": {"required": True, "content": content},
        "responses": responses,
    }


def _in_both(json: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"application/x-protobuf": {"schema": BINARY}, "application/json": {"schema": json}}
