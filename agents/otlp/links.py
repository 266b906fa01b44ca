"""Which agent each span of a trace belongs to, whatever was sent of what lies between."""

from collections.abc import Iterable, Mapping

from agents.otlp.span import Span


class Place:
    """Where a span stands: the nearest agent above it, and whether a call to a model that counted its tokens encloses
    it below that agent."""

    __slots__ = ("agent", "metered")

    def __init__(self, agent: str | None, metered: bool) -> None:
        self.agent, self.metered = agent, metered


_TOP = Place(None, False)


def places_of(spans: Mapping[str, Span]) -> dict[str, Place]:
    """The place of each span by its id. Links that lead in a circle are cut above its lowest id."""
    places: dict[str, Place] = {}
    cut: set[str] = set()
    for span_id in spans:
        if span_id in places:
            continue
        path: dict[str, None] = {}
        at: str | None = span_id
        while at is not None and at in spans and at not in places:
            if at in path:
                cut.add(_lowest(path, at))
                break
            path[at] = None
            at = None if at in cut else spans[at].parent_id
        _fill(places, spans, cut, path)
    return places


def _lowest(path: Iterable[str], first: str) -> str:
    """The lowest id in the circle that the end of this path makes, which begins at `first`."""
    circle = list(path)
    return min(circle[circle.index(first) :])


def _fill(places: dict[str, Place], spans: Mapping[str, Span], cut: set[str], path: Iterable[str]) -> None:
    """Place the spans of a path from the top down; a circle in it is entered where it was cut."""
    waiting = list(path)
    while waiting:
        left: list[str] = []
        for span_id in reversed(waiting):
            parent_id = None if span_id in cut else spans[span_id].parent_id
            if parent_id is None or parent_id not in spans:
                places[span_id] = _TOP
            elif parent_id in places:
                places[span_id] = _below(spans[parent_id], places[parent_id])
            else:
                left.append(span_id)
        waiting = left[::-1]


def _below(parent: Span, place: Place) -> Place:
    if parent.kind == "agent":
        return Place(parent.span_id, False)
    if not place.metered and parent.kind == "model" and parent.tokens_in is not None:
        return Place(place.agent, True)
    return place
