"""Where a template and a schema contradict each other."""

from collections.abc import Iterator
from typing import Any

from assay.core.schema.plain import Path
from assay.core.template.uses import Use

Conflict = tuple[Path, str]


def conflicts(schema: dict[str, Any], use: Use, path: Path) -> Iterator[Conflict]:
    """What a template does to a value that its schema rules out, each with the path of the value and a sentence."""
    types = _types(schema)
    if use.keys:
        yield from _conflicts_of_keys(schema, use, path, types)
    if use.item is not None or "list" in use.kinds:
        if types is not None and "array" not in types:
            yield path, "is used as a list, but is not described as an array."
        elif use.item is not None and "items" in schema:
            yield from conflicts(schema["items"], use.item, (*path, "items"))
    if "print" in use.kinds and types is not None and types <= {"array", "object", "null"}:
        yield path, "is printed, but is described as a list or an object: print it with join or tojson."


def _conflicts_of_keys(schema: dict[str, Any], use: Use, path: Path, types: set[str] | None) -> Iterator[Conflict]:
    if types is not None and "object" not in types:
        yield path, "is used as an object, but is not described as one."
        return
    properties = schema.get("properties", {})
    for name, inner in use.keys.items():
        if name in properties:
            yield from conflicts(properties[name], inner, (*path, "properties", name))
        elif schema.get("additionalProperties") is False:
            yield (*path, "properties", name), "is used, but is not described."


def _types(schema: dict[str, Any]) -> set[str] | None:
    types = schema.get("type")
    if types is None:
        return None
    return {types} if isinstance(types, str) else set(types)
