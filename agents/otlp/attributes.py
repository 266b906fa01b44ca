"""Read of a span's attributes what is kept, and count the rest by name."""

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
                name = _families.get(key) or family(key)
                dropped.append(name)
                if name == "documents":
                    self._count_document(key)
                continue
            told, place, how = use
            if how == _LENGTH:
                dropped.append("documents")
            if told in found and places.get(told, -1) <= place:
                continue
            value = attribute.value
            if how == _TEXT:
                read = value.string_value or text_of(value, dropped)
            else:
                read = _number(value, told, dropped) if how == _NUMBER else _length(value)
            if read is not None:
                found[told] = read
                places[told] = place

    def _count_document(self, key: str) -> None:
        """OpenInference sends a list as an attribute for each part of each member: `retrieval.documents.3.…`."""
        place = key[len(_DOCUMENT) :].split(".", 1)[0] if key.startswith(_DOCUMENT) else ""
        if place.isascii() and place.isdigit() and len(place) < 6:
            self.texts["documents"] = max(self.texts.get("documents", 0), int(place) + 1)
            self._places["documents"] = -1


def family(key: str) -> str:
    """The name by which an attribute that is not kept is counted."""
    name = _families.get(key)
    if name is None:
        if len(_families) >= MOST_REMEMBERED:
            _families.clear()
        name = _families[key] = aliases.family(key)
    return name


def text_of(value: Any, dropped: list[str]) -> str | None:
    """A text, None for an empty one; a value that is none is put among what is `dropped`."""
    if not value.HasField("string_value"):
        dropped.append("wrong_type")
    return value.string_value or None


def _number(value: Any, told: str, dropped: list[str]) -> float | None:
    """A number that may be told of this; None for what is none or out of its range, which is put among `dropped`."""
    # In JSON, a number of 64 bits may be a text, and so may one that is none.
    number: float
    if value.HasField("int_value"):
        number = int(value.int_value)
    elif value.HasField("double_value"):
        number = float(value.double_value)
    else:
        dropped.append("wrong_type")
        return None
    least, most, whole = aliases.RANGES[told]
    if not least <= number <= most:
        dropped.append("out_of_range")
        return None
    if not whole:
        return number
    if number % 1:
        dropped.append("wrong_type")
        return None
    return int(number)


def _length(value: Any) -> int | None:
    if value.HasField("array_value"):
        return len(value.array_value.values)
    try:
        return len(msgspec.json.decode(value.string_value or "", type=list[msgspec.Raw]))
    except (msgspec.DecodeError, RecursionError):
        return None
