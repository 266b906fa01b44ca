"""What is wrong with JSON is said in words, whichever library found it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from assay.core.errors import AssayError

from config.complaints import told, told_in_short
from config.rest import decode_json


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """One field of each kind."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=10)]
    kind: Literal["a", "b"] = "a"
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    count: Annotated[int, msgspec.Meta(gt=0)] = 1
    cost: Decimal | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    id: UUID | None = None
    flag: bool = False
    more: Annotated[list[int | str], msgspec.Meta(max_length=2)] = []
    named: dict[str, int | float] = {}


WRONG: list[tuple[Any, str, str]] = [
    ({}, "/name", "`name` is missing."),
    ({"name": "a", "colour": 1}, "/colour", "There is no such field."),
    ({"name": 1}, "/name", "This must be a text, and is a whole number."),
    ({"name": ""}, "/name", "This text must have at least 1 character."),
    ({"name": "a" * 11}, "/name", "This text must have at most 10 characters."),
    ({"name": "a", "kind": "c"}, "/kind", "This is none of the values that are taken here."),
    ({"name": "a", "share": "x"}, "/share", "This must be a number or null, and is a text."),
    ({"name": "a", "share": 1.5}, "/share", "This number must be at most 1."),
    ({"name": "a", "count": 0}, "/count", "This number must be at least 1."),
    ({"name": "a", "cost": "x"}, "/cost", "This is no decimal number."),
    ({"name": "a", "at": "x"}, "/at", "A time names its day, hour and zone, as in 2026-01-31T12:00:00Z."),
    (
        {"name": "a", "at": "2026-01-31T12:00:00"},
        "/at",
        "A time names its day, hour and zone, as in 2026-01-31T12:00:00Z.",
    ),
    ({"name": "a", "id": "x"}, "/id", "This is no UUID."),
    ({"name": "a", "flag": 1}, "/flag", "This must be true or false, and is a whole number."),
    ({"name": "a", "more": [1, 2, 3]}, "/more", "This must have at most 2 members."),
    ({"name": "a", "more": [1, {}]}, "/more/1", "This must be a text or a whole number, and is an object."),
    ({"name": "a", "named": {"x": None}}, "/named", "This must be a number, and is null."),
    ([], "", "This must be an object, and is a list."),
]


@pytest.mark.parametrize("place", range(len(WRONG)))
def test_it_says_what_should_be_there(place: int) -> None:
    value, pointer, sentence = WRONG[place]
    for read in (
        lambda: msgspec.json.decode(msgspec.json.encode(value), type=Sent),
        lambda: msgspec.convert(value, Sent),
    ):
        with pytest.raises(msgspec.ValidationError) as found:
            read()
        error = told(found.value)
        assert [(one.pointer, one.detail) for one in error.errors] == [(pointer, sentence)]
        assert error.detail == sentence
        assert told_in_short(found.value) == (f"{pointer}: {sentence}" if pointer else sentence)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"a": }', "it breaks at byte 6."),
        (b'{"a": NaN}', "it breaks at byte 6."),
        (b'{"a": 1', "it breaks off, or ends with half of a surrogate pair."),
        (b'{"a": "\\ud800 and more"}', "a text in it has a broken escape at byte 13, or half of a surrogate pair."),
        (b'{"a": "\xff"}', "it is not UTF-8."),
        (b"[" * 100_000, "it is nested too deep."),
    ],
)
def test_it_says_why_json_cannot_be_read(body: bytes, sentence: str) -> None:
    with pytest.raises(AssayError) as found:
        decode_json(body)
    assert (found.value.code, found.value.status) == ("invalid_json", 400)
    assert found.value.detail == f"The body cannot be read as JSON: {sentence}"
