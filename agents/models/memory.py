"""What agents remember: facts with a time from which and until which they hold, none of them ever overwritten."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from agents.models.any_json import AnyJSON
from agents.models.roster import Agent
from config.models import Identified
from sentinel.models import Project

KIND = RegexValidator(r"^[a-z][a-z0-9_]{0,49}\Z", "Lower-case letters, digits and _, a letter first.")
EVERYWHERE = "project"


class MemoryQuerySet(models.QuerySet["AgentMemory"]):
    def in_project(self, project_id: UUID) -> "MemoryQuerySet":
        return self.filter(project_id=project_id)

    def as_of(self, at: datetime | None = None) -> "MemoryQuerySet":
        """What held at that time, or holds now."""
        moment = Now() if at is None else models.Value(at)
        return self.filter(
            models.Q(valid_to=None) | models.Q(valid_to__gt=moment),
            valid_from__lte=moment,
        )


class AgentMemory(Identified):
    """One thing that an agent knows, by kind, key and scope. What replaces it is named in `superseded_by`."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="memories")
    kind = models.CharField(max_length=50, validators=[KIND])
    key = models.CharField(max_length=200)
    value: Any = AnyJSON()
    scope = models.CharField(
        max_length=200, default=EVERYWHERE, help_text="Where it holds: the whole project, a context, a client."
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="supersedes", editable=False
    )
    handoff = models.ForeignKey("agents.Handoff", models.CASCADE, null=True, related_name="memories", editable=False)

    objects = MemoryQuerySet.as_manager()

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name_plural = "agent memories"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "kind", "key", "scope"],
                condition=models.Q(superseded_by=None),
                name="one_standing_memory",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="memory_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["agent", "-valid_from"], name="memory_by_time")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.key}"
