"""One immutable text of a prompt."""

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from config.models import Identified
from sentinel.models import Project
from vault.models.prompts import Prompt

NUMBER = RegexValidator(r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\Z", "A number such as 1.2.0.")


class Kind(models.TextChoices):
    TEXT = "text"
    CHAT = "chat"


class GenerationMethod(models.TextChoices):
    MANUAL = "manual"
    AI_GENERATED = "ai_generated"
    EVOLUTIONARY = "evolutionary"
    AB_TEST = "ab_test"


class VersionQuerySet(models.QuerySet["Version"]):
    def newest_first(self) -> "VersionQuerySet":
        return self.order_by("-major", "-minor", "-patch")


class Version(Identified):
    """A trigger holds it immutable. `content` is a string, or for `chat` a list of {role, content}."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="versions")
    number = models.CharField(max_length=20, validators=[NUMBER])
    major = models.PositiveIntegerField(editable=False)
    minor = models.PositiveIntegerField(editable=False)
    patch = models.PositiveIntegerField(editable=False)
    variant_id = models.CharField(max_length=100, blank=True, default="")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.TEXT)
    content = models.JSONField()
    variables = models.JSONField(default=dict)
    model_settings = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    strategy = models.CharField(max_length=100, blank=True, default="")
    generation_method = models.CharField(max_length=20, choices=GenerationMethod, default=GenerationMethod.MANUAL)
    is_baseline = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["prompt", "-major", "-minor", "-patch"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "number"], name="one_number"),
            # What a label's own constraint leans on: see the migration.
            models.UniqueConstraint(fields=["prompt", "id"], name="version_of_prompt"),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.major, self.minor, self.patch = (int(part) for part in self.number.split("."))
        super().save(*args, **kwargs)

    @property
    def templates(self) -> list[str]:
        """The texts that are rendered: one for `text`, one a message for `chat`."""
        return [self.content] if self.kind == Kind.TEXT else [message["content"] for message in self.content]

    @property
    def readable(self) -> str:
        """The content as one text, for a person's eyes and for a diff."""
        if self.kind == Kind.TEXT:
            return str(self.content)
        return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in self.content)
