"""This file lets one see the way that work came: each handoff before this one, and what followed it."""

from dataclasses import dataclass
from typing import Any

from agents.admin.board import as_cards, newest_cards
from agents.models import Handoff

MOST_CHILDREN = 20


@dataclass(frozen=True, slots=True)
class Hop:
    """One handoff of a chain: who got it from whom, and the card of it."""

    card: Any
    is_this: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """From the first hop up to this one; `children` were handed on from here, the newest first."""

    first: str
    hops: list[Hop]
    children: list[Any]
    more: bool


def chain_of(handoff: Handoff) -> Chain:
    """Three queries at most, however long the chain is."""
    above = _above(handoff)
    family = Handoff.objects.in_project(handoff.project_id)
    cards = {card.pk: card for card in as_cards(family.filter(pk__in=[*above, handoff.pk]))}
    hops = [Hop(cards[pk], pk == handoff.pk) for pk in [*above, handoff.pk] if pk in cards]
    children = newest_cards(family.filter(parent=handoff), MOST_CHILDREN + 1)
    giver = hops[0].card.from_agent if hops else None
    return Chain(giver.code if giver else "", hops, children[:MOST_CHILDREN], len(children) > MOST_CHILDREN)


def _above(handoff: Handoff) -> list[Any]:
    """The ids of those before it, the first one first. One query, none where it is the first."""
    if handoff.parent_id is None:
        return []
    ways = ["__".join([*["parent"] * above, "pk"]) for above in range(1, handoff.hop_count)]
    found = Handoff.objects.filter(pk=handoff.pk).values_list(*ways).get()
    return [pk for pk in reversed(found) if pk is not None]
