"""What a value may be before any schema is asked: plain JSON, of ordinary size, that every encoding can carry."""

import math
import re
from collections.abc import Iterator
from typing import Any

MAX_TEXT = 1024 * 1024  # characters; a longer one could not be printed
MAX_KEY = 200
MAX_DEPTH = 16
MAX_VALUES = 100_000
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**64 - 1
UNFIT = re.compile("[\x00\ud800-\udfff]")

Path = tuple[object, ...]
Fault = tuple[Path, str]


def is_plain(values: dict[str, Any]) -> bool:
    """Whether `faults_of` finds nothing. Costs about 0.1 µs for each short text or number."""
    for value in values.values():
        kind = type(value)
        if kind is str:
            if "\x00" in value or len(value) > MAX_TEXT or (not value.isascii() and UNFIT.search(value)):
                return False
        elif kind is int:
            if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
                return False
        elif kind is list or kind is dict:
            if _left(value, 0, MAX_VALUES - 1) < 0:
                return False
        elif _fault_of_scalar(value):
            return False
    return True


def _left(container: Any, depth: int, values: int) -> int:
    """How many of so many values are left after those in a list or an object; below 0 when anything is wrong inside."""
    values -= len(container)
    if depth >= MAX_DEPTH or values < 0:
        return -1
    inside = container
    if type(container) is dict:
        if not _are_keys(container):
            return -1
        inside = container.values()
    for value in inside:
        kind = type(value)
        if kind is list or kind is dict:
            values = _left(value, depth + 1, values)
            if values < 0:
                return -1
        elif _fault_of_scalar(value):
            return -1
    return values


def _are_keys(found: dict[Any, Any]) -> bool:
    return all(type(key) is str and len(key) <= MAX_KEY and not UNFIT.search(key) for key in found)


def faults_of(value: object) -> Iterator[Fault]:
    """What is wrong with a value and what is inside it, each with its path and a sentence without a subject."""
    waiting: list[tuple[Path, object]] = [((), value)]
    seen = 0
    while waiting:
        path, found = waiting.pop()
        seen += 1
        if seen > MAX_VALUES:
            yield path[:1], f"holds more than {MAX_VALUES:,} values."
            return
        if type(found) in (list, dict) and len(path) >= MAX_DEPTH:
            yield path[:1], f"is nested more than {MAX_DEPTH} deep."
        elif type(found) is list:
            waiting.extend(((*path, index), item) for index, item in enumerate(found[: MAX_VALUES + 1]))
        elif type(found) is dict:
            if not _are_keys(found):
                yield path, f"has a key that is not a text of at most {MAX_KEY} characters."
            else:
                waiting.extend(((*path, key), item) for key, item in found.items())
        else:
            sentence = _fault_of_scalar(found)
            if sentence:
                yield path, sentence


def is_small(value: object, limit: int = 2_000) -> bool:
    """Whether a plain value holds at most so many values."""
    waiting, seen = [value], 0
    while waiting:
        found = waiting.pop()
        inside = found if isinstance(found, list) else list(found.values()) if isinstance(found, dict) else []
        seen += len(inside)
        if seen > limit:
            return False
        waiting.extend(inside)
    return True


def _fault_of_scalar(value: object) -> str:
    if type(value) is str:
        if len(value) > MAX_TEXT:
            return f"is longer than {MAX_TEXT:,} characters."
        return "holds NUL or half of a surrogate pair." if UNFIT.search(value) else ""
    if type(value) is int:
        return "" if SMALLEST_INTEGER <= value <= LARGEST_INTEGER else "is a whole number of more than 64 bits."
    if type(value) is float:
        return "" if math.isfinite(value) else "is not a finite number."
    if value is None or type(value) is bool:
        return ""
    return f"is a {type(value).__name__[:40]}, which JSON does not know."
