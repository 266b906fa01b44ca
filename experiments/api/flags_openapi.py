"""The schema of OpenFeature's remote evaluation protocol, as Assay speaks it."""

from typing import Any

from config.openapi import answer, ref
from experiments.api.flags import FlagFailure, FlagRequest
from experiments.api.openapi import ID, IF_NONE_MATCH, OTHER_ID, RESOLVED
from experiments.evaluate_flag import Evaluation
from sentinel.api.openapi import SECURITY

KEY = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": "A prompt's name.",
    "schema": {"type": "string", "minLength": 1},
}
CONTEXT = {"context": {"targetingKey": "customer-17", "plan": "premium"}}
EVALUATED = {
    "key": "Listing caption",
    "reason": "SPLIT",
    "variant": "arm-1",
    "metadata": {"resolution_id": RESOLVED["resolution_id"], "revision": "12.40", "experiment_id": ID, "arm": 1},
    "value": {
        "prompt": {"id": ID, "name": "Listing caption"},
        "version": {"id": OTHER_ID, "number": "1.2.0"},
        "kind": "text",
        "content": "Write a caption for {{ address }}, {{ rooms }} rooms.",
        "variables": {"type": "object", "properties": {"address": {"type": "string"}, "rooms": {"type": "integer"}}},
        "model_settings": {"temperature": 0.7},
    },
}
MISSING = {"key": "unheard-of", "errorCode": "FLAG_NOT_FOUND", "errorDetails": "There is no prompt 'unheard-of'."}
UNUSABLE = {"errorCode": "INVALID_CONTEXT", "errorDetails": "unit must be a string of 1 to 200 characters."}


def add_operations(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: the two addresses of the protocol."""
    result["paths"] |= {
        "/ofrep/v1/evaluate/flags/{key}": {"post": _one()},
        "/ofrep/v1/evaluate/flags": {"post": _every()},
    }
    return result


def _one() -> dict[str, Any]:
    return _operation(
        "evaluate_flag",
        "A prompt as a feature flag (OFREP 0.3). `targetingKey` is the unit: it is exposed to its arm where an "
        "experiment goes on. The value holds the version as it was written; `metadata.resolution_id` is what outcomes "
        "and reports name.",
        answer("The evaluation.", ref(Evaluation), EVALUATED),
        parameters=[KEY],
        missing=answer("There is no such flag.", ref(FlagFailure), MISSING),
    )


def _every() -> dict[str, Any]:
    operation = _operation(
        "evaluate_flags",
        "Every prompt in production, for one context. The unit is exposed to its arm of each experiment that goes on. "
        "The ETag covers the context.",
        answer("The evaluations.", _set(), {"flags": [EVALUATED], "metadata": {"revision": "12.40"}}),
        parameters=[IF_NONE_MATCH],
    )
    operation["responses"]["304"] = answer("Nothing changed for this context.")
    return operation


def _set() -> dict[str, Any]:
    """What `FlagSet` is: evaluations and failures side by side."""
    return {
        "type": "object",
        "required": ["flags", "metadata"],
        "properties": {
            "flags": {"type": "array", "items": {"anyOf": [ref(Evaluation), ref(FlagFailure)]}},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }


def _operation(
    operation_id: str, description: str, ok: dict[str, Any], *, missing: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    refused = answer("The request cannot be used.", ref(FlagFailure), UNUSABLE)
    # What is wrong before it is the protocol's business, a project that nobody named for instance, is told as
    # everywhere.
    refused["content"]["application/problem+json"] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    body = {"required": True, "content": {"application/json": {"schema": ref(FlagRequest), "example": CONTEXT}}}
    responses = {"200": ok, "400": refused}
    if missing is not None:
        missing["content"]["application/problem+json"] = {"schema": {"$ref": "#/components/schemas/Problem"}}
        responses["404"] = missing
    return {
        "operationId": operation_id,
        "description": description,
        "tags": ["flags"],
        "security": SECURITY,
        "responses": responses,
        "requestBody": body,
        **more,
    }
