"""Moving pointers from a name to a version, and every move they made."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from config.models import Identified
from sentinel.models import ApiKey, Project
from vault.models.prompts import Prompt
from vault.models.versions import Version

PRODUCTION = "production"
LATEST = "latest"
LABEL_NAME = RegexValidator(r"^[a-z0-9][a-z0-9_.-]{0,49}\Z", "Lower-case letters, digits, and . _ - after the first.")


class Label(Identified):
    """`latest` is none of these: it is always the newest version."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="labels")
    name = models.CharField(max_length=50, validators=[LABEL_NAME])
    # The migration adds that the version is one of this prompt.
    version = models.ForeignKey(Version, models.CASCADE, related_name="labels")
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["prompt", "name"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "name"], name="one_label"),
            models.CheckConstraint(condition=~models.Q(name=LATEST), name="latest_is_worked_out"),
        ]

    def __str__(self) -> str:
        return self.name


class LabelMove(Identified):
    """Who moved a label, when, from where and to where. Null is nowhere: not set before, or taken away."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="label_moves")
    label = models.CharField(max_length=50)
    from_version = models.ForeignKey(Version, models.CASCADE, null=True, related_name="+")
    to_version = models.ForeignKey(Version, models.CASCADE, null=True, related_name="+")
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["prompt", "label", "-id"])]

    def __str__(self) -> str:
        return f"{self.label}: {self.from_version or '–'} → {self.to_version or '–'}"
