"""Payload types over HTTP: list and register."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.filters import PayloadTypeFilters
from agents.api.handoff_base import AgentsView
from agents.api.handoff_bodies import PayloadTypeFields
from agents.api.handoff_reads import PayloadTypeRead
from agents.handoffs.register_payload_type import register_payload_type
from agents.models import PayloadType
from config.openapi import ONCE

EXAMPLE = {
    "name": "menu_change",
    "description": "A dish that comes or goes.",
    "schema": {
        "type": "object",
        "properties": {"dish": {"type": "string"}, "from_day": {"type": "string"}},
        "required": ["dish"],
    },
}


class PayloadTypes(AgentsView):
    queryset = PayloadType.objects.none()  # for the schema; what is listed is the project's
    filterset_class = PayloadTypeFilters

    @extend_schema(operation_id="payload_types_list", responses=PayloadTypeRead(many=True), tags=["handoffs"])
    def get(self, request: Request) -> Response:
        """List what payloads look like: by name, the newest version first."""
        types = PayloadType.objects.filter(project_id=self.access.project_id).order_by("name", "-version")
        return self.page(self.filter_queryset(types), PayloadTypeRead)

    @extend_schema(
        operation_id="payload_types_create",
        request=PayloadTypeFields,
        responses={
            201: PayloadTypeRead,
            200: OpenApiResponse(PayloadTypeRead, "This very schema is there already."),
        },
        parameters=[ONCE],
        examples=[OpenApiExample("A menu's change", EXAMPLE, request_only=True)],
        tags=["handoffs"],
    )
    def post(self, request: Request) -> Response:
        """Register a payload type, or the next version of one. What was registered stays what it is; a payload is
        checked against the newest version, or the one that it names. The schema of the newest version again is that
        version, and 200."""
        fields = self.read_body(PayloadTypeFields)

        def work() -> tuple[int, Any]:
            versions = PayloadType.objects.filter(project_id=self.access.project_id, name=fields["name"])
            known = set(versions.values_list("pk", flat=True))
            registered = register_payload_type(access=self.access, **fields)
            return 200 if registered.pk in known else 201, PayloadTypeRead(registered).data

        return self.answer_once(work)
