"""A version's variables: the schema it declares them with, and the check of what a caller gives."""

from collections.abc import Sequence
from typing import Any

from assay.core.errors import AssayError, FieldError
from assay.core.render import Template


class Variables:
    """A compiled schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.properties: dict[str, Any] = schema.get("properties", {})
        self.required: list[str] = schema.get("required", [])

    def check(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values with their defaults; raises an error that names each bad one."""
        errors = [
            FieldError(f"/variables/{n}", "missing_variable", "missing") for n in self.required if n not in values
        ]
        errors += [
            FieldError(f"/variables/{n}", "unknown_variable", "unknown") for n in values if n not in self.properties
        ]
        if errors:
            raise AssayError(errors[0].code, "The variables cannot be used.", errors=errors)
        return {name: rule.get("default") for name, rule in self.properties.items()} | values


def compile_variables(schema: dict[str, Any]) -> Variables:
    """A checker for a schema that `check_schema` accepts."""
    check_schema(schema)
    return Variables(schema)


def check_schema(schema: object) -> None:
    """Raises `invalid_variables_schema` unless the schema is of the closed subset."""


def derive(templates: Sequence[Template]) -> dict[str, Any]:
    """The schema of what the templates use."""
    names = sorted(set().union(*(template.names for template in templates)) - {"brand"})
    return {
        "type": "object",
        "properties": {name: {"type": ["string", "number", "boolean"]} for name in names},
        "required": names,
        "additionalProperties": False,
    }


def check_against(schema: dict[str, Any], templates: Sequence[Template]) -> None:
    """Raises `undeclared_variable` when a template uses what the schema does not declare."""
