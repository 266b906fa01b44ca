"""How one project's vault chooses."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sentinel.models import Project
from vault.models.prompts import LANGUAGE


class Policy(models.TextChoices):
    SCORE = "score", "Highest score"
    THOMPSON = "thompson", "Thompson sampling"


class VaultSettingsQuerySet(models.QuerySet["VaultSettings"]):
    def of(self, project_id: UUID) -> "VaultSettings":
        """The project's settings, made with the defaults when it has none yet. One query, two the first time."""
        return self.get_or_create(project_id=project_id)[0]


class VaultSettings(models.Model):
    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="vault_settings")
    policy = models.CharField(
        max_length=10,
        choices=Policy,
        default=Policy.SCORE,
        help_text="Within a tier: always the highest score, or a draw from what each may be worth.",
    )
    default_language = models.CharField(max_length=20, default="en", validators=[LANGUAGE])
    protected_labels = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="Labels that only an admin or owner may move, separated by commas.",
    )

    objects = VaultSettingsQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "vault settings"

    def __str__(self) -> str:
        return f"{self.project}: {self.get_policy_display()}"
