"""Spans of traces of which neither an agent nor a model nor a tool is known: they wait for one."""

from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Now

from sentinel.models import Project

FORGET = """
    DELETE FROM agents_waitingspan WHERE id = ANY(ARRAY(
        SELECT id FROM agents_waitingspan WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED
    ))
"""


class WaitingSpanQuerySet(models.QuerySet["WaitingSpan"]):
    def of_traces(self, project_id: UUID, trace_ids: list[str]) -> "WaitingSpanQuerySet":
        return self.filter(project_id=project_id, trace_id__in=trace_ids)

    def forget(self, ids: list[int]) -> None:
        """Delete these rows; those that somebody else deletes just now are left to them, so that nobody waits."""
        with connection.cursor() as cursor:
            cursor.execute(FORGET, [ids])


class WaitingSpan(models.Model):
    """A span as it would be a step: codes and numbers. Times are microseconds since 1970."""

    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16)
    parent_id = models.CharField(max_length=16, null=True)
    remote_parent = models.BooleanField()
    name = models.CharField(max_length=100, null=True)
    started = models.BigIntegerField()
    ended = models.BigIntegerField(null=True)
    failed = models.BooleanField()
    code = models.CharField(max_length=100, null=True)
    agent = models.CharField(max_length=100, null=True)
    session = models.CharField(max_length=100, null=True)
    service = models.CharField(max_length=100, null=True)
    service_version = models.CharField(max_length=100, null=True)
    environment = models.CharField(max_length=100, null=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = WaitingSpanQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "trace_id", "span_id"], name="waits_once")]
        indexes = [models.Index(fields=["received_at"], name="waiting_since")]

    def __str__(self) -> str:
        return self.name or self.span_id
