"""One rendering under way: what it reads, what it has written, and how much it may still do."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from assay.core.errors import AssayError, single

OUTPUT_LIMIT = 1024 * 1024  # bytes of UTF-8
MAX_STEPS = 5_000_000
MAX_LOOP = 1_000
LARGEST_NUMBER = 2**64


class Where(NamedTuple):
    """What an error is about: as the template writes it, and the JSON pointer of the variable it comes from."""

    text: str
    pointer: str


class Run:
    """The state of one rendering. `slots` hold the loop variables, at most two loops deep."""

    __slots__ = ("limit", "parts", "size", "slots", "steps", "values")

    def __init__(self, values: Mapping[str, Any], limit: int) -> None:
        self.values = values
        self.limit = limit
        self.parts: list[str] = []
        self.size = 0
        self.steps = 0
        self.slots: list[Any] = [None, None, None, None]

    def write(self, text: str) -> None:
        """Add to the output; raises `output_too_large` as soon as it is. (Characters: never more than its bytes.)"""
        self.size += len(text)
        if self.size > self.limit:
            raise too_large()
        self.parts.append(text)

    def spend(self, steps: int) -> None:
        """Account for work that writes nothing; raises `template_too_slow` when it is too much. One is about 0.1 µs."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise AssayError("template_too_slow", "The template's loops take too long with these variables.")


Read = Callable[[Run], Any]
Step = Callable[[Run], None]


def too_large() -> AssayError:
    """The error `output_too_large`."""
    return AssayError("output_too_large", "What the template makes of these variables is larger than 1 MiB.")


def bad_value(where: Where, detail: str) -> AssayError:
    """The error `invalid_variable`, which names what the template reads."""
    return single("invalid_variable", where.pointer, f"{where.text} {detail}")


def missing(where: Where) -> AssayError:
    """The error `missing_variable`, which names what the template reads."""
    return single("missing_variable", where.pointer, f"{where.text} is not there.")


def text_of(value: object, where: Where) -> str:
    """A value as it is printed: nothing for null, Python's own form of a number or a boolean.

    Raises `invalid_variable` for a list or an object, which `join` and `tojson` print.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value):
        return str(value)
    if isinstance(value, int) and -LARGEST_NUMBER < value < LARGEST_NUMBER:
        return str(value)
    if isinstance(value, (list, dict)):
        raise bad_value(where, "is a list or an object; print it with join or tojson.")
    raise bad_value(where, "cannot be printed.")
