"""A batch of items in one body: each is taken or told why not, and a bad one never costs the good ones."""

from collections.abc import Sequence
from typing import Any

import msgspec
from assay.core.errors import AssayError, single
from django.http import HttpRequest

from config.rest import decode_json, json_body

MOST_ITEMS = 1000


class Rejected(msgspec.Struct, frozen=True):
    """An item that was not taken: its place in the batch from 0, its own id, and what is wrong where in it."""

    index: int
    id: str | None
    code: str
    detail: str
    pointer: str


def read_batch(request: HttpRequest, most: int = MOST_ITEMS) -> list[Any]:
    """The items as they were sent, nothing about them checked. Raises AssayError for a body that is no batch."""
    body = decode_json(json_body(request))
    if not isinstance(body, dict):
        raise single("wrong_type", "", "Send an object with `items`.")
    if unknown := [name for name in body if name != "items"]:
        raise single("unknown_field", f"/{unknown[0][:100]}", "There is no such field.")
    items = body.get("items")
    if not isinstance(items, list):
        raise single("required", "/items", "Send a list of items.")
    if len(items) > most:
        raise single("too_many", "/items", f"A batch holds {most} items at most.", status=413)
    return items


def rejected(items: Sequence[Any], place: int, error: AssayError) -> Rejected:
    """Why the item at `place` was not taken."""
    item = items[place]
    id_ = item.get("id") if isinstance(item, dict) else None
    first = error.errors[0] if error.errors else None
    return Rejected(
        index=place,
        id=id_[:100] if isinstance(id_, str) else None,
        code=first.code if first and error.code == "invalid" else error.code,
        detail=first.detail if first else error.detail,
        pointer=first.pointer if first else "",
    )
