"""Which session each agent of a trace ran in, whatever was sent of what lies between."""

from collections.abc import Mapping

from agents.otlp.links import Place
from agents.otlp.span import Span


def sessions_of(
    agents: Mapping[str, Span], places: Mapping[str, Place], above_all: str | None
) -> dict[str, str | None]:
    """The session of each agent by its span's id: its own, else that of the nearest agent above it that has one.

    `above_all` is what those take above whom no agent has one.
    """
    found: dict[str, str | None] = {
        span_id: span.session for span_id, span in agents.items() if span.session is not None
    }
    for span_id in agents:
        path: list[str] = []
        at: str | None = span_id
        while at is not None and at not in found:
            path.append(at)
            at = places[at].agent
        found |= dict.fromkeys(path, above_all if at is None else found[at])
    return found
