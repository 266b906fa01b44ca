"""Tell what msgspec complains of as an error of ours, in words for people. No Django."""

import re
from collections.abc import Callable
from itertools import takewhile

import msgspec
from assay.core.errors import AssayError, FieldError

_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]+)`")
_BYTE = re.compile(r"\(byte (\d+)\)$")
# A member of an object whose names are anybody's: msgspec does not say which.
_ANY_MEMBER = "..."

# msgspec's names of what JSON holds, in the order in which several are told.
_NOUNS = {
    "object": "an object",
    "array": "a list",
    "str": "a text",
    "uuid": "a UUID",
    "datetime": "a time",
    "date": "a day",
    "decimal": "a decimal number",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}

_SENTENCES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Expected `([^`]+)`, got `([^`]+)`"), lambda found: _wrong_type(found[1], found[2])),
    (re.compile(r"Object contains unknown field"), lambda _: "There is no such field."),
    (re.compile(r"Object missing required field `([^`]+)`"), lambda found: f"`{found[1]}` is missing."),
    (
        re.compile(r"Expected `(?:int|float|decimal)` ([<>]=?) ([^ ]+)$"),
        lambda found: f"This number must be {_BOUNDS[found[1]]} {_plain(found[2])}.",
    ),
    (
        re.compile(r"Expected `str` of length ([<>]=?) (\d+)"),
        lambda found: f"This text must have {_BOUNDS[found[1]]} {_counted(found[2], 'character')}.",
    ),
    (
        re.compile(r"Expected `(?:array|object)` of length ([<>]=?) (\d+)"),
        lambda found: f"This must have {_BOUNDS[found[1]]} {_counted(found[2], 'member')}.",
    ),
    (re.compile(r"Expected `str` matching"), lambda _: "This text has not the form that it must have."),
    (re.compile(r"Invalid enum value"), lambda _: "This is none of the values that are taken here."),
    (re.compile(r"Invalid value"), lambda _: "This is none of the values that are taken here."),
    (re.compile(r"(?:Integer value|Number) out of range"), lambda _: "This number is larger than any that is taken."),
    (re.compile(r"Invalid UUID"), lambda _: "This is no UUID."),
    (re.compile(r"Invalid decimal"), lambda _: "This is no decimal number."),
    (
        re.compile(r"Expected `datetime` with|Invalid RFC3339"),
        lambda _: "A time names its day, hour and zone, as in 2026-01-31T12:00:00Z.",
    ),
)


def told(error: msgspec.ValidationError) -> AssayError:
    """msgspec's complaint as an error of ours: its path becomes a JSON pointer."""
    sentence = str(error)
    place = _PLACE.search(sentence)
    steps = (name or index for name, index in _STEP.findall(place.group(1))) if place else ()
    pointer = "".join(f"/{step}" for step in takewhile(lambda step: step != _ANY_MEMBER, steps))
    code = "wrong_type"
    if field := _FIELD.search(sentence):
        pointer += f"/{field.group(1)}"
        code = "unknown_field" if "unknown field" in sentence else "required"
    detail = _in_words(_PLACE.sub("", sentence))
    return AssayError("invalid", detail, status=422, errors=[FieldError(pointer, code, detail)])


def told_in_short(error: msgspec.ValidationError) -> str:
    """msgspec's complaint as the end of a sentence: where, and what."""
    field = told(error).errors[0]
    return f"{field.pointer}: {field.detail}" if field.pointer else field.detail


def why_unread(error: Exception) -> str:
    """Why msgspec could not read JSON at all, as the end of a sentence."""
    if isinstance(error, RecursionError):
        return "it is nested too deep."
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8."
    sentence = str(error)
    place = _BYTE.search(sentence)
    where = f" at byte {place[1]}" if place else ""
    if "escape" in sentence or "surrogate" in sentence:
        return f"a text in it has a broken escape{where}, or half of a surrogate pair."
    return f"it breaks{where}." if place else "it breaks off, or ends with half of a surrogate pair."


def _in_words(sentence: str) -> str:
    for pattern, words in _SENTENCES:
        if found := pattern.match(sentence):
            return words(found)
    return f"{sentence}."


def _wrong_type(wanted: str, sent: str) -> str:
    names = wanted.split(" | ")
    if "float" in names:  # of which whole numbers are some
        names = [name for name in names if name != "int"]
    nouns = [noun for name, noun in _NOUNS.items() if name in names]
    if not nouns:
        return "This is of another type than it must be."
    either = " or ".join(filter(None, [", ".join(nouns[:-1]), nouns[-1]]))
    return f"This must be {either}, and is {_NOUNS.get(sent, 'something else')}."


def _counted(number: str, noun: str) -> str:
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def _plain(number: str) -> str:
    return number.removesuffix(".0")
