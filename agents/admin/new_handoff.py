"""Hand work over by hand: choose what it is, then say what is asked for, and of whom."""

from assay.core.errors import AssayError
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from agents.admin.handoff_form import HandoffForm, like
from agents.handoffs.create_handoff import create_handoff
from agents.handoffs.find_handoff import find_handoff
from agents.handoffs.find_payload_type import find_payload_type
from agents.models import Agent, Handoff, PayloadType
from sentinel.access import Access
from sentinel.admin_base import ProjectAdmin

MOST_TYPES = 100
MOST_AGENTS = 500


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """`?type=`: what it is; `?again=`: like that one; `?after=`: what passes that one on."""
    access = page.access(request)
    access.require("agents.write")
    again, after = (_named(access, request.GET.get(name, "")) for name in ("again", "after"))
    name = again.payload_type.name if again else request.GET.get("type", "")
    if not name:
        return _choose(page, request, access, after)
    payload_type = find_payload_type(access.project_id, name)
    agents = list(Agent.objects.in_project(access.project_id).active()[:MOST_AGENTS])
    initial = like(again, payload_type) if again else {"to_agent": request.GET.get("to", "")}
    typed = request.POST if request.method == "POST" else None
    form = HandoffForm(typed, payload_type=payload_type, agents=agents, after=after, initial=initial)
    if typed is not None and form.is_valid():
        try:
            made = create_handoff(access=access, task_type=name, **form.fields_of(agents))
        except AssayError as error:
            form.tell(error)
        else:
            messages.success(request, f"{made.task_id} waits for {made.to_agent.code}.")
            return redirect("admin:agents_handoff_change", made.pk)
    return page.page(
        request,
        "agents/handoffs/new.html",
        title="Hand over",
        form=form,
        payload_type=payload_type,
        after=after,
        again=again,
    )


def _named(access: Access, task_id: str) -> Handoff | None:
    return find_handoff(access.project_id, task_id) if task_id else None


def _choose(page: ProjectAdmin, request: HttpRequest, access: Access, after: Handoff | None) -> HttpResponse:
    types = PayloadType.objects.filter(project_id=access.project_id)
    shown = types.order_by("name", "-version").distinct("name")[:MOST_TYPES]
    return page.page(request, "agents/handoffs/choose_type.html", title="Hand over", types=shown, after=after)
