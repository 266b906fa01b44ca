"""How a prompt's versions went in use, over HTTP."""

from typing import Any

import msgspec
from assay.core.errors import AssayError
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ref
from config.rest import check_parameters, invalid_parameter
from experiments.score_versions import PromptScores, score_versions
from sentinel.project_view import ProjectView
from vault.models import Prompt

DAYS = 30
MOST_DAYS = 366


class Scores(ProjectView):
    # It stands among the prompt's own addresses, and is for whom those are.
    area = "prompts"

    @extend_schema(
        operation_id="prompts_scores_retrieve",
        parameters=[
            OpenApiParameter(
                "days",
                {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": DAYS},
                description="So many days, today included.",
            )
        ],
        responses=OpenApiResponse(ref(PromptScores)),
        tags=["learning"],
    )
    def get(self, request: Request, prompt_id: Any) -> Response:
        """How each version went in use: time, errors, cost, quality, the composite of them, and the trend by day."""
        check_parameters(request, {"days"})
        prompt = Prompt.objects.in_project(self.access.project_id).filter(pk=prompt_id).first()
        if prompt is None:
            raise AssayError("not_found", "There is no such prompt.", status=404)
        return Response(msgspec.to_builtins(score_versions(prompt=prompt, days=_days(request))))


def _days(request: Request) -> int:
    given = request.query_params.get("days", str(DAYS))
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= MOST_DAYS):
        raise invalid_parameter("days", f"days is a whole number from 1 to {MOST_DAYS}.")
    return int(given)
