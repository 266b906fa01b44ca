"""What the views of handoffs start from."""

from typing import Any

from agents.handoffs.find_handoff import find_handoff
from agents.models import Handoff
from sentinel.project_view import ProjectView


class AgentsView(ProjectView):
    area = "agents"
    kwargs: dict[str, Any]


class HandoffView(AgentsView):
    """A view of one handoff, whose task_id is in the address."""

    @property
    def handoff(self) -> Handoff:
        """The handoff of this project. AssayError 404."""
        return find_handoff(self.access.project_id, self.kwargs["task_id"])
