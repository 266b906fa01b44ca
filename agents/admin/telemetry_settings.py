"""What a project keeps of telemetry and for how long, what there is of it, and what was left out: one page, no list."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from agents.admin.stored import drops_of, months_of, oldest_of, partitions
from agents.models import AgentSettings
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_fields import TextWidget
from sentinel.models import Project

LIST = "admin:agents_agentsettings_changelist"


class SettingsForm(forms.Form):
    retention_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3660,
        label="Keep runs and executions for so many days",
        widget=TextWidget({"inputmode": "numeric", "autocomplete": "off"}),
    )
    keeps_decisions = forms.BooleanField(required=False, label="Keep decisions and quality signals")

    def __init__(self, *given: Any, days: int, **named: Any) -> None:
        """`days`: how many are kept now."""
        super().__init__(*given, **named)
        self.fields["retention_days"].widget.attrs |= {
            "data-confirm-below": days,
            "data-when-empty": settings.RETENTION_DAYS,
            "data-question": "Save? What is older than so many days is deleted soon, and does not come back.",
        }
        self.fields["retention_days"].help_text = (
            f"Empty: as long as this installation keeps what was observed, {settings.RETENTION_DAYS} days. What is "
            "older is deleted, and refused when it is sent."
        )
        self.fields["keeps_decisions"].help_text = (
            "Switched off, they are left out of what comes in, and counted below; runs, steps and failures go on. "
            "Those that are stored stay as long as their runs."
        )


@admin.register(AgentSettings)
class TelemetryAdmin(ProjectAdmin):
    place = Place("Agents", 39, "database", "What is kept")
    reads = "agents.read"
    writes = "keys.manage"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.writes)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """About six queries."""
        access = self.access(request)
        access.require("agents.read")
        project = Project.objects.get(pk=access.project_id)
        kept = AgentSettings.objects.filter(pk=project.pk).first() or AgentSettings(project=project)
        initial = {"retention_days": project.retention_days, "keeps_decisions": kept.keeps_decisions}
        form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial, days=project.days)
        if request.method == "POST" and form.is_valid():
            access.require("keys.manage")
            project.retention_days = form.cleaned_data["retention_days"]
            kept.keeps_decisions = form.cleaned_data["keeps_decisions"]
            with transaction.atomic():
                project.save(update_fields=["retention_days"])
                kept.save()
            self.log_change(request, kept, "Changed.")
            messages.success(request, "Saved. What comes in is judged by it within a second.")
            return redirect(LIST)
        now = timezone.now()
        oldest = oldest_of(access.project_id)
        return self.page(
            request,
            "agents/settings.html",
            title="What is kept",
            form=form,
            kept=kept,
            days=project.days,
            keeps_from=now - timedelta(days=project.days),
            oldest=oldest,
            months=months_of(access.project_id, oldest),
            partitions=partitions() if getattr(request.user, "is_superuser", False) else [],
            drops=drops_of(access.project_id, now.date()),
            may_write=self.has_change_permission(request),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if self.get_object(request, object_id) is None:
            self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect(LIST)
