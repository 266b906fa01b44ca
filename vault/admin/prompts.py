"""Prompts: the list, and the addresses of each one's pages."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_filters import by, by_switch
from vault.admin import prompt_actions, prompt_pages
from vault.models import Label, Prompt
from vault.models.labels import PRODUCTION

PAGES = {
    "versions": prompt_pages.versions,
    "history": prompt_pages.history,
    "try": prompt_actions.try_it,
    "new_version": prompt_actions.new_version,
    "details": prompt_actions.details,
}
ACTIONS = {"move": prompt_actions.move, "take_back": prompt_actions.take_back, "switch": prompt_actions.switch}


@admin.register(Prompt)
class PromptAdmin(ProjectAdmin):
    place = Place("Vault", 10, "edit_note", "Prompts")
    add_title = "New prompt"
    reads = "prompts.read"
    writes = "prompts.write"
    list_display = ("named", "context", "spoken", "score", "uses", "serves")
    list_display_links = None
    list_filter = (
        by("category"),
        by("vertical"),
        by("platform"),
        by("agent_code", "agent"),
        by("language"),
        by_switch("is_active", "state", "in service", "switched off"),
    )
    search_fields = ("name", "technique", "tags")
    search_help_text = "Name, technique or tag"
    ordering = ("-is_active", "-performance_score", "id")

    def get_urls(self) -> list[URLPattern]:
        shown = [
            path(f"<uuid:prompt_id>/{name.replace('_', '-')}/", self._of_prompt(view), name=f"vault_prompt_{name}_page")
            for name, view in PAGES.items()
        ]
        done = [
            path(
                f"<uuid:prompt_id>/{name.replace('_', '-')}/",
                self._of_prompt(view, posts=True),
                name=f"vault_prompt_{name}",
            )
            for name, view in ACTIONS.items()
        ]
        one = path(
            "<uuid:prompt_id>/versions/<str:number>/", self._of_prompt(prompt_pages.version), name="vault_version"
        )
        return [*shown, *done, one, *super().get_urls()]

    def _of_prompt(self, view: Callable[..., HttpResponse], *, posts: bool = False) -> Any:
        def found(request: HttpRequest, prompt_id: UUID, **options: Any) -> HttpResponse:
            if posts and request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(self, request, self._prompt(request, str(prompt_id)), **options)

        return self.admin_site.admin_view(found)

    def _prompt(self, request: HttpRequest, prompt_id: str) -> Prompt:
        prompt: Prompt | None = self.get_object(request, prompt_id) if self.has_view_permission(request) else None
        if prompt is None:
            raise Http404
        return prompt

    def url(self, prompt: Prompt, tab: str = "") -> str:
        """The address of one of a prompt's pages."""
        return reverse(f"admin:vault_prompt_{tab}_page" if tab else "admin:vault_prompt_change", args=[prompt.pk])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return prompt_pages.overview(self, request, self._prompt(request, object_id))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return prompt_actions.new_prompt(self, request)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return prompt_pages.history(self, request, self._prompt(request, object_id))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Prompt]:
        served = Label.objects.filter(prompt=models.OuterRef("pk"), name=PRODUCTION).values("version__number")
        prompts: models.QuerySet[Prompt] = super().get_queryset(request)
        return prompts.annotate(served_number=models.Subquery(served))

    @display(description="Prompt", ordering="name")
    def named(self, prompt: Prompt) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small">{}</span>',
            self.url(prompt),
            prompt.name,
            prompt.technique or "no technique named",
        )

    @display(description="Context", ordering="category")
    def context(self, prompt: Prompt) -> str:
        place = " · ".join(it for it in (prompt.vertical, prompt.platform, prompt.agent_code) if it)
        return format_html(
            '<span class="as-chip">{}</span><br><span class="as-muted as-small">{}</span>', prompt.category, place
        )

    @display(description="Language", ordering="language")
    def spoken(self, prompt: Prompt) -> str:
        return prompt.language

    @display(description="Score", ordering="performance_score")
    def score(self, prompt: Prompt) -> str:
        return format_html(
            '<span class="as-score"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            '<rect class="as-bar-rest" width="100" height="10" rx="5"/><rect class="as-bar-got" width="{}" height="10" '
            'rx="5"/></svg>{}</span>',
            round(prompt.performance_score * 10),
            f"{prompt.performance_score:.2f}",
        )

    @display(description="Used", ordering="times_used")
    def uses(self, prompt: Prompt) -> str:
        return format_html('<span class="as-number">{}</span>', f"{prompt.times_used:,}")

    @display(description="Serves")
    def serves(self, prompt: Any) -> str:
        if not prompt.is_active:
            return format_html('<span class="as-chip">{}</span>', "switched off")
        if prompt.served_number is None:
            return format_html('<span class="as-chip as-chip-bad">{}</span>', "not published")
        return format_html('<span class="as-chip as-chip-good">{}</span>', prompt.served_number)
