"""Experiments: the list, and the addresses of each one's pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.db.models import Case, OrderBy, Q, Value, When
from django.db.models.fields.json import KT
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from experiments.admin import draft_page, experiment_actions, experiment_page
from experiments.admin.words import OUTCOMES, STATUS_CHIPS
from experiments.models import Experiment, Snapshot
from experiments.models.experiments import Status
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_filters import by

# Who needs a person comes first, then what goes on, then what may, then what is over.
RANK = Case(
    When(Q(status__in=[Status.RUNNING, Status.PAUSED]) & (Q(proposal__isnull=False) | ~Q(alarm="")), then=Value(0)),
    When(status=Status.RUNNING, then=Value(1)),
    When(status=Status.PAUSED, then=Value(2)),
    When(status=Status.DRAFT, then=Value(3)),
    default=Value(4),
)


@admin.register(Experiment)
class ExperimentAdmin(ProjectAdmin):
    place = Place("Experiments", 20, "science", "Experiments")
    add_title = "New experiment"
    reads = "experiments.read"
    writes = "experiments.write"
    list_display = ("named", "state", "progress", "says", "next_step")
    list_display_links = None
    list_filter = (by("status"), by("mode"))
    search_fields = ("name", "prompt__name")
    search_help_text = "Name or prompt"

    def get_urls(self) -> list[URLPattern]:
        actions = {name: experiment_actions.act(name) for name in experiment_actions.VERBS}
        posts = {**actions, "discard": experiment_actions.discard, "start": draft_page.start}
        own = [
            path(
                f"<uuid:experiment_id>/{name.replace('_', '-')}/",
                self._of_experiment(view, posts=True),
                name=f"experiments_experiment_{name}",
            )
            for name, view in posts.items()
        ]
        form = path(
            "<uuid:experiment_id>/edit/",
            self._of_experiment(experiment_actions.edit),
            name="experiments_experiment_edit",
        )
        return [*own, form, *super().get_urls()]

    def _of_experiment(self, view: Callable[..., HttpResponse], *, posts: bool = False) -> Any:
        def found(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
            if posts and request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(self, request, self._experiment(request, str(experiment_id)))

        return self.admin_site.admin_view(found)

    def _experiment(self, request: HttpRequest, experiment_id: str) -> Experiment:
        found: Experiment | None = (
            self.get_object(request, experiment_id) if self.has_view_permission(request) else None
        )
        if found is None:
            raise Http404
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        experiment = self._experiment(request, object_id)
        show = draft_page.show if experiment.status == Status.DRAFT else experiment_page.show
        return show(self, request, experiment)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return experiment_actions.new(self, request)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Experiment]:
        newest = Snapshot.objects.filter(experiment=models.OuterRef("pk")).order_by("-at")
        counted = newest.annotate(units=KT("results__units__counted")).values("units")[:1]
        said = newest.values("verdict")[:1]
        experiments: models.QuerySet[Experiment] = super().get_queryset(request)
        return (
            experiments.select_related("prompt", "primary_metric")
            .annotate(
                counted=models.Subquery(counted), said=models.Subquery(said), ended_action=models.F("evidence__action")
            )
            .defer("prompt__example_input", "prompt__example_output", "evidence", "intersections", "frozen_caps")
        )

    def get_ordering(self, request: HttpRequest) -> Any:
        return (OrderBy(RANK), "-created_at")

    @display(description="Experiment", ordering="name")
    def named(self, experiment: Experiment) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small">{}</span>',
            reverse("admin:experiments_experiment_change", args=[experiment.pk]),
            experiment.name,
            experiment.prompt.name,
        )

    @display(description="State", ordering="status")
    def state(self, experiment: Experiment) -> str:
        return format_html('<span class="as-chip {}">{}</span>', STATUS_CHIPS[experiment.status], experiment.status)

    @display(description="Units")
    def progress(self, experiment: Any) -> str:
        if not experiment.planned_units:
            return "–"
        units = int(experiment.counted or 0)
        return format_html(
            '<span class="as-score"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            '<rect class="as-bar-rest" width="100" height="10" rx="5"/><rect class="as-bar-got" width="{}" height="10" '
            'rx="5"/></svg></span> <span class="as-number">{} of {}</span>',
            min(100, round(100 * units / experiment.planned_units)),
            f"{units:,}",
            f"{experiment.planned_units:,}",
        )

    @display(description="Says")
    def says(self, experiment: Any) -> str:
        if experiment.status == Status.CONCLUDED:
            done = {"ship": ("shipped", "good"), "roll_back": ("rolled back", "bad")}
            word, chip = done.get(experiment.ended_action, ("ended", ""))
        elif not experiment.is_live:
            return "–"
        else:
            word, chip = OUTCOMES.get(experiment.said or "", ("not looked at yet", ""))
        return format_html('<span class="as-chip as-chip-{}">{}</span>', chip or "plain", word)

    @display(description="Next")
    def next_step(self, experiment: Experiment) -> str:
        if experiment.alarm:
            return format_html('<span class="as-chip as-chip-bad">{}</span>', "somebody must look")
        if experiment.proposal is not None and experiment.is_live:
            return format_html('<span class="as-chip as-chip-gold">{}</span>', "waits for a person")
        if experiment.status == Status.RUNNING:
            return self._due(experiment)
        return {"draft": "to be started", "paused": "to go on"}.get(experiment.status, "–")

    def _due(self, experiment: Experiment) -> str:
        if experiment.exposure_ended_at is not None:
            return "waits for the last windows"
        if experiment.started_at is None:
            return ""
        left = experiment.started_at + timedelta(days=experiment.max_duration_days) - timezone.now()
        return f"{max(left.days, 0)} days left" if left.days != 1 else "1 day left"
