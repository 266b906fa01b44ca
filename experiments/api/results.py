"""What an experiment says, over HTTP: its results, its verdict, and what was done to it."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import Problem, ref
from config.rest import check_parameters
from experiments.api.base import ExperimentView
from experiments.api.serializers import EventRead
from experiments.api.shapes import ExperimentResults, ExperimentVerdict
from experiments.models import ExperimentEvent
from experiments.results import results

NO_DRAFT = {(409, "application/problem+json"): OpenApiResponse(ref(Problem), "A draft says nothing yet.")}


class Results(ExperimentView):
    @extend_schema(
        operation_id="experiments_results_retrieve",
        responses={200: OpenApiResponse(ref(ExperimentResults))} | NO_DRAFT,
        tags=["experiments"],
    )
    def get(self, request: Request, experiment_id: Any) -> Response:
        """All that is known: units, arms, intervals, guardrails, split, beliefs, the verdict with its reasons.

        Of a live experiment as of a minute or two ago, of a concluded one as it stood then."""
        check_parameters(request, set())
        return Response(results(self.experiment))


class VerdictView(ExperimentView):
    @extend_schema(
        operation_id="experiments_verdict_retrieve",
        responses={200: OpenApiResponse(ref(ExperimentVerdict))} | NO_DRAFT,
        tags=["experiments"],
    )
    def get(self, request: Request, experiment_id: Any) -> Response:
        """The verdict as of now, with its reasons, and what is asked for."""
        check_parameters(request, set())
        experiment = self.experiment
        shown = {"verdict": results(experiment)["verdict"]}
        shown |= {name: getattr(experiment, name) for name in ("status", "proposal", "alarm")}
        return Response(shown)


class Timeline(ExperimentView):
    queryset = ExperimentEvent.objects.none()  # for the schema; what is listed is the experiment's

    @extend_schema(operation_id="experiments_timeline_list", responses=EventRead(many=True), tags=["experiments"])
    def get(self, request: Request, experiment_id: Any) -> Response:
        """What was done to an experiment, by whom and why, newest first."""
        check_parameters(request, {"page", "page_size"})
        events = self.experiment.events.select_related("actor").order_by("-id")
        return self.page(events, EventRead)
