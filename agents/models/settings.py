"""What a project decides about telemetry."""

from django.db import models

from sentinel.models import Project


class AgentSettings(models.Model):
    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="agent_settings")
    keeps_decisions = models.BooleanField(
        default=True,
        help_text="Whether decisions and quality signals are stored. Runs, steps and failures are in any case.",
    )

    def __str__(self) -> str:
        return f"Telemetry of {self.project}"
