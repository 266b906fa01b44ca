"""Admit to a run what may be told of it. What may not is counted and left out; nothing here raises."""

from collections.abc import Container
from decimal import Decimal
from numbers import Real
from typing import Any

from assay.core import token
from assay.core.errors import AssayError
from assay.core.execution import DEAREST_USD, MOST_TOKENS
from assay.core.privacy import MOST_METADATA, clean_metadata, is_code
from assay.core.resolve import Resolution
from assay.tracing.drops import Drops
from assay.tracing.items import Metadata

MOST_CANDIDATES = 50
UNNAMED = "unnamed"
"""The code of what was named by something that is no code, where it may not go without one."""


def code(given: Any, drops: Drops, otherwise: str | None = None) -> str | None:
    """Return the code that was given, `otherwise` where none was, or something else."""
    if given is None:
        return otherwise
    if not is_code(given):
        drops.count("not_a_code")
        return otherwise
    return plain(given)


def one_of(given: Any, known: Container[str]) -> str | None:
    """Return what was given as a plain string, None where it is not one of those that are known."""
    if not isinstance(given, str):
        return None
    word = given if type(given) is str else plain(given)
    return word if word in known else None


def hexadecimal(given: Any, digits: int, drops: Drops) -> str | None:
    """Return a trace's or span's id of so many hexadecimal digits, in lower case; None where it is no such thing."""
    if given is None:
        return None
    if is_code(given) and len(given) == digits:
        lowered = plain(given).lower()
        if set(lowered) <= set("0123456789abcdef") and set(lowered) != {"0"}:
            return lowered
    drops.count("not_a_code")
    return None


def plain(text: str) -> str:
    """Return the characters of a string, also where it is of a class of the caller's, an Enum's member perhaps, whose
    other values nobody has looked at."""
    return text if type(text) is str else str.__str__(text)


def candidates(given: Any, drops: Drops) -> list[str] | None:
    """Return the codes among the candidates of a decision, 50 of them at most, None where there are none."""
    if given is None:
        return None
    if not isinstance(given, list | tuple | set | frozenset):
        drops.count("not_a_code")
        return None
    admitted = [plain(candidate) for candidate in given if is_code(candidate)]
    if len(admitted) < len(given):
        drops.count("not_a_code", len(given) - len(admitted))
    if len(admitted) > MOST_CANDIDATES:
        drops.count("too_many", len(admitted) - MOST_CANDIDATES)
        del admitted[MOST_CANDIDATES:]
    return admitted or None


def metadata(given: Any, drops: Drops) -> Metadata | None:
    """Return the part of metadata that may be told, None where there is none."""
    if given is None:
        return None
    if not isinstance(given, dict):
        drops.count("metadata")
        return None
    kept, refused = clean_metadata(given)
    if refused:
        drops.count("metadata", len(refused))
    return {plain(key): _plain_value(value) for key, value in kept.items()} or None


def more_metadata(known: Metadata | None, given: Any, drops: Drops) -> Metadata | None:
    """Return what is known with the part of metadata that may be added to it."""
    together = (known or {}) | (metadata(given, drops) or {})
    surplus = list(together)[MOST_METADATA:]
    if surplus:
        drops.count("metadata", len(surplus))
    return {key: value for key, value in together.items() if key not in surplus} or None


def share(given: Any) -> float | None:
    """Return a number in [0, 1], None for anything else."""
    if type(given) is not float:
        if isinstance(given, bool) or not isinstance(given, Real | Decimal):
            return None
        if isinstance(given, Decimal) and not given.is_finite():  # what is no number must not even be compared
            return None
    return float(given) if 0 <= given <= 1 else None


def tokens(given: Any, drops: Drops, otherwise: int | None) -> int | None:
    """Return a count of tokens, `otherwise` where none was given, or something else."""
    if given is None:
        return otherwise
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= MOST_TOKENS:
        drops.count("out_of_range")
        return otherwise
    return int.__int__(given)


def cost(given: Any, drops: Drops, otherwise: Decimal | None) -> Decimal | None:
    """Return a cost in US dollars, `otherwise` where none was given, or something else."""
    if given is None:
        return otherwise
    dollars = Decimal(-1)
    if isinstance(given, float):
        dollars = Decimal(repr(float.__float__(given)))
    elif isinstance(given, int | Decimal) and not isinstance(given, bool):
        dollars = Decimal(given)
    if not dollars.is_finite() or not 0 <= dollars <= DEAREST_USD:
        drops.count("out_of_range")
        return otherwise
    return round(dollars, 8)


def resolution_id(given: Any, drops: Drops) -> str | None:
    """Return a resolution's id, given the resolution or its id; None for a fallback's."""
    if isinstance(given, Resolution):
        given = given.resolution_id
    if given is None or (isinstance(given, str) and not given):
        return None
    try:
        token.read(given)
    except AssayError:
        drops.count("invalid_resolution")
        return None
    return plain(given)


def _plain_value(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return plain(value)
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)
