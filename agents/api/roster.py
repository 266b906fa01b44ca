"""The roster over HTTP: list, add, read, change."""

from typing import Any
from uuid import UUID

from assay.core.errors import single
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.filters import AgentFilters
from agents.api.handoff_base import AgentsView
from agents.api.handoff_bodies import AgentFields, ChangedAgent
from agents.api.handoff_reads import AgentRead
from agents.find_agent import find_agent
from agents.models import Agent
from agents.save_agent import save_agent
from config.openapi import ONCE
from config.rest import check_parameters
from sentinel.access import Access
from vault.models import Prompt

EXAMPLE = {
    "code": "PIA",
    "name": "Pia",
    "role": "Pictures: finds and makes what a post shows",
    "card": {"description": "Finds pictures.", "skills": [{"id": "pictures", "name": "Pictures", "tags": ["image"]}]},
}


def saved(access: Access, agent: Agent, fields: dict[str, Any]) -> Any:
    """The agent as an answer shows it, once it is changed and saved."""
    for name, value in fields.items():
        if name == "active":
            agent.is_active = value
        elif name == "prompt":
            agent.prompt = _prompt(access.project_id, value)
        else:
            setattr(agent, name, value)
    return AgentRead(save_agent(access=access, agent=agent)).data


def _prompt(project_id: UUID, prompt_id: UUID | None) -> Prompt | None:
    if prompt_id is None:
        return None
    prompt = Prompt.objects.in_project(project_id).filter(pk=prompt_id).first()
    if prompt is None:
        raise single("not_found", "/prompt", "There is no such prompt.", status=404)
    return prompt


class Agents(AgentsView):
    queryset = Agent.objects.none()  # for the schema; what is listed is the project's
    filterset_class = AgentFilters

    @extend_schema(operation_id="agents_list", responses=AgentRead(many=True), tags=["agents"])
    def get(self, request: Request) -> Response:
        """List the roster by code: those that every project has, and the project's own."""
        agents = Agent.objects.in_project(self.access.project_id).select_related("prompt").order_by("code")
        return self.page(self.filter_queryset(agents), AgentRead)

    @extend_schema(
        operation_id="agents_create",
        request=AgentFields,
        responses={201: AgentRead},
        parameters=[ONCE],
        examples=[OpenApiExample("One for pictures", EXAMPLE, request_only=True)],
        tags=["agents"],
    )
    def post(self, request: Request) -> Response:
        """Add an agent to the roster."""
        fields = self.read_body(AgentFields)

        def work() -> tuple[int, Any]:
            return 201, saved(self.access, Agent(project_id=self.access.project_id), fields)

        return self.answer_once(work)


class OneAgent(AgentsView):
    @extend_schema(operation_id="agents_retrieve", responses=AgentRead, tags=["agents"])
    def get(self, request: Request, code: str) -> Response:
        """An agent of the roster."""
        check_parameters(request, set())
        return Response(AgentRead(find_agent(self.access.project_id, code)).data)

    @extend_schema(
        operation_id="agents_update",
        request=ChangedAgent,
        responses=AgentRead,
        parameters=[ONCE],
        examples=[OpenApiExample("Switched off", {"active": False}, request_only=True)],
        tags=["agents"],
    )
    def patch(self, request: Request, code: str) -> Response:
        """Change an agent. Its code stays. Nothing is handed to one that is switched off; what it has stays with it."""
        agent = find_agent(self.access.project_id, code)
        fields = self.read_body(ChangedAgent, partial=True)

        def work() -> tuple[int, Any]:
            return 200, saved(self.access, agent, fields)

        return self.answer_once(work)
