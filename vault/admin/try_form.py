"""A form made from a version's variables."""

import json
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from sentinel.admin_fields import AreaWidget, TextWidget, tell
from vault.models import Client, Prompt, Version

PREFIX = "var-"
YES_NO = [("", "–"), ("true", "yes"), ("false", "no")]


class TryForm(forms.Form):
    """One field for each variable; what cannot be used is said by the code that serves, at its field."""

    def __init__(self, *args: Any, version: Version, clients: list[Client], **options: Any) -> None:
        super().__init__(*args, **options)
        self.schema: dict[str, Any] = version.variables
        self.properties: dict[str, Any] = self.schema.get("properties", {})
        required = set(self.schema.get("required", []))
        # Whether one may be left empty is for the schema to say, not for the form: these are marked, no more.
        self.wanted = {PREFIX + name for name in required}
        for name in sorted(self.properties, key=lambda it: (it not in required, it)):
            self.fields[PREFIX + name] = _field(name, self.properties[name])
        self.fields["client"] = forms.ChoiceField(
            label="For the client",
            required=False,
            choices=[("", "nobody: no brand voice"), *((str(client.pk), client.name) for client in clients)],
            widget=UnfoldAdminSelectWidget,
        )

    def variables(self) -> dict[str, Any]:
        """What was typed, as the values that a caller would give; what was left empty is not given."""
        given = {}
        for name, rule in self.properties.items():
            typed = self.cleaned_data.get(PREFIX + name)
            if typed not in (None, ""):
                given[name] = _value(rule, str(typed).replace("\r\n", "\n"))
        return given

    def client_id(self) -> UUID | None:
        chosen = self.cleaned_data.get("client")
        return UUID(chosen) if chosen else None

    def tell(self, error: AssayError) -> None:
        tell(self, error, {f"/variables/{name}": PREFIX + name for name in self.properties})


def example_of(prompt: Prompt, version: Version) -> dict[str, str]:
    """What the form holds at first: the prompt's example where it is a JSON object, and the defaults."""
    properties = version.variables.get("properties", {})
    try:
        example = json.loads(prompt.example_input)
    except (ValueError, RecursionError):
        example = {}
    values = {name: rule["default"] for name, rule in properties.items() if "default" in rule}
    if isinstance(example, dict):
        values |= {name: value for name, value in example.items() if name in properties}
    return {PREFIX + name: _typed(properties[name], value) for name, value in values.items()}


def _kind(rule: dict[str, Any]) -> str:
    types = rule.get("type")
    kinds = [types] if isinstance(types, str) else [it for it in types or ["string"] if it != "null"]
    if "string" in kinds or not kinds:
        return "string"
    if kinds[0] == "array":
        items = rule.get("items", {})
        return "lines" if isinstance(items, dict) and items.get("type") == "string" else "json"
    return "json" if kinds[0] == "object" else str(kinds[0])


def _field(name: str, rule: dict[str, Any]) -> forms.Field:
    shared: dict[str, Any] = {"label": name, "required": False, "help_text": rule.get("description", "")}
    kind = _kind(rule)
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


def _value(rule: dict[str, Any], typed: str) -> Any:
    kind = _kind(rule)
    if kind == "lines":
        return [line for line in typed.split("\n") if line.strip()]
    if "enum" in rule or kind in ("json", "boolean", "integer", "number"):
        try:
            return json.loads(typed)
        except (ValueError, RecursionError):
            return typed  # the schema says what it should have been
    return typed


def _typed(rule: dict[str, Any], value: Any) -> str:
    kind = _kind(rule)
    if kind == "lines" and isinstance(value, list):
        return "\n".join(str(item) for item in value)
    if "enum" in rule or not isinstance(value, str):
        return json.dumps(value, indent=2 if kind == "json" else None, ensure_ascii=False)
    return value
