"""Handoffs: the board, the list, and the addresses of each one's pages."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.views import ChangeList

from agents.admin import board_page, handoff_actions, handoff_page, new_handoff
from agents.admin.board import as_cards, in_state
from agents.admin.bounded import BoundedPaginator
from agents.admin.by_agent import by_agent
from agents.admin.handoff_words import OUTSIDE, PRIORITY_CHIPS, STATE_CHIPS, STATE_WORDS
from agents.models import Handoff, PayloadType
from agents.models.handoff_states import Priority, Status
from config.templatetags.assay import ago
from sentinel.admin_base import Place, ProjectAdmin


class ByState(SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, label in Status.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        state = self.value()
        return in_state(queryset, Status(state)) if state in Status.values and state else queryset


class ByType(SimpleListFilter):
    title = parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        types = PayloadType.objects.filter(project_id=model_admin.access(request).project_id).order_by("name")
        return [(name, name) for name in types.values_list("name", flat=True).distinct()[:500]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(payload_type__name=self.value()) if self.value() else queryset


class ByPriority(SimpleListFilter):
    title = parameter_name = "priority"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(it.name, it.label) for it in Priority]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        name = self.value()
        return queryset.filter(priority=Priority[name]) if name and name in Priority.names else queryset


class HandoffList(ChangeList):
    """Finds a page of the list first, and then what it says of each."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        cards = {it.pk: it for it in as_cards(Handoff.objects.filter(pk__in=[it.pk for it in self.result_list]))}
        self.result_list = [cards[it.pk] for it in self.result_list]


@admin.register(Handoff)
class HandoffAdmin(ProjectAdmin):
    """The board stands where the list would; the list is beside it."""

    place = Place("Agents", 36, "move_up", "Handoffs")
    add_title = "Hand over"
    reads = "agents.read"
    writes = "agents.write"
    list_display = ("named", "way", "state_now", "urgency", "kind", "age", "due")
    list_display_links = None
    list_filter = (ByState, by_agent("to_agent"), ByType, ByPriority)
    search_fields = ("=task_id", "=context_id", "=run_id")
    search_help_text = "Task, context or run"
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        posts = [
            path(
                f"<uuid:handoff_id>/{name}/",
                site.admin_view(self._of_handoff(view)),
                name=f"agents_handoff_{name}",
            )
            for name, view in handoff_actions.ACTIONS.items()
        ]
        return [path("list/", site.admin_view(self.list_view), name="agents_handoff_list"), *posts, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.access(request).require(self.reads)
        return board_page.show(self, request)

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """Every handoff, by state, agent, type and priority."""
        return super().changelist_view(request, {"title": "All handoffs"})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return handoff_page.show(self, request, self._handoff(request, object_id))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return new_handoff.show(self, request)

    def _of_handoff(self, view: Callable[..., HttpResponse]) -> Any:
        def found(request: HttpRequest, handoff_id: UUID) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(self, request, self._handoff(request, str(handoff_id)))

        return found

    def _handoff(self, request: HttpRequest, object_id: str) -> Handoff:
        found: Handoff | None = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is None:
            raise Http404
        return found

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return HandoffList

    def get_queryset(self, request: HttpRequest) -> Any:
        handoffs: Any = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "agents_handoff_list":
            return handoffs.only("pk")
        return handoffs.judged().select_related("from_agent", "to_agent", "payload_type", "parent")

    @display(description="Handoff")
    def named(self, handoff: Any) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small"><code>{}</code></span>',
            reverse("admin:agents_handoff_change", args=[handoff.pk]),
            handoff.headline or handoff.task_id,
            handoff.task_id,
        )

    @display(description="From → to")
    def way(self, handoff: Handoff) -> str:
        giver = handoff.from_agent.code if handoff.from_agent else OUTSIDE
        return f"{giver} → {handoff.to_agent.code}"

    @display(description="State")
    def state_now(self, handoff: Handoff) -> str:
        state = Status(handoff.state)
        return format_html('<span class="as-chip as-number {}">{}</span>', STATE_CHIPS[state], STATE_WORDS[state])

    @display(description="Priority", ordering="priority")
    def urgency(self, handoff: Handoff) -> str:
        priority = Priority(handoff.priority)
        return format_html('<span class="as-chip {}">{}</span>', PRIORITY_CHIPS[priority], priority.label.lower())

    @display(description="Type")
    def kind(self, handoff: Handoff) -> str:
        return handoff.payload_type.name

    @display(description="Made", ordering="id")
    def age(self, handoff: Handoff) -> str:
        return ago(handoff.created_at)

    @display(description="Due", ordering="deadline")
    def due(self, handoff: Handoff) -> str:
        return f"{handoff.deadline:%-d %b, %H:%M}" if handoff.deadline else "–"
