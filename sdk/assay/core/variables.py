"""A version's variables: the schema that describes them, and the check of what a caller gives.

The schema is of a closed subset of JSON Schema (draft 2020-12): type, properties, required, additionalProperties,
items, enum, const, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, minItems, maxItems,
default, and the notes title, description and examples. No `$ref` and no `pattern`: nothing in it can be slow.
"""

from collections.abc import Sequence
from typing import Any

from jsonschema_rs import Draft202012Validator

from assay.core.errors import AssayError, FieldError, pointer_of
from assay.core.render import Template
from assay.core.schema.against import conflicts
from assay.core.schema.derive import object_schema
from assay.core.schema.explain import INVALID, MISSING, UNKNOWN, explain
from assay.core.schema.fill import absent_of, fill_object, fillers
from assay.core.schema.gate import is_variable_name, schema_faults
from assay.core.schema.plain import is_plain
from assay.core.template.uses import Use

BRAND = "brand"
SHOWN = 3


class Variables:
    """A schema made ready to check with. Made by `compile_variables` alone."""

    __slots__ = ("_absent", "_fits", "_inside", "_properties", "_validator")

    def __init__(self, schema: dict[str, Any]) -> None:
        self._properties: dict[str, Any] = schema.get("properties", {})
        self._validator = Draft202012Validator({**schema, "type": "object", "additionalProperties": False})
        self._fits = self._validator.is_valid
        self._absent = absent_of(schema)
        self._inside = fillers(schema)

    def check(self, values: dict[str, Any]) -> dict[str, Any]:
        """A copy of the values with what was not given: its default, or null where it has none.

        Null for a variable that need not be given is the same as not to give it. Raises AssayError, its code the
        gravest found of `missing_variable`, `unknown_variable` and `invalid_variable`, with the pointer of each fault.
        """
        if type(values) is not dict and isinstance(values, dict):
            values = dict(values)
        if not (type(values) is dict and values.keys() <= self._properties.keys() and is_plain(values)):
            raise self._refusal(values)
        if not self._fits(values):
            given = {name: value for name, value in values.items() if value is not None or name not in self._absent}
            if not self._fits(given):
                raise self._refusal(given)
            values = given
        return fill_object(values, self._absent, self._inside)

    def _refusal(self, values: object) -> AssayError:
        errors = explain(self._validator, self._properties, values)
        found = {error.code for error in errors}
        code = next((code for code in (MISSING, UNKNOWN) if code in found), INVALID)
        more = f" And {len(errors) - SHOWN} more." if len(errors) > SHOWN else ""
        return AssayError(code, " ".join(error.detail for error in errors[:SHOWN]) + more, errors=errors)


def compile_variables(schema: dict[str, Any]) -> Variables:
    """A checker for the schema. Raises what `check_schema` raises."""
    check_schema(schema)
    return Variables(schema)


def check_schema(schema: object) -> None:
    """Raises `invalid_variables_schema`, naming each fault, unless the schema is of the closed subset.

    Each default must fit the description it stands in. An empty object describes no variables.
    """
    errors = schema_faults(schema)
    if not errors and isinstance(schema, dict):
        errors = _faulty_defaults(schema, ("variables",))
    if errors:
        raise AssayError("invalid_variables_schema", f"The variables cannot be so. {errors[0].detail}", errors=errors)


def derive(templates: Sequence[Template]) -> dict[str, Any]:
    """The schema of what the templates use: each variable required, but what they test with `is defined` or give a
    `default`. What is looped over is an array, what is looked into is an object, what is printed is a text, a number or
    a boolean.

    Raises `invalid_template` where a name cannot be that of a variable.
    """
    uses = _merged(templates)
    for name in uses:
        if not is_variable_name(name):
            detail = f"{name[:64]!r} cannot be the name of a variable."
            raise AssayError("invalid_template", detail, errors=[FieldError("/content", "invalid_template", detail)])
    return {**object_schema(uses), "additionalProperties": False}


def check_against(schema: dict[str, Any], templates: Sequence[Template]) -> None:
    """Raises `invalid_variables_schema` where the templates use what the schema does not describe, or against its type.

    What is described and not used is let be: so a version may go on accepting what its callers send.
    """
    properties = schema.get("properties", {})
    errors = []
    for name, use in sorted(_merged(templates).items()):
        path = ("variables", "properties", name)
        if name not in properties:
            detail = f"The template uses {name[:64]!r}, which is not described."
            errors.append(FieldError(pointer_of(path), "undeclared_variable", detail))
        else:
            found = conflicts(properties[name], use, path)
            errors += [FieldError(pointer_of(at), "variable_conflict", f"{at[-1]} {what}") for at, what in found]
    if errors:
        raise AssayError("invalid_variables_schema", errors[0].detail, errors=errors)


def _merged(templates: Sequence[Template]) -> dict[str, Use]:
    merged: dict[str, Use] = {}
    for template in templates:
        for name, use in template.uses.items():
            if name != BRAND:
                merged.setdefault(name, Use()).merge(use)
    return merged


def _faulty_defaults(schema: dict[str, Any], path: tuple[object, ...]) -> list[FieldError]:
    errors = []
    if "default" in schema and not Draft202012Validator(schema).is_valid(schema["default"]):
        detail = "The default does not fit its own description."
        errors.append(FieldError(pointer_of((*path, "default")), "invalid_default", detail))
    for name, inner in schema.get("properties", {}).items():
        errors += _faulty_defaults(inner, (*path, "properties", name))
    if "items" in schema:
        errors += _faulty_defaults(schema["items"], (*path, "items"))
    return errors
