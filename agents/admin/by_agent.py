"""What lists are filtered by: an agent of the roster."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest

from agents.models import Agent

MOST_AGENTS = 500


class AgentFilter(SimpleListFilter):
    """One query."""

    title = parameter_name = "agent"
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        agents = Agent.objects.in_project(model_admin.access(request).project_id).order_by("code")
        return [(code, code) for code in agents.values_list("code", flat=True)[:MOST_AGENTS]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{f"{self.field}__code": self.value()}) if self.value() else queryset


def by_agent(field: str) -> type[AgentFilter]:
    """A filter by the agent that a field names."""
    return type(f"ByAgentOf{field}", (AgentFilter,), {"field": field})
