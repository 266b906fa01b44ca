"""The page of a handoff: where it stands, what it is, what became of it, and what a person can do."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents.admin.board import SOON, newest_cards
from agents.admin.handoff_chain import chain_of
from agents.admin.handoff_offers import offers
from agents.admin.handoff_words import LATE, PRIORITY_CHIPS, STATE_CHIPS, told
from agents.admin.readable import as_json, readable
from agents.models import Handoff, HandoffResult
from agents.models.handoff_states import OPEN, Priority, Status
from sentinel.admin_base import ProjectAdmin

EVENTS_SHOWN = 100
OTHERS_SHOWN = 8
RESULTS_SHOWN = 20
TIMES = ("asked_at", "answered_at")
TONES = {
    Status.IN_PROGRESS: "info",
    Status.INPUT_REQUIRED: "gold",
    Status.COMPLETED: "good",
    Status.REJECTED: "bad",
    Status.FAILED: "bad",
    Status.EXPIRED: "bad",
}

STANDING = {
    Status.PENDING: "It waits for {}.",
    Status.IN_PROGRESS: "{} is at work on it.",
    Status.INPUT_REQUIRED: "{} asks something, and waits for the answer.",
    Status.COMPLETED: "{} brought back a result.",
    Status.REJECTED: "{} turned it down.",
    Status.FAILED: "It failed with {}.",
    Status.CANCELED: "It was called off.",
    Status.EXPIRED: "The deadline passed before {} was done.",
}
# What time has made of work that somebody had taken, before a worker has written it down.
LAPSED = {
    Status.PENDING: "The lease of {} ran out: it waits again.",
    Status.FAILED: "The last lease of {} ran out: it failed.",
}


def show(page: ProjectAdmin, request: HttpRequest, handoff: Handoff) -> HttpResponse:
    """About nine queries, however much became of it. `handoff` is judged."""
    access = page.access(request)
    in_context = Handoff.objects.in_project(handoff.project_id).filter(context_id=handoff.context_id)
    events = handoff.events.select_related("actor", "key").order_by("-id")[: EVENTS_SHOWN + 1]
    now = timezone.now()
    chain = chain_of(handoff)
    drawn = [card.pk for card in (*(hop.card for hop in chain.hops), *chain.children)]
    others = newest_cards(in_context.exclude(pk__in=drawn), OTHERS_SHOWN + 1)
    this = next(hop.card for hop in chain.hops if hop.is_this)
    return page.page(
        request,
        "agents/handoffs/handoff.html",
        title=this.headline or handoff.task_id,
        handoff=handoff,
        headline=this.headline or handoff.task_id,
        state=Status(handoff.state),
        state_chip=STATE_CHIPS[Status(handoff.state)],
        tone="bad" if this.lapsed else TONES.get(Status(handoff.state), "plain"),
        priority=Priority(handoff.priority),
        priority_chip=PRIORITY_CHIPS[Priority(handoff.priority)],
        standing=standing(handoff),
        due=_due(handoff, now),
        is_open=handoff.state in OPEN,
        offers=offers(handoff, access),
        question=readable(handoff.inputs[-1]["question"]) if handoff.state == Status.INPUT_REQUIRED else [],
        inputs=[_input(it) for it in handoff.inputs],
        payload=readable(handoff.payload, handoff.payload_type.schema),
        payload_json=as_json(handoff.payload),
        results=_results(handoff),
        chain=chain,
        events=[told(event) for event in events[:EVENTS_SHOWN]],
        more_events=len(events) > EVENTS_SHOWN,
        others=others[:OTHERS_SHOWN],
        more_others=len(others) > OTHERS_SHOWN,
        may_write=access.may("agents.write"),
    )


def standing(handoff: Handoff) -> str:
    """Where it stands, as a sentence."""
    agent = handoff.to_agent.code
    if handoff.status == Status.IN_PROGRESS and handoff.state in LAPSED:
        return LAPSED[Status(handoff.state)].format(agent)
    return STANDING[Status(handoff.state)].format(agent)


def _due(handoff: Handoff, now: datetime) -> str:
    """How much the deadline presses, as the colour of a chip."""
    if handoff.deadline is None or handoff.state not in (*OPEN, Status.EXPIRED):
        return ""
    return "bad" if handoff.deadline <= now else "gold" if handoff.deadline - now < SOON else ""


def _input(asked: dict[str, Any]) -> dict[str, Any]:
    """A question and its answer, to be read; times as such."""
    times = {name: datetime.fromisoformat(asked[name]) if asked.get(name) else None for name in TIMES}
    return times | {
        "question": readable(asked.get("question")),
        "answer": readable(asked["answer"]) if asked.get("answered_at") else [],
    }


def _results(handoff: Handoff) -> list[dict[str, Any]]:
    """What came back: in time first, then what came late, the newest of it."""
    kept = HandoffResult.objects.filter(handoff=handoff).order_by("late", "-id")[:RESULTS_SHOWN]
    return [
        {
            "kept": it,
            "why": LATE.get(it.late_reason, it.late_reason),
            "parts": readable(it.result),
            "json": as_json(it.result),
        }
        for it in kept
    ]
