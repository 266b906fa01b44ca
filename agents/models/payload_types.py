"""What may be handed over: types of payload, each with a schema and its versions."""

from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from config.models import Identified
from sentinel.models import Project

TYPE_NAME = RegexValidator(r"^[a-z][a-z0-9_]{0,49}\Z", "Lower-case letters, digits and _, a letter first.")
# Each project starts with these, by a trigger: see the migration.
SEEDED_TYPES = ("content_brief", "strategic_delegation", "security_alert", "churn_intervention")


class PayloadType(Identified):
    """What a payload of this type looks like: a version of its schema, which stays what it is."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="payload_types")
    name = models.CharField(max_length=50, validators=[TYPE_NAME])
    version = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    description = models.TextField(blank=True, default="")
    schema: Any = models.JSONField(help_text="JSON Schema, of the same closed subset as a prompt's variables.")

    class Meta:
        ordering = ["name", "-version"]
        constraints = [models.UniqueConstraint(fields=["project", "name", "version"], name="one_payload_type")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
