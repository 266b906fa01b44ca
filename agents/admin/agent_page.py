"""The page of an agent: what waits for it, what it is at, what it knows, and what others are told of it."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from agents.admin.board import count_by_state, first_cards, newest_cards, with_marks
from agents.admin.memory import in_short
from agents.models import Agent, AgentMemory, Handoff
from agents.models.handoff_states import OPEN, Status
from sentinel.admin_base import ProjectAdmin

OPEN_SHOWN = 12
ENDED_SHOWN = 6
MEMORY_SHOWN = 8
ENDS = (Status.COMPLETED, Status.REJECTED, Status.FAILED, Status.CANCELED, Status.EXPIRED)


def show(page: ProjectAdmin, request: HttpRequest, agent: Agent) -> HttpResponse:
    """About six queries, however much it did. `?q=`: what its memory is searched for."""
    access = page.access(request)
    theirs = Handoff.objects.in_project(agent.project_id).filter(to_agent=agent)
    waiting = first_cards(with_marks(theirs.filter(status__in=OPEN)), OPEN_SHOWN)
    counts = count_by_state(agent.project_id, theirs)
    asked = request.GET.get("q", "").strip().replace("\x00", "")[:200]
    card: dict[str, Any] = agent.card or {}
    return page.page(
        request,
        "agents/handoffs/agent.html",
        title=agent.code,
        agent=agent,
        waiting=[it for it in waiting if it.state in OPEN],
        open_count=sum(counts[it] for it in OPEN),
        counts=[(it, counts[it]) for it in (*OPEN, *ENDS)],
        ended=newest_cards(theirs.filter(status__in=ENDS), ENDED_SHOWN),
        memories=[(it, in_short(it.value)) for it in memories(agent, asked)],
        asked=asked,
        card=card,
        may_write=access.may("agents.write"),
    )


def memories(agent: Agent, asked: str) -> list[AgentMemory]:
    """What it knows now, the newest first; each of the words somewhere in its kind, key, scope or value. One query."""
    found = AgentMemory.objects.filter(agent=agent).as_of()
    for word in asked.split()[:10]:
        found = found.filter(
            Q(kind__icontains=word) | Q(key__icontains=word) | Q(scope__icontains=word) | Q(value__icontains=word)
        )
    return list(found.order_by("-valid_from", "-id")[:MEMORY_SHOWN])
