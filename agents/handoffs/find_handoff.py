"""This file lets you find a handoff by its task_id."""

from uuid import UUID

from assay.core.errors import AssayError

from agents.models import Handoff


def find_handoff(project_id: UUID, task_id: str) -> Handoff:
    """The handoff as of now, with its parts; the case of its id makes no difference. Two queries.

    Raises AssayError 404."""
    found = Handoff.objects.in_project(project_id).with_parts().filter(task_id=task_id.upper()).first()
    if found is None:
        raise AssayError("not_found", f"There is no handoff {task_id[:50]!r}.", status=404)
    return found
