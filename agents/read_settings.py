"""This file lets you read what a project decided about telemetry, at most a few times a second."""

from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from django.conf import settings

from sentinel.models import Project

MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """For how many days telemetry is kept, and whether decisions and quality signals are."""

    days: int
    keeps_decisions: bool


_read: dict[UUID, tuple[float, Settings]] = {}


def read_settings(project_id: UUID) -> Settings:
    """The project's settings as they stood at most REVISION_LOOK_SECONDS ago; those of a fresh one where none are kept.

    One query then, none before.
    """
    known = _read.get(project_id)
    now = monotonic()
    if known is not None and now - known[0] < settings.REVISION_LOOK_SECONDS:
        return known[1]
    project = Project.objects.select_related("agent_settings").get(pk=project_id)
    decided = getattr(project, "agent_settings", None)
    found = Settings(project.days, decided is None or decided.keeps_decisions)
    if len(_read) >= MOST_REMEMBERED:
        _read.clear()
    _read[project_id] = now, found
    return found


def forget() -> None:
    """Read afresh next time, for tests."""
    _read.clear()
