"""What is measured of a unit."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from config.models import Identified
from sentinel.models import Project

SLUG = RegexValidator(r"^[a-z][a-z0-9_]{0,49}\Z", "Lower-case letters, digits and _, a letter first.")
WEEK = timedelta(days=7)
MOST_WINDOW = timedelta(days=365)
# What counts as immediate still takes its way: an outcome of a metric without a window is waited for this long.
IMMEDIATE = timedelta(minutes=1)


class Kind(models.TextChoices):
    CONVERSION = "conversion", "Conversion: did it happen for this unit"
    MEAN = "mean", "Mean: the mean of a unit's values"
    RATIO = "ratio", "Ratio: sum of values over sum of weights"


class Direction(models.TextChoices):
    UP = "up", "More is better"
    DOWN = "down", "Less is better"


# Each project starts with these, by a trigger: see the migration. What is measured per use is a ratio by unit, since
# uses of one unit are not independent.
SEEDED = (
    "engagement",
    "click_through",
    "accuracy",
    "consistency",
    "completeness",
    "user_satisfaction",
    "response_time_ms",
    "error_rate",
    "cost_usd",
)


class MetricQuerySet(models.QuerySet["Metric"]):
    def in_project(self, project_id: UUID) -> "MetricQuerySet":
        return self.filter(project_id=project_id)


class Metric(Identified):
    project = models.ForeignKey(Project, models.CASCADE, related_name="metrics")
    slug = models.CharField(max_length=50, validators=[SLUG])
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    direction = models.CharField(max_length=4, choices=Direction, default=Direction.UP)
    measure = models.CharField(max_length=20, blank=True, default="", help_text="What a value is counted in: ms, usd")
    window = models.DurationField(
        default=WEEK, help_text="How long after its exposure a unit's outcomes count; zero where they are immediate."
    )
    cap_at = models.FloatField(null=True, blank=True, help_text="A unit's value counts up to this much.")
    cap_percentile = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5), MaxValueValidator(0.9999)],
        help_text="Or up to this percentile over all arms together, frozen at the first read.",
    )

    objects = MetricQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="one_metric_slug"),
            models.CheckConstraint(
                condition=models.Q(cap_at=None) | models.Q(cap_percentile=None), name="one_cap_at_most"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_built_in(self) -> bool:
        return self.slug in SEEDED

    @property
    def waits(self) -> timedelta:
        """How long after an exposure the unit's value may still grow."""
        return max(self.window, IMMEDIATE)

    def describe(self) -> dict[str, Any]:
        return {"id": str(self.pk), "slug": self.slug, "name": self.name, "kind": self.kind, "measure": self.measure}
