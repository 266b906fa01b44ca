"""The roster: who hands work to whom, and each agent's own page."""

from typing import Any

from assay.core.errors import AssayError
from django.contrib import admin, messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.views import ChangeList

from agents.admin import agent_page
from agents.admin.agent_form import AgentForm, offered_prompts
from agents.models import Agent, Handoff
from agents.models.handoff_states import OPEN
from agents.save_agent import save_agent
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_filters import by_switch
from sentinel.current_project import current_access


class Roster(ChangeList):
    """The agents, each with how many `open_handoffs` it has. One query more, over what is open."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        opened = Handoff.objects.in_project(current_access(request).project_id).filter(status__in=OPEN)
        counts = dict(opened.order_by().values_list("to_agent").annotate(count=Count("pk")))
        for agent in self.result_list:
            agent.open_handoffs = counts.get(agent.pk, 0)


@admin.register(Agent)
class AgentAdmin(ProjectAdmin):
    place = Place("Agents", 37, "groups", "Roster")
    add_title = "New agent"
    reads = "agents.read"
    writes = "agents.write"
    list_display = ("named", "answers_for", "told_by", "has_open", "state")
    list_display_links = None
    list_filter = (by_switch("is_active", "state", "active", "switched off"),)
    search_fields = ("code", "name", "role")
    search_help_text = "Code, name or role"
    ordering = ("-is_active", "code")

    def get_urls(self) -> list[URLPattern]:
        edit = self.admin_site.admin_view(self.edit_view)
        return [path("<path:object_id>/edit/", edit, name="agents_agent_edit"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("prompt")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return Roster

    @display(description="Agent", ordering="code")
    def named(self, agent: Agent) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small">{}</span>',
            reverse("admin:agents_agent_change", args=[agent.pk]),
            agent.code,
            agent.name,
        )

    @display(description="Answers for", ordering="role")
    def answers_for(self, agent: Agent) -> str:
        return agent.role or "–"

    @display(description="System prompt", ordering="prompt__name")
    def told_by(self, agent: Agent) -> str:
        if agent.prompt is None:
            return "–"
        address = reverse("admin:vault_prompt_change", args=[agent.prompt_id])
        return format_html('<a href="{}" class="as-link">{}</a>', address, agent.prompt.name)

    @display(description="Open")
    def has_open(self, agent: Any) -> str:
        if not agent.open_handoffs:
            return "–"
        address = reverse("admin:agents_handoff_changelist")
        return format_html('<a href="{}?agent={}" class="as-link">{}</a>', address, agent.code, agent.open_handoffs)

    @display(description="State")
    def state(self, agent: Agent) -> str:
        return "active" if agent.is_active else "switched off"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return self._edit(request, Agent(project_id=self.access(request).project_id))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return agent_page.show(self, request, self._agent(request, object_id))

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._edit(request, self._agent(request, object_id))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)

    def _agent(self, request: HttpRequest, object_id: str) -> Agent:
        found: Agent | None = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is None:
            raise Http404
        return found

    def _edit(self, request: HttpRequest, agent: Agent) -> HttpResponse:
        access = self.access(request)
        access.require("agents.write")
        is_new = agent._state.adding
        typed = request.POST if request.method == "POST" else None
        form = AgentForm(typed, agent=agent, prompts=offered_prompts(agent))
        if typed is not None and form.is_valid():
            try:
                saved = save_agent(access=access, agent=form.fill())
            except AssayError as error:
                form.tell(error)
            else:
                messages.success(request, f"{saved.code} is saved.")
                return redirect("admin:agents_agent_change", saved.pk)
        return self.page(
            request,
            "agents/handoffs/agent_form.html",
            title="New agent" if is_new else agent.code,
            form=form,
            agent=None if is_new else agent,
        )
