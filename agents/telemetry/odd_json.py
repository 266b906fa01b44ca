"""Read JSON that msgspec does not read, though others write it: the slower way, for what is odd alone."""

import json
from typing import Any

from assay.core.errors import AssayError, single

TOO_DEEP = "This is nested too deep: a run holds lists of objects, and their metadata holds neither lists nor objects."
# Beyond what any number of telemetry may be.
_BEYOND = 10**1000
_INFINITE = float("inf")


def read_odd_json(raw: bytes) -> Any:
    """The value of this JSON, as far as it matters: whoever looks at it refuses what is odd about it, where it stands.

    Half a surrogate pair becomes `?`, which no code has in it; NaN, Infinity (no JSON, but Python writes them by
    itself) and what is beyond all floats become infinite. Raises AssayError: 400 `invalid_json`, with the place, and
    422 `too_deep`.
    """
    try:
        return _sound(json.loads(raw.decode(), parse_constant=lambda _: _INFINITE, parse_int=_whole))
    except json.JSONDecodeError as error:
        raise no_json(error.lineno, error.colno) from None
    except UnicodeDecodeError as error:
        raise AssayError("invalid_json", f"JSON is UTF-8, and byte {error.start + 1} is not.", status=400) from None
    except RecursionError:
        raise too_deep() from None


def no_json(line: int, column: int) -> AssayError:
    """What is said of JSON that breaks at this place, counted from 1."""
    return AssayError("invalid_json", f"This is no valid JSON: see line {line}, column {column}.", status=400)


def too_deep() -> AssayError:
    """What is said of JSON with more within each other than anything can take apart."""
    return single("too_deep", "", TOO_DEEP)


def _whole(text: str) -> int:
    # Of thousands of digits Python makes no number; `int` of so many takes long, too.
    return int(text) if len(text) < 1000 else _BEYOND


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_sound(key): _sound(one) for key, one in value.items()}
    return [_sound(one) for one in value] if isinstance(value, list) else value
