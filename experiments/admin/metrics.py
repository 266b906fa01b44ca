"""Metrics: what is measured of a unit."""

from datetime import timedelta
from typing import Any

from assay.core.errors import AssayError
from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from experiments.admin.planner import Number
from experiments.models import Experiment, Metric
from experiments.models.metrics import Direction, Kind
from experiments.save_metric import save_metric
from sentinel.admin_base import Place, ProjectAdmin
from sentinel.admin_fields import TextWidget, tell
from sentinel.admin_filters import by

UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}
POINTERS = {"/window": "window", "/cap_at": "cap_at", "/cap_percentile": "cap_percentile"}


class MetricForm(forms.Form):
    name = forms.CharField(max_length=100, widget=TextWidget({"placeholder": "Signed up"}))
    slug = forms.CharField(
        max_length=50,
        widget=TextWidget({"placeholder": "signed_up", "autocomplete": "off"}),
        help_text="How programs name it: lower-case letters, digits and _.",
    )
    kind = forms.ChoiceField(choices=Kind.choices, widget=UnfoldAdminSelectWidget)
    direction = forms.ChoiceField(choices=Direction.choices, label="Which way", widget=UnfoldAdminSelectWidget)
    measure = forms.CharField(
        max_length=20, required=False, widget=TextWidget, help_text="What a value is counted in: ms, usd."
    )
    window = forms.IntegerField(
        min_value=0,
        max_value=525_600,
        initial=7,
        widget=TextWidget({"inputmode": "numeric"}),
        help_text="How long after its exposure a unit's outcomes count; 0 where that is at once.",
    )
    window_in = forms.ChoiceField(
        choices=[(it, it) for it in UNITS], initial="days", label="In", widget=UnfoldAdminSelectWidget
    )
    cap_at = Number(label="A unit counts up to", help_text="What is above this counts as this.")
    cap_percentile = Number(
        label="Or up to the percentile",
        help_text="0.99 for the 99th, over all arms together; frozen at the first read.",
    )

    def __init__(self, data: QueryDict | None = None, *, metric: Metric | None = None) -> None:
        super().__init__(data, initial=_initial(metric) if metric else None)
        if metric is not None and metric.is_built_in:
            for name in ("slug", "kind", "direction", "measure"):
                self.fields[name].disabled = True

    def fill(self, metric: Metric) -> Metric:
        """The metric as typed."""
        cleaned = self.cleaned_data
        for name in ("name", "slug", "kind", "direction", "measure", "cap_at", "cap_percentile"):
            setattr(metric, name, cleaned[name])
        metric.window = cleaned["window"] * UNITS[cleaned["window_in"]]
        return metric

    def tell(self, error: AssayError) -> None:
        tell(self, error, {f"/{name}": name for name in self.fields} | POINTERS)


def _initial(metric: Metric) -> dict[str, Any]:
    names = ("name", "slug", "kind", "direction", "measure", "cap_at", "cap_percentile")
    unit = next((it for it in ("days", "hours") if metric.window and not metric.window % UNITS[it]), "minutes")
    return {name: getattr(metric, name) for name in names} | {"window": metric.window // UNITS[unit], "window_in": unit}


@admin.register(Metric)
class MetricAdmin(ProjectAdmin):
    place = Place("Experiments", 21, "straighten", "Metrics")
    add_title = "New metric"
    reads = "experiments.read"
    writes = "experiments.write"
    list_display = ("named", "kind_word", "way", "waits_for", "capped")
    list_display_links = None
    list_filter = (by("kind"),)
    search_fields = ("name", "slug")
    search_help_text = "Name"
    ordering = ("name",)

    @display(description="Metric", ordering="name")
    def named(self, metric: Metric) -> str:
        return format_html(
            '<a href="{}" class="as-strong">{}</a><br><span class="as-muted as-small"><code>{}</code></span>',
            reverse("admin:experiments_metric_change", args=[metric.pk]),
            metric.name,
            metric.slug,
        )

    @display(description="Kind", ordering="kind")
    def kind_word(self, metric: Metric) -> str:
        return format_html('<span class="as-chip">{}</span> {}', metric.kind, metric.measure)

    @display(description="Better", ordering="direction")
    def way(self, metric: Metric) -> str:
        return "more" if metric.direction == Direction.UP else "less"

    @display(description="Window", ordering="window")
    def waits_for(self, metric: Metric) -> str:
        if not metric.window:
            return "at once"
        first = _initial(metric)
        return f"{first['window']} {first['window_in'] if first['window'] != 1 else first['window_in'][:-1]}"

    @display(description="Cap")
    def capped(self, metric: Metric) -> str:
        if metric.cap_at is not None:
            return f"at {metric.cap_at:g}"
        return f"at the {metric.cap_percentile:.0%} percentile" if metric.cap_percentile is not None else "–"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.access(request).require("experiments.write")
        return self._edit(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        metric = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if metric is None:
            raise Http404
        return self._edit(request, metric)

    def _edit(self, request: HttpRequest, metric: Metric | None) -> HttpResponse:
        access = self.access(request)
        if request.method == "POST":
            access.require("experiments.write")
        form = MetricForm(request.POST if request.method == "POST" else None, metric=metric)
        if request.method == "POST" and form.is_valid():
            changed = form.fill(metric or Metric(project_id=access.project_id))
            try:
                saved = save_metric(access=access, metric=changed)
            except AssayError as error:
                form.tell(error)
            else:
                messages.success(request, f"{saved.name} is saved.")
                return redirect("admin:experiments_metric_changelist")
        measuring = Experiment.objects.measuring(metric).order_by("-created_at")[:20] if metric else []
        return self.page(
            request,
            "experiments/metric.html",
            title=metric.name if metric else "New metric",
            form=form,
            metric=metric,
            measuring=measuring,
            may_write=access.may("experiments.write"),
        )
