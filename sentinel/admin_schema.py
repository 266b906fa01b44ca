"""This file lets a form have a field for each property of a JSON Schema, and read what was typed as the value meant."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from sentinel.admin_fields import AreaWidget, TextWidget

YES_NO = [("", "–"), ("true", "yes"), ("false", "no")]


def names_in_order(schema: Mapping[str, Any]) -> list[str]:
    """The properties' names: what is required first, as it is listed there, then the others by name. (The database
    keeps no order of properties.)"""
    required = {name: place for place, name in enumerate(schema.get("required", []))}
    return sorted(schema.get("properties", {}), key=lambda name: (required.get(name, len(required)), name))


def kind_of(rule: Mapping[str, Any]) -> str:
    """How a property is typed in: string, integer, number, boolean, lines (a list of texts) or json."""
    types = rule.get("type")
    kinds = [types] if isinstance(types, str) else [it for it in types or ["string"] if it != "null"]
    if "string" in kinds or not kinds:
        return "string"
    if kinds[0] == "array":
        items = rule.get("items", {})
        return "lines" if isinstance(items, dict) and items.get("type") == "string" else "json"
    return "json" if kinds[0] == "object" else str(kinds[0])


def field_for(label: str, rule: Mapping[str, Any]) -> forms.Field:
    """A field for a property. Whether one may be left empty is for the schema to say, not for the form."""
    shared: dict[str, Any] = {"label": label, "required": False, "help_text": rule.get("description", "")}
    kind = kind_of(rule)
    field: forms.Field
    if "enum" in rule:
        choices = [("", "–"), *((json.dumps(it), str(it)) for it in rule["enum"])]
        field = forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **shared)
    elif kind == "boolean":
        field = forms.ChoiceField(choices=YES_NO, widget=UnfoldAdminSelectWidget, **shared)
    elif kind in ("integer", "number"):
        field = forms.CharField(widget=TextWidget({"inputmode": "decimal"}), **shared)
    elif kind in ("lines", "json"):
        note = "One to a line." if kind == "lines" else "JSON."
        shared["help_text"] = f"{shared['help_text']} {note}".strip()
        field = forms.CharField(widget=AreaWidget(3, code=kind == "json"), **shared)
    else:
        field = forms.CharField(strip=False, widget=AreaWidget(2), **shared)
    return field


def values_of(schema: Mapping[str, Any], cleaned: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """What was typed, as the values that a program would give; what was left empty is not given."""
    given = {}
    for name, rule in schema.get("properties", {}).items():
        typed = cleaned.get(prefix + name)
        if typed not in (None, ""):
            given[name] = _value(rule, str(typed).replace("\r\n", "\n"))
    return given


def typed_as(rule: Mapping[str, Any], value: Any) -> str:
    """A value as one would have typed it."""
    kind = kind_of(rule)
    if kind == "lines" and isinstance(value, list):
        return "\n".join(str(item) for item in value)
    if "enum" in rule or not isinstance(value, str):
        return json.dumps(value, indent=2 if kind == "json" else None, ensure_ascii=False)
    return value


def _value(rule: Mapping[str, Any], typed: str) -> Any:
    kind = kind_of(rule)
    if kind == "lines":
        return [line for line in typed.split("\n") if line.strip()]
    if "enum" in rule or kind in ("json", "boolean", "integer", "number"):
        try:
            return json.loads(typed)
        except (ValueError, RecursionError):
            return typed  # the schema says what it should have been
    return typed
