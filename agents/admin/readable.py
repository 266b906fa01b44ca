"""This file lets a payload or a result be read: values by name, as their schema describes them. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What is longer stands in a text of its own, and what is more is left to the JSON below.
SHORT = 120
MOST_ITEMS = 100
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """A value by its name. `kind` says which of the others is filled: short and long: `text`; lines: `items`; table:
    `parts`; empty: none."""

    name: str
    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    parts: tuple["Shown", ...] = ()
    note: str = ""
    more: int = 0


def readable(value: Any, schema: Mapping[str, Any] | None = None) -> list[Shown]:
    """The properties of an object, what its schema requires first; anything else stands alone, without a name."""
    if not isinstance(value, dict):
        return [_shown("", value, {}, 0)]
    return list(_parts(value, schema or {}, 0))


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _parts(value: dict[str, Any], schema: Mapping[str, Any], depth: int) -> tuple[Shown, ...]:
    rules = schema.get("properties", {})
    required = {name: place for place, name in enumerate(schema.get("required", []))}
    names = sorted(value, key=lambda name: (required.get(name, len(required)), name))
    return tuple(_shown(name, value[name], rules.get(name) or {}, depth) for name in names[:MOST_ITEMS])


def _shown(name: str, value: Any, rule: Mapping[str, Any], depth: int) -> Shown:
    note = str(rule.get("description", ""))
    if value is None or value in ("", [], {}):
        return Shown(name, "empty", note=note)
    if isinstance(value, bool | int | float | str):
        said = _said(value)
        return Shown(name, "long" if len(said) > SHORT or "\n" in said else "short", said, note=note)
    if depth >= DEEPEST:
        return Shown(name, "long", as_json(value), note=note)
    if isinstance(value, dict):
        return Shown(name, "table", parts=_parts(value, rule, depth + 1), note=note, more=len(value) - MOST_ITEMS)
    return _list(name, value, rule, depth, note)


def _said(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def _list(name: str, value: list[Any], rule: Mapping[str, Any], depth: int, note: str) -> Shown:
    shown, more = value[:MOST_ITEMS], max(len(value) - MOST_ITEMS, 0)
    if not any(isinstance(it, dict | list) for it in shown):
        said = tuple("–" if it is None else _shown("", it, {}, depth).text for it in shown)
        return Shown(name, "lines", items=said, note=note, more=more)
    items = rule.get("items") or {}
    parts = tuple(_shown(str(place), it, items, depth + 1) for place, it in enumerate(shown, start=1))
    return Shown(name, "table", parts=parts, note=note, more=more)
