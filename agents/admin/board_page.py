"""The board of handoffs."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents.admin.board import OVERDUE_SHOWN, Asked, board, choices, read_asked
from agents.models.handoff_states import Priority
from sentinel.admin_base import ProjectAdmin


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """About ten queries, however many handoffs there are."""
    access = page.access(request)
    agents, types = choices(access.project_id)
    asked = read_asked(request.GET.dict(), agents, types)
    found = board(access.project_id, asked, agents)
    pressing = [*found.overdue, *found.missed]
    return page.page(
        request,
        "agents/handoffs/board.html",
        title="Handoffs",
        board=found,
        pressing=pressing[:OVERDUE_SHOWN],
        more_pressing=len(pressing) > OVERDUE_SHOWN,
        selects=_selects(asked, list(agents), types),
        asked=asked,
        as_of=timezone.now(),
        may_write=access.may("agents.write"),
    )


def _selects(asked: Asked, agents: list[str], types: list[str]) -> list[dict[str, Any]]:
    chosen = asdict(asked)
    priorities = [(it.name, it.label) for it in Priority]
    return [
        {"name": "agent", "title": "Agent", "choices": [(it, it) for it in agents], "chosen": chosen["agent"]},
        {"name": "task_type", "title": "Type", "choices": [(it, it) for it in types], "chosen": chosen["task_type"]},
        {"name": "priority", "title": "Priority", "choices": priorities, "chosen": chosen["priority"]},
    ]
