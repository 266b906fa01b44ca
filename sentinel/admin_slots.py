"""This file lets an app put a card of its own on a page of an app to its right, which knows nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Card:
    """What stands in a slot: its template, which finds `told` as `card.told`. `order`: the lowest comes first."""

    template: str
    told: dict[str, Any]
    order: int = 0


# Given the request and what the page is about (None on the first page); None where there is nothing to show.
Filler = Callable[[HttpRequest, Any], Card | None]

_fillers: dict[str, list[Filler]] = {}


def put(slot: str) -> Callable[[Filler], Filler]:
    """Have the function asked for a card whenever a page with this slot is made. Slots: `overview`, `prompt`."""

    def registered(filler: Filler) -> Filler:
        known = _fillers.setdefault(slot, [])
        if filler not in known:
            known.append(filler)
        return filler

    return registered


def cards(slot: str, request: HttpRequest, about: Any = None) -> list[Card]:
    """All that was put into a slot, in order. The queries are those of the fillers."""
    found = [filler(request, about) for filler in _fillers.get(slot, [])]
    return sorted((card for card in found if card is not None), key=lambda card: card.order)
