"""What was reported, kept as rows, so that each score can be replayed and drawn."""

from django.db import models
from django.db.models.functions import Now

from config.ids import uuid7
from sentinel.models import Project
from vault.models.prompts import Prompt
from vault.models.versions import Version


class EngagementReport(models.Model):
    """One report of engagement and what it made of the prompt's score. Appended by `vault.learn`, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="history")
    version = models.ForeignKey(Version, models.CASCADE, null=True, related_name="+")
    # Which of the prompt's reports it is, from 1: the order in which they are replayed.
    sequence = models.BigIntegerField()
    # The caller's own name of it, so that the same report sent twice counts once.
    report_id = models.UUIDField(null=True)
    resolution_id = models.CharField(max_length=120, null=True)
    unit_hash = models.BinaryField(max_length=8, null=True)
    engagement_rate = models.FloatField()
    engagements = models.FloatField()
    impressions = models.FloatField()
    score_before = models.FloatField()
    score_after = models.FloatField()
    # When it was earned, which a client that was cut off tells late.
    at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["prompt", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "sequence"], name="one_sequence"),
            models.UniqueConstraint(fields=["project", "report_id"], name="one_report"),
        ]

    def __str__(self) -> str:
        return f"{self.score_before:.3f} → {self.score_after:.3f}"


class UsageReport(models.Model):
    """How often a client chose a version by itself, sent in a batch. Kept to know it when it is sent again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    report_id = models.UUIDField()
    count = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "report_id"], name="one_usage_report")]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.count} × {self.version_id}"
