"""A client's brand file: how they speak, what to do and what not."""

from typing import Any

from jsonschema_rs import Draft202012Validator

from assay.core.errors import FieldError, pointer_of
from assay.core.schema.explain import explain
from assay.core.schema.fill import filler


def _text(length: int) -> dict[str, Any]:
    return {"type": ["string", "null"], "maxLength": length}


def _texts(count: int) -> dict[str, Any]:
    return {
        "type": ["array", "null"],
        "maxItems": count,
        "items": {"type": "string", "minLength": 1, "maxLength": 500},
    }


# The same closed subset that describes variables. All may be left out: what is not there is null to a template.
BRAND_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "voice": {
            "type": ["object", "null"],
            "properties": {
                "primary_tone": _text(200),
                "secondary_tone": _text(200),
                "personality_traits": _texts(20),
                "language_style": _text(500),
                "emojis_allowed": {"type": ["boolean", "null"]},
            },
            "additionalProperties": False,
        },
        "do": _texts(50),
        "dont": _texts(50),
        "business_name": _text(200),
        "tagline": _text(500),
        "vertical": _text(200),
    },
    "additionalProperties": False,
}
_validator = Draft202012Validator(BRAND_SCHEMA)
_fill = filler(BRAND_SCHEMA)


def check_brand(brand: object) -> list[FieldError]:
    """What is wrong with a brand file; an empty list when nothing is. Pointers start at the file's own root.

    One that says nothing (see `is_empty`) is let be; any other has at least one `do` and one `dont`.
    """
    errors = [_from_root(error) for error in explain(_validator, BRAND_SCHEMA["properties"], brand)]
    if errors or not isinstance(brand, dict) or is_empty(brand):
        return errors
    return [
        FieldError(pointer_of((name,)), "brand_incomplete", f"A brand file has at least one `{name}`.")
        for name in ("do", "dont")
        if not any(text.strip() for text in brand.get(name) or ())
    ]


def is_empty(brand: dict[str, Any] | None) -> bool:
    """Whether a brand file says nothing: no text anywhere but spaces. (A switch alone says nothing.)"""
    return not _says_something(brand)


def fill_brand(brand: dict[str, Any] | None) -> dict[str, Any] | None:
    """The brand as a template sees it: whole, with null for what it leaves out; null for an empty one."""
    return None if brand is None or is_empty(brand) or _fill is None else _fill(brand)


def _from_root(error: FieldError) -> FieldError:
    code = "unknown_field" if error.code == "unknown_variable" else "invalid_brand"
    return FieldError(error.pointer.removeprefix("/variables") or "/", code, error.detail)


def _says_something(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict):
        return any(_says_something(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_says_something(inner) for inner in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)
