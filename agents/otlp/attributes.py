"""Read of a span's attributes what is kept, and count the rest by name."""

import math
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from agents.otlp import aliases

MOST_REMEMBERED = 10_000
_TEXT, _NUMBER, _LENGTH = range(3)
# By the key of an attribute: what it tells, how far back it stands among those that may tell it, and how it is read.
_USES: dict[str, tuple[str, int, int]] = {
    key: (told, place, how)
    for how, table in ((_TEXT, aliases.TEXTS), (_NUMBER, aliases.NUMBERS), (_LENGTH, aliases.LENGTHS))
    for told, keys in table.items()
    for place, key in enumerate(keys)
}
_families: dict[str, str] = {}
_DOCUMENT = "retrieval.documents."


class Attribute(Protocol):
    """A key and a value that looks as protobuf's `AnyValue` does."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> Any: ...


class Kept:
    """What is read of one span's attributes, by the names of `aliases`."""

    __slots__ = ("_places", "dropped", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, Any] = {}
        self.dropped: list[str] = []
        self._places: dict[str, int] = {}

    def read(self, attributes: Iterable[Attribute]) -> None:
        # Reading a value out of protobuf costs more than all else here: it is not done for what is dropped.
        found, places, dropped = self.texts, self._places, self.dropped
        for attribute in attributes:
            key = attribute.key
            use = _USES.get(key)
            if use is None:
                name = _families.get(key) or _remember(key)
                dropped.append(name)
                if name == "documents":
                    self._count_document(key)
                continue
            told, place, how = use
            if told in found and places.get(told, -1) <= place:
                continue
            value = attribute.value
            read = value.string_value if how == _TEXT else _number(value) if how == _NUMBER else _length(value)
            if read is not None and read != "":
                found[told] = read
                places[told] = place

    def _count_document(self, key: str) -> None:
        """OpenInference sends a list as an attribute for each part of each member: `retrieval.documents.3.…`."""
        place = key[len(_DOCUMENT) :].split(".", 1)[0] if key.startswith(_DOCUMENT) else ""
        if place.isascii() and place.isdigit() and len(place) < 6:
            self.texts["documents"] = max(self.texts.get("documents", 0), int(place) + 1)
            self._places["documents"] = -1


def _remember(key: str) -> str:
    if len(_families) >= MOST_REMEMBERED:
        _families.clear()
    name = _families[key] = aliases.family(key)
    return name


def _number(value: Any) -> float | None:
    # In JSON, a number of 64 bits may be a text, and so may one that is none.
    if value.HasField("int_value"):
        return int(value.int_value)
    if value.HasField("double_value"):
        number = float(value.double_value)
        return number if math.isfinite(number) else None
    return None


def _length(value: Any) -> int | None:
    if value.HasField("array_value"):
        return len(value.array_value.values)
    try:
        return len(msgspec.json.decode(value.string_value, type=list[msgspec.Raw]))
    except (msgspec.DecodeError, RecursionError):
        return None
