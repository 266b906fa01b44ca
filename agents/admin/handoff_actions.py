"""What a person does with a handoff: one verb for each button."""

from collections.abc import Callable

from assay.core.errors import single
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from agents.find_agent import find_agent
from agents.handoffs.answer_handoff import answer_handoff
from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.reassign_handoff import reassign_handoff
from agents.models import Handoff
from sentinel.admin_base import ProjectAdmin

LONGEST_REASON = 1000
LONGEST_ANSWER = 100_000


def answer(page: ProjectAdmin, request: HttpRequest, handoff: Handoff) -> HttpResponse:
    """Answer what was asked back."""
    said = request.POST.get("answer", "").replace("\r\n", "\n").strip()
    if not said:
        raise single("required", "/answer", "Say something: an empty answer helps nobody.")
    if len(said) > LONGEST_ANSWER:
        raise single("too_long", "/answer", f"An answer may have {LONGEST_ANSWER:,} characters.")
    done = answer_handoff(access=page.access(request), handoff=handoff, answer=said)
    messages.success(request, f"Answered: {done.task_id} waits for {done.to_agent.code} again.")
    return redirect("admin:agents_handoff_change", done.pk)


def cancel(page: ProjectAdmin, request: HttpRequest, handoff: Handoff) -> HttpResponse:
    """Call it off."""
    done = cancel_handoff(access=page.access(request), handoff=handoff, reason=_reason(request))
    messages.success(request, f"{done.task_id} is canceled. What still comes back is kept as late.")
    return redirect("admin:agents_handoff_change", done.pk)


def reassign(page: ProjectAdmin, request: HttpRequest, handoff: Handoff) -> HttpResponse:
    """Give it to another agent."""
    access = page.access(request)
    if not (code := request.POST.get("to_agent", "")):
        raise single("required", "/to_agent", "Choose who is to do it.")
    to_agent = find_agent(access.project_id, code, pointer="/to_agent")
    done = reassign_handoff(access=access, handoff=handoff, to_agent=to_agent, reason=_reason(request))
    messages.success(request, f"{done.task_id} waits for {done.to_agent.code} now.")
    return redirect("admin:agents_handoff_change", done.pk)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:LONGEST_REASON]


ACTIONS: dict[str, Callable[[ProjectAdmin, HttpRequest, Handoff], HttpResponse]] = {
    "answer": answer,
    "cancel": cancel,
    "reassign": reassign,
}
