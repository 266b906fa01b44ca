"""Say what is wrong with a part of telemetry: a stable code and a pointer, and nothing of what was sent."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from assay.core.errors import AssayError, FieldError

from config.complaints import told

# How msgspec begins its complaint: the code that we give it, and our sentence.
_KINDS = (
    (
        ("Expected `str` matching regex '^(?!0{",),
        "not_hexadecimal",
        "A trace id has 32 hexadecimal digits, a span id 16, not all of them zero.",
    ),
    (
        ("Expected `str` matching", "Expected `str` of length"),
        "not_a_code",
        "A code is 1 to 100 of ASCII letters, digits and . _ : / @ + -, without spaces.",
    ),
    (("Invalid enum value",), "unknown_code", "This is none of the codes of its closed list."),
    (
        (*(f"Expected `{kind}` {sign}" for kind in ("int", "float") for sign in "<>"), "Integer value", "Number out"),
        "out_of_range",
        "This number is out of its range: a share is in [0, 1]; milliseconds are from 0 to 31 days, tokens to 10^10. "
        "JSON has neither NaN nor Infinity.",
    ),
    (
        ("Expected `datetime` with", "Invalid RFC3339"),
        "invalid_time",
        "A time names its day, hour and zone, as in 2026-01-31T12:00:00Z.",
    ),
    (("Expected `array` of length",), "too_many_candidates", "A decision names 50 candidates at most."),
)  # fmt: skip


# How many of the parts of one run that were refused are told one by one.
MOST_TOLD = 20


class Refusals:
    """The parts of one run that were refused: the first twenty, and how many there are more. `codes` counts all."""

    def __init__(self, told: Iterable[FieldError] = ()) -> None:
        self.codes: Counter[str] = Counter()
        self._told: list[FieldError] = []
        for one in told:
            self.add(one)

    def add(self, one: FieldError) -> None:
        self.codes[one.code] += 1
        if len(self._told) < MOST_TOLD:
            self._told.append(one)

    def __iter__(self) -> Iterator[FieldError]:
        yield from self._told
        more = self.codes.total() - len(self._told)
        if more:
            yield FieldError("", "and_more", f"{more} more parts of this run were refused.")


def refusal_of(error: msgspec.ValidationError, prefix: str = "") -> FieldError:
    """msgspec's complaint as a bad field of ours; `prefix` is the pointer of the part that it looked at."""
    sentence = str(error)
    first = told(error).errors[0]
    pointer = prefix + first.pointer[:300]
    for beginnings, code, detail in _KINDS:
        if sentence.startswith(beginnings):
            return FieldError(pointer, code, detail)
    return FieldError(pointer, first.code, first.detail if len(first.detail) <= 300 else "There is no such field.")


def refused(field: FieldError) -> AssayError:
    """The error of exactly this bad field."""
    return AssayError(field.code, field.detail, status=422, errors=[field])


def within(pointer: str, field: FieldError) -> FieldError:
    """The bad field of a part, as seen from the whole."""
    return FieldError(pointer + field.pointer, field.code, field.detail)
