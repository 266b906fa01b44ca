"""A named entry of the vault, placed by its context, with what it has earned."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models

from config.models import Identified
from sentinel.models import Project

CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z", "A code: ASCII letters, digits, then also . _ -")
LANGUAGE = RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", "A language tag such as en, fr or pt-BR.")
FIRST_SCORE = 5.0


class PromptQuerySet(models.QuerySet["Prompt"]):
    def in_project(self, project_id: UUID) -> "PromptQuerySet":
        return self.filter(project_id=project_id)

    def active(self) -> "PromptQuerySet":
        return self.filter(is_active=True)

    def with_versions(self) -> "PromptQuerySet":
        """Each with `latest`, its newest number, and with its labels and their versions' numbers. One query more."""
        label, version = apps.get_model("vault", "Label"), apps.get_model("vault", "Version")
        newest = version.objects.filter(prompt=models.OuterRef("pk")).order_by("-major", "-minor", "-patch")
        numbered = label.objects.select_related("version").only("name", "prompt_id", "version__number")
        return self.annotate(latest=models.Subquery(newest.values("number")[:1])).prefetch_related(
            models.Prefetch("labels", queryset=numbered.order_by("name"))
        )

    def matching(self, words: str) -> "PromptQuerySet":
        """Those that hold each of the words in their name, context, technique, source, tags or production text."""
        found = self
        for word in words.split():
            in_text = apps.get_model("vault", "Label").objects.filter(
                prompt=models.OuterRef("pk"), name="production", version__content__icontains=word
            )
            anywhere = models.Q(models.Exists(in_text)) | models.Q(tags__icontains=word)
            for field in ("name", "category", "vertical", "platform", "agent_code", "technique", "source"):
                anywhere |= models.Q(**{f"{field}__icontains": word})
            found = found.filter(anywhere)
        return found

    def top(self, vertical: str) -> "PromptQuerySet":
        """The active prompts of a vertical, best first."""
        return self.active().filter(vertical=vertical).order_by("-performance_score", "id")

    def rivals_of(self, prompt: "Prompt") -> "PromptQuerySet":
        """Active prompts that could be chosen for the same category, in the same language, itself included."""
        return (
            self.active()
            .filter(project_id=prompt.project_id, category=prompt.category, language=prompt.language)
            .order_by("-performance_score", "id")
        )

    def counted_by(self, field: str) -> Any:
        """For each value of the field: how many active prompts, their mean score, how often used. One query."""
        return (
            self.active()
            .values(value=models.F(field))
            .annotate(
                prompts=models.Count("id"),
                performance_score_avg=models.Avg("performance_score"),
                times_used=models.Sum("times_used", default=0),
            )
            .order_by("-prompts", "value")
        )

    def summary(self) -> dict[str, Any]:
        """Counts and means over these prompts. One query."""
        return self.aggregate(
            prompts=models.Count("id"),
            active=models.Count("id", filter=models.Q(is_active=True)),
            performance_score_avg=models.Avg("performance_score", filter=models.Q(is_active=True)),
            engagement_avg=models.Avg("engagement_avg", filter=models.Q(reports__gt=0)),
            times_used=models.Sum("times_used", default=0),
            reports=models.Sum("reports", default=0),
        )


class Prompt(Identified):
    project = models.ForeignKey(Project, models.CASCADE, related_name="prompts")
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100, validators=[CODE])
    vertical = models.CharField(max_length=100, validators=[CODE], default="generic")
    platform = models.CharField(max_length=100, validators=[CODE], null=True, blank=True)
    agent_code = models.CharField(max_length=100, validators=[CODE], null=True, blank=True)
    language = models.CharField(max_length=20, validators=[LANGUAGE], default="en")
    technique = models.CharField(max_length=100, blank=True, default="")
    source = models.CharField(max_length=200, blank=True, default="")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    example_input = models.TextField(blank=True, default="")
    example_output = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    # What it has earned. Written by `vault.learn` and `vault.count_usage` alone.
    performance_score = models.FloatField(default=FIRST_SCORE, editable=False)
    times_used = models.BigIntegerField(default=0, editable=False)
    engagement_avg = models.FloatField(default=0.0, editable=False)
    reports = models.BigIntegerField(default=0, editable=False)
    engagements = models.FloatField(default=0.0, editable=False)
    impressions = models.FloatField(default=0.0, editable=False)

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["-performance_score", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "language"], condition=models.Q(is_active=True), name="one_active_name"
            ),
            models.CheckConstraint(condition=models.Q(performance_score__range=(0, 10)), name="score_in_range"),
            models.CheckConstraint(condition=~models.Q(platform=""), name="platform_or_null"),
            models.CheckConstraint(condition=~models.Q(agent_code=""), name="agent_code_or_null"),
        ]
        indexes = [
            models.Index(fields=["project", "category", "vertical"]),
            models.Index(fields=["project", "-performance_score", "id"]),
            GinIndex(fields=["tags"], name="prompt_tags"),
        ]

    def __str__(self) -> str:
        return self.name
