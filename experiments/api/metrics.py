"""Metrics over HTTP: list, make, read, change."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE
from config.rest import check_parameters
from experiments.api.base import ExperimentsView, MetricView
from experiments.api.bodies import ChangedMetric, MetricFields
from experiments.api.filters import MetricFilters
from experiments.api.serializers import MetricRead
from experiments.models import Metric
from experiments.save_metric import save_metric
from sentinel.access import Access

EXAMPLE = {"slug": "sign_up", "name": "Sign-up", "kind": "conversion", "window_minutes": 1440}


def saved(access: Access, metric: Metric) -> Any:
    """The metric as an answer shows it, once it is saved."""
    return MetricRead(save_metric(access=access, metric=metric, window_pointer="/window_minutes")).data


class Metrics(ExperimentsView):
    queryset = Metric.objects.none()  # for the schema; what is listed is the project's
    filterset_class = MetricFilters

    @extend_schema(operation_id="metrics_list", responses=MetricRead(many=True), tags=["metrics"])
    def get(self, request: Request) -> Response:
        """List metrics by slug: those that every project has, and the project's own."""
        metrics = Metric.objects.in_project(self.access.project_id).order_by("slug")
        return self.page(self.filter_queryset(metrics), MetricRead)

    @extend_schema(
        operation_id="metrics_create",
        request=MetricFields,
        responses={201: MetricRead},
        parameters=[ONCE],
        examples=[OpenApiExample("A sign-up", EXAMPLE, request_only=True)],
        tags=["metrics"],
    )
    def post(self, request: Request) -> Response:
        """Make a metric, to be measured from now on by the outcomes that name its slug."""
        fields = self.read_body(MetricFields)

        def work() -> tuple[int, Any]:
            metric = Metric(project_id=self.access.project_id, **fields)
            return 201, saved(self.access, metric)

        return self.answer_once(work)


class OneMetric(MetricView):
    @extend_schema(operation_id="metrics_retrieve", responses=MetricRead, tags=["metrics"])
    def get(self, request: Request, metric_id: Any) -> Response:
        """A metric."""
        check_parameters(request, set())
        return Response(MetricRead(self.metric).data)

    @extend_schema(
        operation_id="metrics_update",
        request=ChangedMetric,
        responses=MetricRead,
        parameters=[ONCE],
        examples=[OpenApiExample("A shorter window", {"window_minutes": 60}, request_only=True)],
        tags=["metrics"],
    )
    def patch(self, request: Request, metric_id: Any) -> Response:
        """Change a metric. One that every project has keeps all but its name, window and cap; while an experiment that
        measures it goes on, window, cap and direction stay; once something was measured, so do slug and kind."""
        metric = self.metric
        fields = self.read_body(ChangedMetric, partial=True)

        def work() -> tuple[int, Any]:
            for name, value in fields.items():
                setattr(metric, name, value)
            return 200, saved(self.access, metric)

        return self.answer_once(work)
