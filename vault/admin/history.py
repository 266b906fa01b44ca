"""What happened, to be looked at: moves of labels and reports of engagement."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_filters import by
from vault.models import EngagementReport, LabelMove, Prompt


def _prompt_link(prompt: Prompt) -> str:
    address = reverse("admin:vault_prompt_change", args=[prompt.pk])
    return format_html('<a href="{}" class="as-strong">{}</a>', address, prompt.name)


class HistoryAdmin(ProjectAdmin):
    """Read-only, newest first, and never counted: it grows without end."""

    reads = "prompts.read"
    list_display_links = None
    paginator = InfinitePaginator
    show_full_result_count = False
    search_fields = ("prompt__name",)
    search_help_text = "Prompt"


@admin.register(LabelMove)
class MoveAdmin(HistoryAdmin):
    place = Place("Vault", 12, "swap_horiz", "Moves")
    list_display = ("created_at", "prompt_name", "label", "move", "who", "reason")
    list_filter = (by("label"),)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[LabelMove]:
        moves: models.QuerySet[LabelMove] = super().get_queryset(request)
        related = moves.select_related("prompt", "from_version", "to_version", "moved_by", "key")
        return related.defer("from_version__content", "to_version__content")

    @display(description="Prompt", ordering="prompt__name")
    def prompt_name(self, move: LabelMove) -> str:
        return _prompt_link(move.prompt)

    @display(description="From → to")
    def move(self, move: LabelMove) -> str:
        return f"{move.from_version or 'nowhere'} → {move.to_version or 'nowhere'}"

    @display(description="By")
    def who(self, move: Any) -> str:
        return f"{move.moved_by or 'the installation'}{f', key {move.key.name}' if move.key else ''}"


@admin.register(EngagementReport)
class ReportAdmin(HistoryAdmin):
    place = Place("Vault", 13, "monitoring", "Reports")
    list_display = ("created_at", "prompt_name", "version_number", "rate", "seen", "change")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[EngagementReport]:
        reports: models.QuerySet[EngagementReport] = super().get_queryset(request)
        return reports.select_related("prompt", "version").defer("version__content")

    @display(description="Prompt")
    def prompt_name(self, report: EngagementReport) -> str:
        return _prompt_link(report.prompt)

    @display(description="Version", empty_value="not said")
    def version_number(self, report: EngagementReport) -> str | None:
        return report.version.number if report.version else None

    @display(description="Engagement", ordering="engagement_rate")
    def rate(self, report: EngagementReport) -> str:
        return f"{report.engagement_rate:.1%}"

    @display(description="Of")
    def seen(self, report: EngagementReport) -> str:
        return f"{report.impressions:,.0f}"

    @display(description="Score")
    def change(self, report: EngagementReport) -> str:
        return f"{report.score_before:.2f} → {report.score_after:.2f}"
