"""What agents did: runs, their steps, failures, decisions and quality signals, and who called whom.

All are partitioned by month on their id, carry no foreign keys, and are written by COPY. The key of each is (project,
id); Django knows the id alone, a UUIDv7 of the time at which its group was first heard to begin. All rows of a group
share that millisecond and twelve bits more, so that a range of the key finds them (`agents.group_ids`).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from config.ids import uuid7
from config.months import first_id
from sentinel.models import Project


class TelemetryQuerySet(models.QuerySet[models.Model]):
    """What every table of telemetry can be asked."""

    def in_project(self, project_id: UUID) -> "TelemetryQuerySet":
        return self.filter(project_id=project_id)

    def within(self, start: datetime | None, end: datetime | None) -> "TelemetryQuerySet":
        """Of groups that began in [start, end). Only the months that this touches are read."""
        found = self if start is None else self.filter(pk__gte=first_id(start))
        return found if end is None else found.filter(pk__lt=first_id(end))


class Telemetry(models.Model):
    """A row of telemetry."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, related_name="+")
    metadata = models.JSONField(null=True)

    objects = TelemetryQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-id"]


class OfRun(Telemetry):
    """A row of telemetry that belongs to a run."""

    run = models.UUIDField()

    class Meta(Telemetry.Meta):
        abstract = True


class Trialled(models.Model):
    """Which version of a prompt was used, and as which arm of which experiment."""

    version_id = models.UUIDField(null=True)
    experiment_id = models.UUIDField(null=True)
    arm = models.SmallIntegerField(null=True)

    class Meta:
        abstract = True


class Spent(models.Model):
    """How long it took and what it used: milliseconds, tokens."""

    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    latency_ms = models.FloatField(null=True)
    tokens_in = models.BigIntegerField(null=True)
    tokens_out = models.BigIntegerField(null=True)
    tokens_cached = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class Run(Spent, Trialled, Telemetry):
    run_id = models.CharField(max_length=100)
    agent_id = models.CharField(max_length=100)
    agent_version = models.CharField(max_length=100)
    environment = models.CharField(max_length=100)
    status = models.CharField(max_length=10)
    parent_run_id = models.CharField(max_length=100, null=True)
    session_id = models.CharField(max_length=100, null=True)
    trace_id = models.CharField(max_length=32, null=True)
    span_id = models.CharField(max_length=16, null=True)
    parent_span_id = models.CharField(max_length=16, null=True)
    cost_usd = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    loop_length = models.SmallIntegerField(null=True)
    loop_repeats = models.IntegerField(null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(Telemetry.Meta):
        verbose_name = "run"

    def __str__(self) -> str:
        return self.run_id


class Step(Spent, Trialled, OfRun):
    step_id = models.CharField(max_length=100)
    parent_step_id = models.CharField(max_length=100, null=True)
    step_type = models.CharField(max_length=10)
    name = models.CharField(max_length=100, null=True)
    seq = models.IntegerField()
    status = models.CharField(max_length=10)
    model = models.CharField(max_length=100, null=True)

    class Meta(OfRun.Meta):
        verbose_name = "step"

    def __str__(self) -> str:
        return self.name or self.step_type


class Failure(OfRun):
    own_id = models.CharField(max_length=100)
    failure_type = models.CharField(max_length=20)
    code = models.CharField(max_length=100)
    step_id = models.CharField(max_length=100, null=True)

    class Meta(OfRun.Meta):
        verbose_name = "failure"

    def __str__(self) -> str:
        return self.code


if TYPE_CHECKING:
    _Codes = ArrayField[list[str] | None, list[str] | None]
else:
    _Codes = ArrayField


class CodesField(_Codes):
    """A list of codes. Its column is an array of a domain, which the driver knows as a list by the name of text[]."""

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return f"{sql}::text[]", params


class Decision(OfRun):
    own_id = models.CharField(max_length=100)
    decision_type = models.CharField(max_length=30)
    selected = models.CharField(max_length=100)
    candidates = CodesField(models.CharField(max_length=100), null=True)
    reason_code = models.CharField(max_length=30)
    confidence = models.FloatField(null=True)
    step_id = models.CharField(max_length=100, null=True)
    at = models.DateTimeField(null=True)

    class Meta(OfRun.Meta):
        verbose_name = "decision"

    def __str__(self) -> str:
        return f"{self.decision_type}: {self.selected}"


class QualitySignal(OfRun):
    own_id = models.CharField(max_length=100)
    signal_type = models.CharField(max_length=30)
    signal_code = models.CharField(max_length=30)
    value = models.BooleanField()
    weight = models.FloatField(null=True)
    step_id = models.CharField(max_length=100, null=True)
    at = models.DateTimeField(null=True)

    class Meta(OfRun.Meta):
        verbose_name = "quality signal"

    def __str__(self) -> str:
        return f"{self.signal_type}: {self.signal_code}"


class Call(Telemetry):
    """A run that another run started; its id is the called run's. The caller is not known before its own run is."""

    run_id = models.CharField(max_length=100)
    parent_run_id = models.CharField(max_length=100)
    caller = models.CharField(max_length=100, null=True)
    callee = models.CharField(max_length=100)

    class Meta(Telemetry.Meta):
        verbose_name = "call"

    def __str__(self) -> str:
        return f"{self.caller or '?'} calls {self.callee}"


class RunKey(models.Model):
    """The one row that two reports of the same group meet at: by a hash of the group's key, the id it was given.

    `key` is the first 16 bytes of SHA-256 of the group's key; `id` carries the time that the group is kept by.
    """

    pk = models.CompositePrimaryKey("project_id", "key")
    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, related_name="+")
    key = models.UUIDField()
    id = models.UUIDField()

    def __str__(self) -> str:
        return str(self.id)
