"""Tell what msgspec complains of as an error of ours. No Django."""

import re

import msgspec
from assay.core.errors import AssayError, FieldError

_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]+)`")


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
