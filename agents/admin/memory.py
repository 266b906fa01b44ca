"""What agents remember: searched by agent, kind, key, scope and the time at which it holds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from agents.admin.bounded import BoundedPaginator
from agents.admin.by_agent import by_agent
from agents.admin.readable import as_json, readable
from agents.models import AgentMemory
from config.templatetags.assay import ago
from sentinel.admin_base import Place, ProjectAdmin

EARLIER_SHOWN = 20
MOST_LEAVES, LONGEST = 20, 140
# What every memory of a handoff says: the first are its key and its agents, the others come last.
SAID_ABOVE = ("task_id", "from_agent", "to_agent")
USUAL = ("status", "priority", "task_type")
LATELY_WRITTEN = 5000


class ByKind(SimpleListFilter):
    """Of the kinds that were written lately; another one works in the address, too. One query."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        memories = AgentMemory.objects.in_project(model_admin.access(request).project_id).order_by("-id")
        kinds = {*memories.values_list("kind", flat=True)[:LATELY_WRITTEN], *filter(None, [self.value()])}
        return [(kind, kind) for kind in sorted(kinds)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ByTime(SimpleListFilter):
    """What held at a moment of UTC."""

    title, parameter_name = "valid at", "at"
    # Said with an input of this type, beside the list's selects.
    input_type = "datetime-local"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "now")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "now":
            return queryset.as_of()
        at = moment(self.value() or "")
        return queryset.as_of(at) if at is not None else queryset


def moment(typed: str) -> datetime | None:
    """A day and a time of UTC as a browser sends it; None for anything else."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        return None
    if not 1970 <= at.year < 3000:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@admin.register(AgentMemory)
class AgentMemoryAdmin(ProjectAdmin):
    place = Place("Agents", 38, "psychology", "Memory")
    reads = "agents.read"
    list_display = ("named", "of_agent", "where", "since", "until")
    list_display_links = None
    list_filter = (by_agent("agent"), ByKind, ByTime)
    search_fields = ("key", "scope", "value")
    search_help_text = "Key, scope or what it says"
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("agent")

    @display(description="What")
    def named(self, memory: AgentMemory) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a> <span class="as-chip">{}</span><br>'
            '<span class="as-muted as-small">{}</span>',
            reverse("admin:agents_agentmemory_change", args=[memory.pk]),
            memory.key,
            memory.kind,
            in_short(memory.value),
        )

    @display(description="Agent", ordering="agent__code")
    def of_agent(self, memory: AgentMemory) -> str:
        return memory.agent.code

    @display(description="Scope", ordering="scope")
    def where(self, memory: AgentMemory) -> str:
        return format_html("<code>{}</code>", memory.scope)

    @display(description="Since", ordering="valid_from")
    def since(self, memory: AgentMemory) -> str:
        return format_html('<span class="as-number">{}</span>', ago(memory.valid_from))

    @display(description="Until")
    def until(self, memory: AgentMemory) -> str:
        if memory.valid_to is None:
            return "–"
        return format_html('<span class="as-number">{}</span>', f"{memory.valid_to:%-d %b %Y, %H:%M}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One thing that an agent knows, and what it knew before."""
        found: AgentMemory | None = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is None:
            raise Http404
        same = AgentMemory.objects.filter(agent=found.agent, kind=found.kind, key=found.key, scope=found.scope)
        return self.page(
            request,
            "agents/handoffs/memory.html",
            title=found.key,
            memory=found,
            parts=readable(found.value),
            json=as_json(found.value),
            all_of_it=same.exclude(pk=found.pk).order_by("-valid_from", "-id")[:EARLIER_SHOWN],
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)


def in_short(value: Any) -> str:
    """The beginning of what is remembered, in a line: what differs from one to the next first."""
    leaves = list(_leaves(value))[:MOST_LEAVES]
    leaves.sort(key=lambda leaf: leaf[0] in USUAL)
    said = " · ".join(f"{name} {word}".strip() for name, word in leaves)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, it in value.items():
            if inner not in SAID_ABOVE:
                yield from _leaves(it, inner)
    elif isinstance(value, list):
        for it in value[:3]:
            yield from _leaves(it, name)
    elif value not in (None, ""):
        yield name, value if isinstance(value, str) else as_json(value)
