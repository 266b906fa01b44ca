"""A form made from a version's variables."""

import json
from typing import Any
from uuid import UUID

from assay.core.errors import AssayError
from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from sentinel.admin_fields import tell
from sentinel.admin_schema import field_for, names_in_order, typed_as, values_of
from vault.models import Client, Prompt, Version

PREFIX = "var-"


class TryForm(forms.Form):
    """One field for each variable; what cannot be used is said by the code that serves, at its field."""

    def __init__(self, *args: Any, version: Version, clients: list[Client], **options: Any) -> None:
        super().__init__(*args, **options)
        self.schema: dict[str, Any] = version.variables
        self.properties: dict[str, Any] = self.schema.get("properties", {})
        # Whether one may be left empty is for the schema to say, not for the form: these are marked, no more.
        self.wanted = {PREFIX + name for name in self.schema.get("required", [])}
        for name in names_in_order(self.schema):
            self.fields[PREFIX + name] = field_for(name, self.properties[name])
        self.fields["client"] = forms.ChoiceField(
            label="For the client",
            required=False,
            choices=[("", "nobody: no brand voice"), *((str(client.pk), client.name) for client in clients)],
            widget=UnfoldAdminSelectWidget,
        )

    def variables(self) -> dict[str, Any]:
        """What was typed, as the values that a caller would give; what was left empty is not given."""
        return values_of(self.schema, self.cleaned_data, PREFIX)

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
    return {PREFIX + name: typed_as(properties[name], value) for name, value in values.items()}
