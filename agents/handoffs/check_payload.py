"""This file lets you check a payload against its type."""

from typing import Any

import msgspec
from assay.core.errors import AssayError, FieldError, single
from assay.core.schema.explain import INVALID, MISSING, UNKNOWN, explain
from jsonschema_rs import Draft202012Validator

from agents.models import PayloadType

LARGEST = 256 * 1024
CODES = {MISSING: "required", UNKNOWN: "unknown_field", INVALID: "invalid_value"}


def check_payload(payload_type: PayloadType, payload: Any) -> None:
    """Raises AssayError 422 `invalid_payload` with a pointer below `/payload` for each fault, at most fifty; 413
    `payload_too_large`."""
    if not isinstance(payload, dict):
        raise single("invalid_payload", "/payload", "A payload is an object.")
    if len(msgspec.json.encode(payload)) > LARGEST:
        raise single("payload_too_large", "/payload", f"A payload may take {LARGEST} bytes as JSON.", status=413)
    schema = {**payload_type.schema, "type": "object", "additionalProperties": False}
    found = explain(Draft202012Validator(schema), schema.get("properties", {}), payload)
    errors = [_told(error, payload_type) for error in found]
    if errors:
        told = f"This is no {payload_type.name}, version {payload_type.version}. {errors[0].detail}"
        raise AssayError("invalid_payload", told, status=422, errors=errors)


def _told(error: FieldError, payload_type: PayloadType) -> FieldError:
    pointer = error.pointer.removeprefix("/variables")
    detail = error.detail
    if error.code == UNKNOWN and pointer.count("/") == 1:
        detail = f"{pointer[1:]} is no field of {payload_type.name}, version {payload_type.version}."
    return FieldError(f"/payload{pointer}", CODES[error.code], detail)
