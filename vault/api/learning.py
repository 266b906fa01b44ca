"""What a prompt earned, over HTTP: reports come in, the history goes out."""

from typing import Any

import msgspec
from assay.core.errors import AssayError
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.openapi import ONCE, ref
from config.rest import check_parameters
from vault.api.base import PromptView
from vault.api.serializers.reports import ReportRead
from vault.learn import Learned
from vault.models import EngagementReport
from vault.report_engagement import Engagement, report_engagement


class Performance(PromptView):
    @extend_schema(
        operation_id="prompts_performance",
        request={"application/json": ref(Engagement)},
        responses=OpenApiResponse(ref(Learned)),
        parameters=[ONCE],
        examples=[
            OpenApiExample("Counts", {"likes": 12, "comments": 3, "shares": 1, "impressions": 900}, request_only=True),
            OpenApiExample("A rate", {"engagement_rate": 0.12}, request_only=True),
        ],
        tags=["learning"],
    )
    def post(self, request: Request, prompt_id: Any) -> Response:
        """Report what a prompt earned. A report with an `id` counts once, however often it is sent.

        A report that names no resolution counts as a use as well: nobody else has counted it.
        """
        prompt = self.prompt

        def work() -> tuple[int, Any]:
            (answer,) = report_engagement(
                project_id=self.access.project_id, items=[self.request.data], prompt_id=prompt.pk
            )
            if isinstance(answer, AssayError):
                raise answer
            return 200, msgspec.to_builtins(answer)

        return self.answer_once(work)


class History(PromptView):
    queryset = EngagementReport.objects.none()  # for the schema; what is listed is the prompt's

    @extend_schema(operation_id="history_list", responses=ReportRead(many=True), tags=["learning"])
    def get(self, request: Request, prompt_id: Any) -> Response:
        """Every report and what it made of the score, newest first."""
        check_parameters(request, {"page", "page_size"})
        return self.page(self.prompt.history.select_related("version").order_by("-sequence"), ReportRead)
