"""What agents remember, over HTTP: read as of a time, and remember something."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.filters import MemoryFilters
from agents.api.handoff_base import AgentsView
from agents.api.handoff_bodies import MemoryFields
from agents.api.handoff_reads import MemoryRead
from agents.find_agent import find_agent
from agents.models import AgentMemory
from agents.remember import remember
from config.openapi import ONCE

EXAMPLE = {"kind": "preference", "key": "tone", "value": "Warm, never loud.", "scope": "client:casa"}


class Memory(AgentsView):
    queryset = AgentMemory.objects.none()  # for the schema; what is listed is the agent's
    filterset_class = MemoryFilters

    @extend_schema(operation_id="agents_memory_list", responses=MemoryRead(many=True), tags=["agents"])
    def get(self, request: Request, code: str) -> Response:
        """What an agent knows as of now or of a time, the newest first."""
        agent = find_agent(self.access.project_id, code)
        memories = AgentMemory.objects.filter(agent=agent).select_related("agent", "handoff")
        return self.page(self.filter_queryset(memories.order_by("-valid_from", "-id")), MemoryRead)

    @extend_schema(
        operation_id="agents_memory_create",
        request=MemoryFields,
        responses={201: MemoryRead},
        parameters=[ONCE],
        examples=[OpenApiExample("A preference", EXAMPLE, request_only=True)],
        tags=["agents"],
    )
    def post(self, request: Request, code: str) -> Response:
        """Have an agent remember something. What it knew of the same kind, key and scope is superseded, and stays to be
        read as of its time."""
        agent = find_agent(self.access.project_id, code)
        fields = self.read_body(MemoryFields)

        def work() -> tuple[int, Any]:
            return 201, MemoryRead(remember(access=self.access, agent=agent, **fields)).data

        return self.answer_once(work)
