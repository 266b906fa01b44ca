"""The schema of what a template uses, as loose as can be: what is certain, and no more."""

from typing import Any

from assay.core.template.run import MAX_LOOP
from assay.core.template.uses import Use

SCALARS = ["string", "number", "boolean"]


def object_schema(uses: dict[str, Use]) -> dict[str, Any]:
    """The schema of an object whose properties are used so."""
    return {
        "type": "object",
        "properties": {name: schema_of(use) for name, use in sorted(uses.items())},
        "required": [name for name, use in sorted(uses.items()) if not use.optional],
    }


def schema_of(use: Use) -> dict[str, Any]:
    """The schema of a value that is used so. What is tested with `is defined` or has a `default` may also be null."""
    schema = _certain(use)
    if use.optional and "type" in schema:
        types = schema["type"]
        schema["type"] = [*([types] if isinstance(types, str) else types), "null"]
    return schema


def _certain(use: Use) -> dict[str, Any]:
    looped = "list" in use.kinds
    if (looped or "index" in use.kinds) and (use.keys or not looped):
        return {"type": ["array", "object"]}
    if use.keys:
        return object_schema(use.keys)
    if looped:
        items = schema_of(use.item) if use.item and (use.item.kinds or use.item.keys) else None
        return {"type": "array", "maxItems": MAX_LOOP} | ({"items": items} if items else {})
    if use.kinds & {"print", "compare"}:
        return {"type": list(SCALARS)}
    if use.kinds & {"sized", "contains"}:
        return {"type": ["string", "array", "object"]}
    return {} if "any" in use.kinds else {"type": list(SCALARS)}
