"""Runs: the addresses of all pages about what agents did."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from agents.admin import run_page, runs_page
from agents.models import Run
from sentinel.admin_base import Place, ProjectAdmin


@admin.register(Run)
class RunAdmin(ProjectAdmin):
    place = Place("Agents", 30, "account_tree", "Runs")
    reads = "agents.read"

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
