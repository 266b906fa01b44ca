"""The roster: who hands work to whom."""

from typing import Any
from uuid import UUID

from django.db import models

from config.models import Identified
from sentinel.models import Project
from vault.models import Prompt
from vault.models.prompts import CODE

# Each project starts with these, by a trigger: see the migration.
SEEDED = ("NOVA", "ATLAS", "RAFA", "SENTINEL", "REX", "ANCHOR")
# Who answers for what comes in without naming anybody.
LEAD = "NOVA"


class AgentQuerySet(models.QuerySet["Agent"]):
    def in_project(self, project_id: UUID) -> "AgentQuerySet":
        return self.filter(project_id=project_id)

    def active(self) -> "AgentQuerySet":
        return self.filter(is_active=True)


class Agent(Identified):
    """An agent by its code, which telemetry calls agent_id and the vault agent_code. The code stays what it is."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="agents")
    code = models.CharField(max_length=100, validators=[CODE])
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=200, blank=True, default="", help_text="What it answers for, in a few words.")
    prompt = models.ForeignKey(
        Prompt,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Its system prompt: what is resolved by this name when it starts.",
    )
    is_active = models.BooleanField(default=True, help_text="Nothing is handed to an agent that is switched off.")
    card: Any = models.JSONField(
        default=dict, blank=True, help_text="What other agents are told of it: description, skills, examples, tags."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = AgentQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["project", "code"], name="one_agent_code")]

    def __str__(self) -> str:
        return self.code

    @property
    def is_built_in(self) -> bool:
        return self.code in SEEDED
