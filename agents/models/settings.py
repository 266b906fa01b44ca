"""What a project decides about telemetry."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from sentinel.models import Project


class AgentSettings(models.Model):
    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="+")
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3660)],
        help_text="How long telemetry is kept, in days. Empty: as long as this installation keeps what was observed.",
    )
    keeps_decisions = models.BooleanField(
        default=True,
        help_text="Whether decisions and quality signals are stored. Runs, steps and failures are in any case.",
    )

    def __str__(self) -> str:
        return f"Telemetry of {self.project}"

    @property
    def days(self) -> int:
        """How long telemetry of this project is kept, in days."""
        return self.retention_days or settings.RETENTION_DAYS
