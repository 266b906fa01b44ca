"""Experiments over HTTP: list, draft, read, change and throw away a draft."""

from typing import Any
from uuid import UUID

from assay.core.errors import single
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE
from config.rest import check_parameters
from experiments.api.base import ExperimentsView, ExperimentView
from experiments.api.bodies import DraftFields
from experiments.api.filters import ExperimentFilters
from experiments.api.serializers import ExperimentRead
from experiments.discard_draft import discard_draft
from experiments.draft_experiment import Guard, Side, draft_experiment
from experiments.find_metric import find_metric
from experiments.models import Experiment
from experiments.models.experiments import ExperimentQuerySet
from vault.find_version import find_version
from vault.models import Prompt

EXAMPLE = {
    "name": "A warmer greeting",
    "hypothesis": "Who is greeted by name clicks more often.",
    "prompt": "01a1f870-6278-73b3-8848-6dde89dfa39e",
    "primary_metric": "click_through",
    "arms": [{"version": "production", "share": 5000}, {"version": "1.2.0", "share": 5000}],
    "guardrails": [{"metric": "response_time_ms", "margin": 0.1}],
    "secondary_metrics": ["engagement"],
    "smallest_effect": 0.05,
    "mode": "approval",
}


def read(experiment: Experiment) -> Any:
    """The experiment as an answer shows it."""
    return ExperimentRead(Experiment.objects.with_parts().get(pk=experiment.pk)).data


def named(project_id: UUID, fields: dict[str, Any], prompt: Prompt | None = None) -> dict[str, Any]:
    """What `draft_experiment` takes, with the things that were sent by name. `prompt`: that of the draft so far.

    Raises AssayError 404 with a pointer to the first that is not there."""
    own = {name: value for name, value in fields.items() if name not in ("arms", "guardrails", "secondary_metrics")}
    if "prompt" in own:
        prompt = own["prompt"] = find_prompt(project_id, own["prompt"])
    if "primary_metric" in own:
        own["primary_metric"] = find_metric(project_id, own["primary_metric"], pointer="/primary_metric")
    drafted: dict[str, Any] = {"fields": own}
    if "arms" in fields and prompt is not None:
        drafted["arms"] = [_side(prompt, arm, f"/arms/{place}") for place, arm in enumerate(fields["arms"])]
    if "guardrails" in fields:
        drafted["guardrails"] = [
            Guard(
                find_metric(project_id, sent["metric"], pointer=f"/guardrails/{place}/metric"), sent.get("margin", 0.0)
            )
            for place, sent in enumerate(fields["guardrails"])
        ]
    if "secondary_metrics" in fields:
        drafted["secondary_metrics"] = [
            find_metric(project_id, name, pointer=f"/secondary_metrics/{place}")
            for place, name in enumerate(fields["secondary_metrics"])
        ]
    return drafted


def find_prompt(project_id: UUID, prompt_id: UUID) -> Prompt:
    prompt = Prompt.objects.in_project(project_id).filter(pk=prompt_id).first()
    if prompt is None:
        raise single("not_found", "/prompt", "There is no such prompt.", status=404)
    return prompt


def _side(prompt: Prompt, arm: dict[str, Any], pointer: str) -> Side:
    """An arm by what its version is called: a number, an id, a label."""
    return Side(find_version(prompt, arm["version"], pointer=f"{pointer}/version"), arm["share"])


class Experiments(ExperimentsView):
    queryset = Experiment.objects.none()  # for the schema; what is listed is the project's
    filterset_class = ExperimentFilters

    def rows(self) -> ExperimentQuerySet:
        return Experiment.objects.in_project(self.access.project_id).with_parts().order_by("-created_at", "-id")

    @extend_schema(operation_id="experiments_list", responses=ExperimentRead(many=True), tags=["experiments"])
    def get(self, request: Request) -> Response:
        """List experiments, newest first."""
        return self.page(self.filter_queryset(self.rows()), ExperimentRead)

    @extend_schema(
        operation_id="experiments_create",
        request=DraftFields,
        responses={201: ExperimentRead},
        parameters=[ONCE],
        examples=[OpenApiExample("A greeting", EXAMPLE, request_only=True)],
        tags=["experiments"],
    )
    def post(self, request: Request) -> Response:
        """Draft an experiment. A draft may be incomplete; what keeps it from starting, `start` says."""
        fields = self.read_body(DraftFields)

        def work() -> tuple[int, Any]:
            return 201, read(draft_experiment(access=self.access, **named(self.access.project_id, fields)))

        return self.answer_once(work)


class OneExperiment(ExperimentView):
    @extend_schema(operation_id="experiments_retrieve", responses=ExperimentRead, tags=["experiments"])
    def get(self, request: Request, experiment_id: Any) -> Response:
        """An experiment: what was planned, how far it has gone, what its last verdict asks for."""
        check_parameters(request, set())
        return Response(ExperimentRead(self.find(Experiment.objects.with_parts())).data)

    @extend_schema(
        operation_id="experiments_update",
        request=DraftFields,
        responses=ExperimentRead,
        parameters=[ONCE],
        examples=[OpenApiExample("A smaller effect", {"smallest_effect": 0.02}, request_only=True)],
        tags=["experiments"],
    )
    def patch(self, request: Request, experiment_id: Any) -> Response:
        """Change a draft. Arms, guardrails, secondary metrics and ramp are replaced as a whole when given."""
        experiment = self.find(Experiment.objects.select_related("prompt"))
        fields = self.read_body(DraftFields, partial=True)

        def work() -> tuple[int, Any]:
            drafted = named(self.access.project_id, fields, experiment.prompt)
            return 200, read(draft_experiment(access=self.access, experiment=experiment, **drafted))

        return self.answer_once(work)

    @extend_schema(operation_id="experiments_destroy", responses={204: None}, tags=["experiments"])
    def delete(self, request: Request, experiment_id: Any) -> Response:
        """Throw a draft away. What was started once is kept."""
        discard_draft(access=self.access, experiment=self.experiment)
        return Response(status=204)
