"""Read what a caller sent into a struct, and say where it is off."""

import re
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from assay.core.errors import AssayError, FieldError, single

from config.rest import check_storable

T = TypeVar("T")
# Clocks differ; more than this is a wrong clock.
CLOCK_SKEW = timedelta(minutes=5)
_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]+)`")


def convert_item(value: Any, type_: type[T]) -> T:
    """The JSON value as a `type_`.

    Raises AssayError `invalid` with the pointer of the first thing that does not fit, or `unstorable_value`.
    """
    check_storable(value)
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise told(error) from None


def told(error: msgspec.ValidationError) -> AssayError:
    """msgspec's complaint as an error of ours: its path becomes a JSON pointer."""
    sentence = str(error)
    place = _PLACE.search(sentence)
    pointer = "".join(f"/{name or index}" for name, index in _STEP.findall(place.group(1))) if place else ""
    detail = _PLACE.sub("", sentence)
    code = "wrong_type"
    if field := _FIELD.search(sentence):
        pointer += f"/{field.group(1)}"
        code = "unknown_field" if "unknown field" in sentence else "required"
    return AssayError("invalid", f"{detail}.", status=422, errors=[FieldError(pointer, code, f"{detail}.")])


def time_of(at: datetime | None, *, now: datetime) -> datetime:
    """When it happened; now where it is not said. AssayError for a time without zone or from the future."""
    if at is None:
        return now
    if at.tzinfo is None:
        raise single("invalid_time", "/at", "A time names its zone, as in 2026-01-31T12:00:00Z.")
    if at > now + CLOCK_SKEW:
        raise single("time_in_future", "/at", "This time has not come yet.")
    return min(at, now)
