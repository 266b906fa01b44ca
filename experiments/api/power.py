"""The planner over HTTP: what an experiment needs, before it is one."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ref
from experiments.api.base import ExperimentsView
from experiments.api.bodies import PowerFields
from experiments.api.experiments import find_prompt
from experiments.find_metric import find_metric
from experiments.plan_experiment import Known
from experiments.work_out_power import Power, work_out_power
from sentinel.authentication import IsSomebody

EXAMPLE = {"metric": "click_through", "smallest_effect": 0.05, "baseline": {"mean": 0.04}, "units_per_day": 2000}


class PowerView(ExperimentsView):
    # It changes nothing: whoever may read may plan.
    permission_classes: list[type[BasePermission]] = [IsSomebody]

    @extend_schema(
        operation_id="power",
        request=PowerFields,
        responses=OpenApiResponse(ref(Power)),
        examples=[
            OpenApiExample("Units for an effect", EXAMPLE, request_only=True),
            OpenApiExample("An effect for units", {"metric": "engagement", "units": 20_000}, request_only=True),
        ],
        tags=["experiments"],
    )
    def post(self, request: Request) -> Response:
        """Plan an experiment: the units an effect needs, or the effect that so many units find, and the days."""
        self.access.require("experiments.read")
        fields = {name: value for name, value in self.read_body(PowerFields).items() if value is not None}
        project_id = self.access.project_id
        asked: dict[str, Any] = {"shares": [1, 1]} | fields
        asked["metric"] = find_metric(project_id, fields["metric"], pointer="/metric")
        if "baseline" in fields:
            asked["baseline"] = Known(**fields["baseline"])
        if "prompt" in fields:
            asked["prompt_id"] = find_prompt(project_id, asked.pop("prompt")).pk
        return Response(msgspec.to_builtins(work_out_power(**asked)))
