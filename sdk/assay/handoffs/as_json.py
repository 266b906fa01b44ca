"""Write what is sent as JSON, and refuse what JSON has no word for instead of sending something else."""

import math
from typing import Any

import msgspec

from assay.core.errors import AssayError, FieldError, pointer_of


def as_json(body: dict[str, Any]) -> bytes:
    """The body as it is sent. Raises AssayError `invalid_json`, with a pointer to a number that is NaN or infinite:
    an encoder would write null for it, and nobody would ever know."""
    try:
        plain = msgspec.to_builtins(body, str_keys=True)
        place = _odd_number(plain, ())
        if place is None:
            return msgspec.json.encode(plain)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise AssayError("invalid_json", f"This cannot be sent as JSON: {type(error).__name__}.") from None
    told = "This cannot be sent as JSON: a number in it is not finite."
    raise AssayError("invalid_json", told, errors=[FieldError(pointer_of(place), "invalid_json", told)])


def _odd_number(value: Any, place: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Where the first number that is not finite lies; None where all are."""
    if isinstance(value, float):
        return None if math.isfinite(value) else place
    if not isinstance(value, dict | list | tuple):
        return None
    members = value.items() if isinstance(value, dict) else enumerate(value)
    found = (_odd_number(member, (*place, key)) for key, member in members)
    return next((each for each in found if each is not None), None)
