"""The schema of the addresses that are plain views, for speed: resolve, bundle, and what comes in batches."""

from typing import Any

from assay.core.resolve import Request, Resolution
from assay.core.shapes import Content, Scores

from config.openapi import answer, ref
from experiments.api.engagement import EngagementAnswer, EngagementBatch
from experiments.api.observations import ExecutionBatch, ExposureBatch, ObservedAnswer, OutcomeBatch
from experiments.api.usage import UsageAnswer, UsageBatch
from sentinel.api.openapi import SECURITY

ID = "01a1f870-6278-73b3-8848-6dde89dfa39e"
OTHER_ID = "01a1f870-627f-7266-9a98-64fd1e66e762"
ASKED = {
    "category": "caption",
    "vertical": "real_estate",
    "platform": "instagram",
    "unit": "customer-17",
    "variables": {"address": "12 Harbour Street", "rooms": 3},
}
RESOLVED = {
    "resolution_id": "AQGh-HBieHOziEht3onfo54BofhwYn9yZpqYZP0eZudiAaH4cGKAAAAAAAAAAA",
    "prompt": {"id": ID, "name": "Listing caption", "technique": "hook first", "performance_score": 6.4},
    "version": {"id": OTHER_ID, "number": "1.2.0"},
    "tier": "exact",
    "language": "en",
    "language_fallback": False,
    "text": "Write a caption for 12 Harbour Street, 3 rooms.",
    "messages": None,
    "model_settings": {"temperature": 0.7},
    "experiment": None,
    "revision": "12.40",
}
USAGE = {"id": OTHER_ID, "prompt_id": ID, "version_id": OTHER_ID, "count": 12}
ENGAGEMENT = {"id": OTHER_ID, "prompt_id": ID, "likes": 12, "comments": 3, "shares": 1, "impressions": 900}
EXPOSURE = {"id": OTHER_ID, "experiment_id": ID, "arm": 1, "unit": "customer-17"}
OUTCOME = {"id": OTHER_ID, "metric": "signed_up", "unit": "customer-17", "value": 1}
EXECUTION = {
    "id": OTHER_ID,
    "resolution_id": RESOLVED["resolution_id"],
    "at": "2026-11-20T10:30:00Z",
    "response_time_ms": 840,
    "input_tokens": 512,
    "output_tokens": 96,
    "cost_usd": "0.0031",
    "environment": "production",
    "accuracy": 0.9,
}
OBSERVED = {"index": 0, "id": OTHER_ID, "counted": True, "duplicate": False}
LEARNED = {
    "index": 0,
    "id": OTHER_ID,
    "prompt_id": ID,
    "engagement_rate": 0.0178,
    "new_performance_score": 3.55,
    "engagement_avg": 0.0178,
    "times_used": 1,
    "updated": True,
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of the copy that one has.",
    "schema": {"type": "string", "example": '"5f0c7d"'},
}


def add_operations(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: these operations, beside those it finds by itself."""
    result["paths"] |= {
        "/api/v1/resolve": {"post": _resolve()},
        "/api/v1/bundle": {
            "get": _part("bundle_retrieve", "Prompts, labelled versions, clients and settings.", Content)
        },
        "/api/v1/bundle/scores": {"get": _part("bundle_scores_retrieve", "What the prompts have earned.", Scores)},
        "/api/v1/usage": {
            "post": _batch(
                "usage",
                "learning",
                "Count what was served elsewhere, each item once by its id.",
                sent=UsageBatch,
                item=USAGE,
                told=UsageAnswer,
                example={"accepted": 1, "rejected": []},
            )
        },
        "/api/v1/engagement": {
            "post": _batch(
                "engagement",
                "learning",
                "Report what many prompts earned, those items that have an id once.",
                sent=EngagementBatch,
                item=ENGAGEMENT,
                told=EngagementAnswer,
                example={"accepted": 1, "rejected": [], "results": [LEARNED]},
            )
        },
        "/api/v1/exposures": {
            "post": _batch(
                "exposures",
                "experiments",
                "Tell which units met which arms where a caller resolves by itself.",
                sent=ExposureBatch,
                item=EXPOSURE,
                told=ObservedAnswer,
                example={"accepted": 1, "rejected": [], "results": [OBSERVED]},
            )
        },
        "/api/v1/outcomes": {
            "post": _batch(
                "outcomes",
                "experiments",
                "Tell what was measured of units.",
                sent=OutcomeBatch,
                item=OUTCOME,
                told=ObservedAnswer,
                example={"accepted": 1, "rejected": [], "results": [OBSERVED]},
            )
        },
        "/api/v1/executions": {
            "post": _batch(
                "executions",
                "learning",
                "What uses of versions took, in numbers and codes; no content. Each counts once, for its version and "
                "day, and as outcomes of the unit that its resolution was for.",
                sent=ExecutionBatch,
                item=EXECUTION,
                told=ObservedAnswer,
                example={"accepted": 1, "rejected": [], "results": [OBSERVED]},
            )
        },
    }
    return result


def _operation(operation_id: str, tag: str, description: str, ok: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "description": description,
        "tags": [tag],
        "security": SECURITY,
        "responses": {"200": ok},
        **more,
    }


def _body(type_: type, example: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": ref(type_), "example": example}}}


def _resolve() -> dict[str, Any]:
    return _operation(
        "resolve",
        "resolve",
        "Which version serves this context, rendered. Name a `category` (with what narrows it) or a `prompt`. When "
        "nothing is found the problem is `no_prompt`, with the `nearest` contexts.",
        answer("The resolution.", ref(Resolution), RESOLVED),
        requestBody=_body(Request, ASKED),
    )


def _part(operation_id: str, description: str, type_: type) -> dict[str, Any]:
    operation = _operation(
        operation_id,
        "resolve",
        f"{description} For the SDK, which resolves in its own process; gzip when accepted.",
        answer("This part of the bundle, with its ETag.", ref(type_)),
        parameters=[IF_NONE_MATCH],
    )
    operation["responses"]["304"] = answer("The copy that one has still stands.")
    return operation


def _batch(operation_id: str, tag: str, description: str, **shapes: Any) -> dict[str, Any]:
    return _operation(
        operation_id,
        tag,
        f"{description} Each item is taken or refused with a reason; a bad one costs the others nothing.",
        answer("What was taken and what was not.", ref(shapes["told"]), shapes["example"]),
        requestBody=_body(shapes["sent"], {"items": [shapes["item"]]}),
    )
