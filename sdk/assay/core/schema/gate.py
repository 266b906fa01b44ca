"""The gate of the closed subset: which schemas may describe variables at all."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from assay.core.errors import FieldError, pointer_of
from assay.core.schema.plain import UNFIT, Path, faults_of

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
OURS = {"brand", "loop"}
CONSTANTS = {"true", "false", "none", "True", "False", "None"}
GRAMMAR = {"and", "or", "not", "in", "is", "if", "elif", "else", "endif", "for", "endfor", "recursive"}
RESERVED = OURS | CONSTANTS | GRAMMAR
MAX_DEPTH = 8
MAX_SCHEMAS = 500
MAX_NAME = 64
MAX_FAULTS = 50
MAX_NOTE = 2_000
MAX_CHOICES = 200
LARGEST_LENGTH = 1024 * 1024
ORDERED = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
)

Found = tuple[Path, str]


def schema_faults(schema: object) -> list[FieldError]:
    """All that keeps a schema out, with pointers below `/variables`."""
    found = list(islice(faults_of(schema), MAX_FAULTS)) or list(islice(_walk(schema), MAX_FAULTS))
    return [FieldError(pointer_of(("variables", *path)), "invalid_schema", f"It {what}") for path, what in found]


def is_variable_name(name: str) -> bool:
    """Whether a template can read a variable of this name."""
    return 1 <= len(name) <= MAX_NAME and name.isidentifier() and not name.startswith("_") and name not in RESERVED


def _walk(schema: object) -> Iterator[Found]:
    waiting: list[tuple[Path, object]] = [((), schema)]
    seen = 0
    while waiting:
        path, found = waiting.pop(0)
        seen += 1
        if not isinstance(found, dict):
            yield path, "must be an object."
        elif seen > MAX_SCHEMAS or len(path) > 2 * MAX_DEPTH:
            yield path, f"is too large: at most {MAX_SCHEMAS} schemas, {MAX_DEPTH} deep."
            return
        else:
            yield from _faults(path, found)
            waiting.extend(_inside(path, found))


def _inside(path: Path, schema: dict[str, Any]) -> Iterator[tuple[Path, object]]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from (((*path, "properties", name), inner) for name, inner in properties.items())
    if "items" in schema:
        yield (*path, "items"), schema["items"]


def _faults(path: Path, schema: dict[str, Any]) -> Iterator[Found]:
    for word, value in schema.items():
        fits = WORDS.get(word)
        if fits is None:
            yield (*path, word), f"is not part of the subset, which has: {', '.join(WORDS)}."
        else:
            demand = fits(value)
            if demand:
                yield (*path, word), demand
    for low, high in ORDERED:
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least > most:
            yield (*path, high), f"is below {low}, so that nothing could fit."
    yield from _faults_of_properties(path, schema)
    if not path:
        yield from _faults_of_root(schema)


def _faults_of_properties(path: Path, schema: dict[str, Any]) -> Iterator[Found]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if isinstance(properties, dict) and isinstance(required, list):
        strange = [name for name in required if isinstance(name, str) and name not in properties]
        if strange:
            yield (*path, "required"), f"names {str(strange[0])[:40]!r}, which is not among the properties."


def _faults_of_root(schema: dict[str, Any]) -> Iterator[Found]:
    if schema.get("type", "object") != "object":
        yield ("type",), "must be 'object': variables come by name."
    if schema.get("additionalProperties", False) is not False:
        yield ("additionalProperties",), "must be false: a variable that is not described is an error."
    for word in ("enum", "const", "default"):
        if word in schema:
            yield (word,), "has no place at the top: describe each variable."
    properties = schema.get("properties")
    for name in properties if isinstance(properties, dict) else ():
        if not is_variable_name(name):
            yield ("properties", name), f"is no name for a variable: a word of at most {MAX_NAME} letters, digits or _."


# -- what each word demands: a sentence when it is not met, else nothing ----------------------------------------------


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _is_scalar(value: object) -> bool:
    return value is None or type(value) in (str, int, float, bool)


def _type(value: object) -> str:
    names = value if isinstance(value, list) else [value]
    good = names and all(isinstance(name, str) and name in TYPES for name in names) and len(set(names)) == len(names)
    return "" if good else f"must be one of {', '.join(TYPES)}, or a list of some of them."


def _properties(value: object) -> str:
    return "" if isinstance(value, dict) and "" not in value else "must be an object of schemas by name."


def _required(value: object) -> str:
    good = isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)
    return "" if good else "must be a list of names, each once."


def _boolean(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false."


def _enum(value: object) -> str:
    good = isinstance(value, list) and 1 <= len(value) <= MAX_CHOICES and all(map(_is_scalar, value))
    return "" if good else f"must be a list of 1 to {MAX_CHOICES} texts, numbers, booleans or nulls."


def _const(value: object) -> str:
    return "" if _is_scalar(value) else "must be a text, a number, a boolean or null."


def _length(value: object) -> str:
    good = type(value) is int and 0 <= value <= LARGEST_LENGTH
    return "" if good else f"must be a whole number from 0 to {LARGEST_LENGTH:,}."


def _number(value: object) -> str:
    return "" if _is_number(value) else "must be a number."


def _note(value: object) -> str:
    good = isinstance(value, str) and len(value) <= MAX_NOTE and not UNFIT.search(value)
    return "" if good else f"must be a text of at most {MAX_NOTE:,} characters."


def _examples(value: object) -> str:
    return "" if isinstance(value, list) and len(value) <= 20 else "must be a list of at most 20 values."


def _anything(_value: object) -> str:
    return ""


WORDS: dict[str, Callable[[object], str]] = {
    "type": _type,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _boolean,
    "items": _anything,
    "enum": _enum,
    "const": _const,
    "minLength": _length,
    "maxLength": _length,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _number,
    "exclusiveMaximum": _number,
    "minItems": _length,
    "maxItems": _length,
    "default": _anything,
    "examples": _examples,
    "title": _note,
    "description": _note,
}
