"""Admit to a run what may be told of it. What may not is counted and left out; nothing here raises."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from assay.core import token
from assay.core.errors import AssayError
from assay.core.privacy import MOST_METADATA, Metadata, clean_metadata, is_code
from assay.core.resolve import Resolution
from assay.tracing.drops import Drops

MOST_CANDIDATES = 50
MOST_NAMED = 5
"""Keys of metadata that a warning names."""

UNNAMED = "unnamed"
"""The code of what was named by something that is no code, where it may not go without one."""

PRIMITIVE = frozenset({str, int, float, bool, type(None)})


def of(given: object, *kinds: type) -> bool:
    """Return whether it truly is of one of these classes. A mock says so of whatever it stands in for."""
    return issubclass(type(given), kinds)


def plain(given: Any) -> str | None:
    """Return the characters of a string, also where it is of a class of the caller's, an Enum's member perhaps, whose
    other values nobody has looked at; None of what is no string."""
    if type(given) is str:
        return given
    return str.__str__(given) if of(given, str) else None


def code(given: Any, drops: Drops, field: str, otherwise: str | None = None) -> str | None:
    """Return the code that was given as this field, `otherwise` where none was, or something else."""
    if given is None:
        return otherwise
    word = given if type(given) is str else plain(given)  # most often it is, and that costs no call
    if is_code(word):
        return word
    drops.count("not_a_code", field=field)
    return otherwise


def one_of(given: Any, known: Container[str]) -> str | None:
    """Return what was given as a plain string, None where it is not one of those that are known."""
    word = given if type(given) is str else plain(given)
    return word if word is not None and word in known else None


def pair(given_type: Any, given_code: Any, known: Mapping[str, Container[str]]) -> tuple[str, str] | None:
    """Return a type and a code that belongs to it, None where they are not known as a pair."""
    kind = one_of(given_type, known)
    word = one_of(given_code, known[kind]) if kind is not None else None
    return (kind, word) if kind is not None and word is not None else None


def hexadecimal(given: Any, digits: int, drops: Drops, field: str) -> str | None:
    """Return a trace's or span's id of so many hexadecimal digits, in lower case; None where it is no such thing."""
    if given is None:
        return None
    lowered = (plain(given) or "").lower()
    if len(lowered) == digits and set(lowered) <= set("0123456789abcdef") and set(lowered) != {"0"}:
        return lowered
    drops.count("not_a_code", field=field)
    return None


def candidates(given: Any, drops: Drops) -> list[str] | None:
    """Return the codes among the candidates of a decision, 50 of them at most, None where there are none."""
    if given is None:
        return None
    kind = next((kind for kind in (list, tuple, set, frozenset) if of(given, kind)), None)
    if kind is None:
        drops.count("not_a_code", field="candidates")
        return None
    # All of them at once, by the class's own way: another thread may be at them.
    words = [each if type(each) is str else plain(each) for each in list(kind.__iter__(given))]
    admitted = [word for word in words if word is not None and is_code(word)]
    if len(admitted) < len(words):
        drops.count("not_a_code", len(words) - len(admitted), "candidates")
    if len(admitted) > MOST_CANDIDATES:
        drops.count("too_many", len(admitted) - MOST_CANDIDATES, "candidates")
        del admitted[MOST_CANDIDATES:]
    return admitted or None


def metadata(given: Any, drops: Drops) -> Metadata | None:
    """Return the part of metadata that may be told, None where there is none."""
    if given is None:
        return None
    if not of(given, dict):
        drops.count("metadata", field="metadata")
        return None
    # A copy, made at once: another thread may be at it. What is judged is what is told, and no class of the caller's.
    copied = dict.copy(given)
    named = {
        word: value if type(value) in PRIMITIVE else _plain_value(value)
        for key, value in copied.items()
        if (word := key if type(key) is str else plain(key)) is not None
    }
    kept, refused = clean_metadata(named)
    if refused or len(named) < len(copied):
        drops.count(
            "metadata", len(refused) + len(copied) - len(named), _named(key for key in named if key not in kept)
        )
    return kept or None


def more_metadata(known: Metadata | None, given: Any, drops: Drops) -> Metadata | None:
    """Return what is known with the part of metadata that may be added to it."""
    together = (known or {}) | (metadata(given, drops) or {})
    surplus = list(together)[MOST_METADATA:]
    if surplus:
        drops.count("metadata", len(surplus), _named(surplus))
    return {key: value for key, value in together.items() if key not in surplus} or None


def resolution_id(given: Any, drops: Drops) -> str | None:
    """Return a resolution's id, given the resolution or its id; None for a fallback's."""
    if of(given, Resolution):
        given = given.resolution_id
    if given is None:
        return None
    text = plain(given)
    if text == "":
        return None
    try:
        token.read(text or "none")
    except AssayError:
        drops.count("invalid_resolution", field="resolution")
        return None
    return text


def _named(keys: Iterable[str]) -> str:
    """The metadata, with some of these keys of it: those that are codes, which may be told."""
    codes = sorted(key for key in keys if is_code(key))[:MOST_NAMED]
    return f"metadata[{', '.join(codes)}]" if codes else "metadata"


def _plain_value(value: Any) -> Any:
    """What is of a primitive's class as nothing but that; of anything else something that is no primitive."""
    if of(value, str):
        return plain(value)
    if of(value, int):
        return int.__int__(value)
    return float.__float__(value) if of(value, float) else ()
