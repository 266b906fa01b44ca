"""What each use of a version took, and what that comes to by version and day."""

from django.db import models
from django.db.models.functions import Now

from config.ids import uuid7
from sentinel.models import Project
from vault.models import Prompt, Version


class Execution(models.Model):
    """One use of a version, in numbers and codes. Partitioned by month, without foreign keys, see the migration.

    Its key is (project, id); Django knows the id alone, a UUIDv7 made from its time and the sender's own name of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, related_name="+")
    prompt = models.ForeignKey(Prompt, models.DO_NOTHING, db_constraint=False, related_name="+")
    version = models.ForeignKey(Version, models.DO_NOTHING, db_constraint=False, related_name="+")
    # The first 16 bytes of the SHA-256 of its resolution id: by it a later rating or report finds it.
    resolution = models.UUIDField(null=True)
    unit = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    response_time_ms = models.FloatField(null=True)
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    cached_tokens = models.BigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    error_type = models.CharField(max_length=100, null=True)
    environment = models.CharField(max_length=100, null=True)
    input_hash = models.CharField(max_length=100, null=True)
    accuracy = models.FloatField(null=True)
    consistency = models.FloatField(null=True)
    completeness = models.FloatField(null=True)
    user_satisfaction = models.FloatField(null=True)
    engagements = models.FloatField(default=0.0)
    impressions = models.FloatField(default=0.0)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version_id} at {self.at:%Y-%m-%d %H:%M}"


class ExecutionDay(models.Model):
    """The sums of a version's uses of one day (UTC). Each quality and time has the number of uses that tell of it."""

    pk = models.CompositePrimaryKey("version_id", "day")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="+")
    version = models.ForeignKey(Version, models.CASCADE, related_name="days")
    day = models.DateField()
    executions = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    timed = models.BigIntegerField(default=0)
    response_time_ms = models.FloatField(default=0.0)
    response_score = models.FloatField(default=0.0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    costed = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=24, decimal_places=8, default=0)
    accuracy = models.FloatField(default=0.0)
    accuracy_rated = models.BigIntegerField(default=0)
    consistency = models.FloatField(default=0.0)
    consistency_rated = models.BigIntegerField(default=0)
    completeness = models.FloatField(default=0.0)
    completeness_rated = models.BigIntegerField(default=0)
    user_satisfaction = models.FloatField(default=0.0)
    user_satisfaction_rated = models.BigIntegerField(default=0)
    engagements = models.FloatField(default=0.0)
    impressions = models.FloatField(default=0.0)

    class Meta:
        indexes = [models.Index(fields=["prompt", "day"])]

    def __str__(self) -> str:
        return f"{self.version_id} on {self.day}"
