"""This file lets you ask about decisions and signals only where they are kept."""

from uuid import UUID

from assay.core.errors import AssayError

from agents.models import AgentSettings


class SwitchedOff(AssayError):
    """Not for now but until somebody switches them on again: to come back soon would be in vain."""

    def __init__(self) -> None:
        super().__init__(
            "decisions_switched_off",
            "This project does not keep decisions and quality signals. Runs, steps and failures are kept.",
            status=503,
        )


def keeps_decisions(project_id: UUID) -> bool:
    """Whether the project keeps them; it does unless it says otherwise. One query."""
    kept = AgentSettings.objects.filter(pk=project_id).values_list("keeps_decisions", flat=True).first()
    return kept is not False


def require_decisions(project_id: UUID) -> None:
    """Raises SwitchedOff where they are not kept. One query."""
    if not keeps_decisions(project_id):
        raise SwitchedOff
