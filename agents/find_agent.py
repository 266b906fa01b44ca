"""This file lets you find an agent of the roster by its code."""

from uuid import UUID

from assay.core.errors import AssayError, single

from agents.models import Agent


def find_agent(project_id: UUID, code: str, *, pointer: str | None = None) -> Agent:
    """The agent. One query. Raises AssayError 404: `unknown_agent` that points at where it was named, or `not_found`
    for an address."""
    agent = Agent.objects.in_project(project_id).filter(code=code).first()
    if agent is not None:
        return agent
    told = f"There is no agent {code[:50]!r} in the roster."
    raise single("unknown_agent", pointer, told, status=404) if pointer else AssayError("not_found", told, status=404)
