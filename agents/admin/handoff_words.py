"""How handoffs are said on pages."""

from typing import Any

from agents.models import HandoffEvent
from agents.models.handoff_states import Priority, Status

STATE_CHIPS = {
    Status.PENDING: "",
    Status.IN_PROGRESS: "as-chip-info",
    Status.INPUT_REQUIRED: "as-chip-gold",
    Status.COMPLETED: "as-chip-good",
    Status.REJECTED: "as-chip-bad",
    Status.FAILED: "as-chip-bad",
    Status.CANCELED: "",
    Status.EXPIRED: "as-chip-bad",
}
STATE_WORDS = {Status(value): label.lower() for value, label in Status.choices}
PRIORITY_CHIPS = {
    Priority.URGENT: "as-chip-bad",
    Priority.HIGH: "as-chip-gold",
    Priority.NORMAL: "",
    Priority.LOW: "as-chip-quiet",
}
OUTSIDE = "outside"
EVENTS = {
    "created": "handed it over",
    "confirmed": "took it",
    "completed": "brought back the result",
    "late result": "brought back a result too late",
    "rejected": "turned it down",
    "failed": "told that it failed",
    "canceled": "canceled it",
    "asked": "asked back",
    "answered": "answered",
    "reassigned": "gave it to",
    "returned": "gave it back",
}
# What time did, with nobody there.
BY_ITSELF = {
    "returned": "It went back: its lease ran out",
    "expired": "Its deadline passed",
    "failed": "It failed: no attempt is left",
}
LATE = {
    "lease_lost": "the lease was lost",
    **{state.lower(): f"the handoff was {word} by then" for state, word in STATE_WORDS.items()},
}


def told(event: HandoffEvent) -> dict[str, Any]:
    """An event as a line of the timeline."""
    by_itself = event.actor is None and event.key is None
    facts = event.facts
    return {
        "at": event.created_at,
        "who": "" if by_itself and event.action in BY_ITSELF else _who(event),
        "did": BY_ITSELF.get(event.action, event.action) if by_itself else EVENTS.get(event.action, event.action),
        "more": f"{facts['to']}, not {facts['before']}" if event.action == "reassigned" else "",
        "worker": facts.get("worker", ""),
        "code": facts.get("code", ""),
        "reason": "" if by_itself and event.action == "returned" else event.reason,
        "kind": event.action.replace(" ", "_"),
        "status": Status(event.status).label,
        # Of a result that came late, and of what was given back: the attempt that it was, not the one that is next.
        "attempt": facts.get("attempt", event.attempt),
    }


def _who(event: HandoffEvent) -> str:
    actor = event.actor.get_username() if event.actor else "Somebody who left" if event.key else "The installation"
    return f"{actor}, by the key {event.key.name}" if event.key else actor
