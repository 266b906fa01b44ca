"""The schema of the doors of telemetry: plain views, for speed."""

from typing import Any

from agents.api.otlp_openapi import traces
from agents.api.runs_in import LINES, RunBatch, RunsAnswer, RunTaken
from agents.telemetry.sent import SentRun
from config.openapi import answer, ref
from sentinel.api.openapi import SECURITY

ID = "01a1f870-6278-73b3-8848-6dde89dfa39e"
RUN: dict[str, Any] = {
    "run_id": "order-4711.3",
    "agent_id": "support",
    "agent_version": "2.1.0",
    "environment": "production",
    "status": "success",
    "started_at": "2026-11-20T10:30:00Z",
    "ended_at": "2026-11-20T10:30:02.400Z",
    "tokens_in": 512,
    "tokens_out": 96,
    "cost_usd": "0.0031",
    "metadata": {"region": "eu-1", "retries": 1},
    "steps": [
        {"step_id": "s1", "step_type": "tool", "name": "orders.find", "latency_ms": 310},
        {"step_id": "s2", "step_type": "model", "model": "model-large", "tokens_in": 512, "tokens_out": 96},
    ],
    "decisions": [
        {
            "decision_type": "tool_selection",
            "selected": "orders.find",
            "candidates": ["orders.find", "orders.search"],
            "reason_code": "fresh_data_required",
            "confidence": 0.9,
            "step_id": "s1",
        }
    ],
    "quality_signals": [
        {"signal_type": "tool_success", "signal_code": "first_attempt", "value": True, "step_id": "s1"}
    ],
}
TAKEN = {
    "run_id": "order-4711.3",
    "id": ID,
    "result": "stored",
    "steps": 2,
    "decisions": 1,
    "quality_signals": 1,
    "rejected": [],
}
TAKEN_OF_BATCH = {"index": 0, "run_id": "order-4711.3", "id": ID, "result": "stored", "rejected": []}
GZIP = {
    "name": "Content-Encoding",
    "in": "header",
    "description": "`gzip` where the body is compressed. It may hold 16 MiB, compressed or not.",
    "schema": {"type": "string", "enum": ["gzip", "identity"]},
}


def add_operations(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: these operations, beside those it finds by itself and others of the same addresses."""
    for path, operation in (("runs", _one()), ("runs/batch", _batch())):
        result["paths"].setdefault(f"/api/v1/{path}", {})["post"] = operation
    result["paths"]["/otlp/v1/traces"] = {"post": traces(GZIP)}
    return result


def _one() -> dict[str, Any]:
    taken = answer("The run was known: it is updated, or the same as before.", ref(RunTaken), TAKEN)
    return {
        "operationId": "runs_create",
        "description": "Report a run of an agent, finished or under way, with what belongs to it: codes and numbers, "
        "never content. The same run reported again is stored once. A decision, signal or failure that cannot be taken "
        "costs itself alone and is named in `rejected`.",
        "tags": ["telemetry"],
        "security": SECURITY,
        "parameters": [GZIP],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref(SentRun), "example": RUN}}},
        "responses": {"200": taken, "201": answer("The run is stored.", ref(RunTaken), TAKEN)},
    }


def _batch() -> dict[str, Any]:
    body = {
        "application/json": {"schema": ref(RunBatch), "example": {"items": [RUN]}},
        **{lines: {"schema": {"type": "string", "description": "A run on each line, as JSON."}} for lines in LINES},
    }
    told = {"accepted": 1, "results": [TAKEN_OF_BATCH], "rejected": []}
    return {
        "operationId": "runs_batch_create",
        "description": "Report up to 1,000 runs, as `items`, or as lines of JSON: answers name them by number, "
        "empty lines left out. Each run is taken or refused with a reason; a bad one costs the others nothing. All "
        "that is answered as taken is stored.",
        "tags": ["telemetry"],
        "security": SECURITY,
        "parameters": [GZIP],
        "requestBody": {"required": True, "content": body},
        "responses": {"200": answer("What was taken and what was not.", ref(RunsAnswer), told)},
    }
