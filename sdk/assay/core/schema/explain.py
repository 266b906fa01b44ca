"""What is wrong with the variables that a caller gave, in sentences that name the variable and not its value."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from assay.core.errors import FieldError, pointer_of
from assay.core.schema.plain import Path, faults_of, is_small

MISSING, UNKNOWN, INVALID = "missing_variable", "unknown_variable", "invalid_variable"
MAX_ERRORS = 50

Fault = tuple[Path, str, str]


def explain(validator: Draft202012Validator, properties: dict[str, Any], values: object) -> list[FieldError]:
    """All that is wrong with the values, at most fifty, each with its pointer; an empty list when nothing is."""
    if type(values) is not dict:
        return [FieldError("/variables", INVALID, "variables must be an object.")]
    found = islice(_faults(validator, properties, values), MAX_ERRORS)
    return [
        FieldError(pointer_of(("variables", *path)), code, f"{'.'.join(map(str, path))} {sentence}")
        for path, code, sentence in found
    ]


def _faults(validator: Draft202012Validator, properties: dict[str, Any], values: dict[str, Any]) -> Iterator[Fault]:
    known, unfit = {}, set()
    for name, value in values.items():
        if name not in properties:
            yield (_shown(name),), UNKNOWN, "is not a variable of this version."
            continue
        faults = list(islice(faults_of(value), MAX_ERRORS))
        if faults:
            unfit.add(name)
            yield from (((name, *path), INVALID, sentence) for path, sentence in faults)
        else:
            known[name] = value
    for error in _errors(validator, known):
        yield from (fault for fault in _told(error) if fault[0][:1] not in {(name,) for name in unfit})


def _errors(validator: Draft202012Validator, values: dict[str, Any]) -> Iterator[ValidationError]:
    """The validator's errors: all where the values are few, else the first. (It finds all before it gives any.)"""
    if is_small(values):
        yield from validator.iter_errors(values)
        return
    try:
        validator.validate(values)
    except ValidationError as error:
        yield error


def _told(error: ValidationError) -> Iterator[Fault]:
    path, word, limit = tuple(error.instance_path), error.kind.name, error.kind.value
    if word == "required":
        yield (*path, limit), MISSING, "is missing."
    elif word == "additionalProperties":
        yield from (((*path, name), UNKNOWN, "is not among the properties.") for name in limit)
    else:
        yield path, INVALID, SENTENCES.get(word, _otherwise)(limit)


def _shown(name: object) -> str:
    text = str(name)[:64]
    return text if text.isprintable() else ascii(text)[1:-1]


def _listed(values: Any) -> str:
    return ", ".join(repr(value)[:60] for value in values[:20]) + (", …" if len(values) > 20 else "")


def _of_type(types: Any) -> str:
    named = [ARTICLES.get(name, name) for name in types]
    return f"must be {' or '.join(named)}."


def _otherwise(_limit: Any) -> str:
    return "does not fit its description."


ARTICLES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
SENTENCES: dict[str, Callable[[Any], str]] = {
    "type": _of_type,
    "enum": lambda choices: f"must be one of {_listed(choices)}.",
    "const": lambda value: f"must be {value!r}.",
    "minLength": lambda limit: f"must have at least {limit:,} characters.",
    "maxLength": lambda limit: f"may have at most {limit:,} characters.",
    "minItems": lambda limit: f"must have at least {limit:,} items.",
    "maxItems": lambda limit: f"may have at most {limit:,} items.",
    "minimum": lambda limit: f"must be at least {limit}.",
    "maximum": lambda limit: f"may be at most {limit}.",
    "exclusiveMinimum": lambda limit: f"must be above {limit}.",
    "exclusiveMaximum": lambda limit: f"must be below {limit}.",
}
