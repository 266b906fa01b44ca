"""Handoffs over HTTP: hand over, read, list, and ask what waits."""

from typing import Any
from uuid import UUID

from assay.core.errors import AssayError, single
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.filters import HandoffFilters
from agents.api.handoff_base import AgentsView, HandoffView
from agents.api.handoff_bodies import HandoffFields
from agents.api.handoff_reads import HandoffEventRead, HandoffRead
from agents.find_agent import find_agent
from agents.handoffs.create_handoff import create_handoff
from agents.handoffs.find_handoff import find_handoff
from agents.models import Handoff, HandoffEvent
from agents.models.handoff_states import Priority
from config.openapi import ONCE
from config.rest import Pages, check_parameters

EXAMPLE = {
    "from_agent": "NOVA",
    "to_agent": "RAFA",
    "task_type": "content_brief",
    "payload": {"topic": "Sourdough at home", "platform": "instagram", "key_points": ["Patience"]},
    "priority": "HIGH",
    "deadline": "2027-01-31T17:00:00Z",
    "context_id": "launch-2027",
}
# When to ask again, seconds: soon where more may wait, less soon where nothing does.
SOON, LATER = 1, 5
RETRY_AFTER = OpenApiParameter(
    "Retry-After", int, OpenApiParameter.HEADER, response=[200], description="In how many seconds to ask again."
)


def read(handoff: Handoff) -> Any:
    """The handoff as an answer shows it; it comes with its parts."""
    return HandoffRead(handoff).data


class HandoffPages(Pages):
    """Payloads and results may be large: a page holds fewer of them than elsewhere."""

    max_page_size = 100


class Handoffs(AgentsView):
    queryset = Handoff.objects.none()  # for the schema; what is listed is the project's
    pagination_class = HandoffPages
    filterset_class = HandoffFilters

    @extend_schema(operation_id="handoffs_list", responses=HandoffRead(many=True), tags=["handoffs"])
    def get(self, request: Request) -> Response:
        """List handoffs, newest first."""
        handoffs = Handoff.objects.in_project(self.access.project_id).with_parts().order_by("-id")
        return self.page(self.filter_queryset(handoffs), HandoffRead)

    @extend_schema(
        operation_id="handoffs_create",
        request=HandoffFields,
        responses={201: HandoffRead},
        parameters=[ONCE],
        examples=[OpenApiExample("A brief", EXAMPLE, request_only=True)],
        tags=["handoffs"],
    )
    def post(self, request: Request) -> Response:
        """Hand work over. It waits for its agent until somebody confirms it. A chain that comes back to where it was,
        or goes past ten hops, is refused."""
        fields = self.read_body(HandoffFields)
        key = request.headers.get("Idempotency-Key")

        def work() -> tuple[int, Any]:
            asked = named(self.access.project_id, fields)
            return 201, read(create_handoff(access=self.access, idempotency_key=key, **asked))

        return self.answer_once(work)


def named(project_id: UUID, fields: dict[str, Any]) -> dict[str, Any]:
    """What `create_handoff` takes, with the things that were sent by name. AssayError 404 with a pointer."""
    asked = {name: value for name, value in fields.items() if value is not None}
    for name in ("from_agent", "to_agent"):
        if name in asked:
            asked[name] = find_agent(project_id, asked[name], pointer=f"/{name}")
    if "priority" in asked:
        asked["priority"] = Priority[asked["priority"]]
    if "parent_task_id" in asked:
        asked["parent"] = _parent(project_id, asked.pop("parent_task_id"))
    return asked


def _parent(project_id: UUID, task_id: str) -> Handoff:
    try:
        return find_handoff(project_id, task_id)
    except AssayError as error:
        raise single("unknown_parent", "/parent_task_id", error.detail, status=404) from None


class OneHandoff(HandoffView):
    @extend_schema(operation_id="handoffs_retrieve", responses=HandoffRead, tags=["handoffs"])
    def get(self, request: Request, task_id: str) -> Response:
        """A handoff: what it is, where it stands, and what came back."""
        check_parameters(request, set())
        return Response(read(self.handoff))


class Timeline(HandoffView):
    queryset = HandoffEvent.objects.none()

    @extend_schema(operation_id="handoffs_timeline", responses=HandoffEventRead(many=True), tags=["handoffs"])
    def get(self, request: Request, task_id: str) -> Response:
        """What was done to it, by whom and why, oldest first."""
        events = HandoffEvent.objects.filter(handoff=self.handoff).select_related("actor").order_by("id")
        return self.page(self.filter_queryset(events), HandoffEventRead)


class Pending(AgentsView):
    queryset = Handoff.objects.none()
    pagination_class = HandoffPages

    @extend_schema(
        operation_id="handoffs_pending",
        responses=HandoffRead(many=True),
        parameters=[RETRY_AFTER],
        tags=["handoffs"],
    )
    def get(self, request: Request, agent: str) -> Response:
        """What waits for an agent: the most urgent first, then by deadline, then by age. Nothing is held back to wait
        for more: ask again after `Retry-After` seconds."""
        found = find_agent(self.access.project_id, agent)
        waiting = Handoff.objects.in_project(self.access.project_id).filter(to_agent=found).waiting()
        response = self.page(self.filter_queryset(waiting.with_parts().in_turn()), HandoffRead)
        response["Retry-After"] = str(SOON if response.data["results"] else LATER)
        return response
