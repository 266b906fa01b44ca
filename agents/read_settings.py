"""This file lets you read what a project decided about telemetry, at most a few times a second."""

from time import monotonic
from uuid import UUID

from django.conf import settings

from agents.models import AgentSettings

_read: dict[UUID, tuple[float, AgentSettings]] = {}
MOST_REMEMBERED = 10_000


def read_settings(project_id: UUID) -> AgentSettings:
    """The project's settings as they stood at most REVISION_LOOK_SECONDS ago; those of a fresh one where none are kept.

    One query then, none before.
    """
    known = _read.get(project_id)
    now = monotonic()
    if known is not None and now - known[0] < settings.REVISION_LOOK_SECONDS:
        return known[1]
    found = AgentSettings.objects.filter(pk=project_id).first() or AgentSettings(project_id=project_id)
    if len(_read) >= MOST_REMEMBERED:
        _read.clear()
    _read[project_id] = now, found
    return found


def forget() -> None:
    """Read afresh next time, for tests."""
    _read.clear()
