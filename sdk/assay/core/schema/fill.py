"""Put in what was not given: the default, or null where there is none."""

from collections.abc import Callable
from typing import Any

Fill = Callable[[Any], Any]


def filler(schema: dict[str, Any]) -> Fill | None:
    """A function that fills a valid value in, or None when there is never anything to fill. Makes copies."""
    absent = absent_of(schema)
    inside = fillers(schema)
    each = filler(schema["items"]) if "items" in schema else None
    if not (absent or inside or each):
        return None

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return fill_object(value, absent, inside)
        if each is not None and isinstance(value, list):
            return [each(item) for item in value]
        return value

    return fill


def fillers(schema: dict[str, Any]) -> dict[str, Fill]:
    """The filler of each property that has one."""
    found = {name: filler(inner) for name, inner in schema.get("properties", {}).items()}
    return {name: fill for name, fill in found.items() if fill is not None}


def absent_of(schema: dict[str, Any]) -> dict[str, Any]:
    """What stands for each property that need not be given."""
    required = schema.get("required", [])
    properties = schema.get("properties", {})
    return {name: inner.get("default") for name, inner in properties.items() if name not in required}


def fill_object(value: dict[str, Any], absent: dict[str, Any], inside: dict[str, Fill]) -> dict[str, Any]:
    """A copy with what was not given, filled in inside as well."""
    filled = {**absent, **value}
    for name, fill in inside.items():
        if name in filled:
            filled[name] = fill(filled[name])
    return filled
