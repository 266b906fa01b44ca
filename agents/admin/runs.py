"""Runs: the addresses of all pages about what agents did."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from agents.admin import choices_page, compare_page, correlate_page, graph_page, run_page, runs_page
from agents.models import Run
from sentinel.admin_base import Place, ProjectAdmin

# By the name of its address: order, symbol and title in the sidebar, and what shows it.
PAGES = {
    "agents_choices": (31, "alt_route", "Decisions and signals", choices_page.show),
    "agents_correlate": (32, "join_inner", "What goes together", correlate_page.show),
    "agents_compare": (33, "compare_arrows", "Compare versions", compare_page.show),
    "agents_graph": (34, "hub", "Who calls whom", graph_page.show),
}


@admin.register(Run)
class RunAdmin(ProjectAdmin):
    place = Place("Agents", 30, "account_tree", "Runs")
    further_places = tuple(
        Place("Agents", order, icon, title, f"admin:{name}") for name, (order, icon, title, _) in PAGES.items()
    )
    reads = "agents.read"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"{name.removeprefix('agents_')}/", self.admin_site.admin_view(self._shown(view)), name=name)
            for name, (_, _, _, view) in PAGES.items()
        ]
        return [*own, *super().get_urls()]

    def _shown(self, view: Callable[[ProjectAdmin, HttpRequest], HttpResponse]) -> Any:
        return lambda request: view(self, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.access(request).require(self.reads)
        return runs_page.show(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run: Run | None = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if run is None:
            raise Http404
        return run_page.show(self, request, run)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)
