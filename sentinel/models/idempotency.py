"""The first answer to a request that named an Idempotency-Key."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from config.models import Identified
from sentinel.models.projects import Project

KEPT_FOR = timedelta(hours=24)


class IdempotentAnswerQuerySet(models.QuerySet["IdempotentAnswer"]):
    def kept(self) -> "IdempotentAnswerQuerySet":
        return self.filter(created_at__gt=timezone.now() - KEPT_FOR)

    def stale(self) -> "IdempotentAnswerQuerySet":
        return self.filter(created_at__lte=timezone.now() - KEPT_FOR)


class IdempotentAnswer(Identified):
    project = models.ForeignKey(Project, models.CASCADE)
    key = models.CharField(max_length=200)
    path = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()

    objects = IdempotentAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key", "path"], name="one_answer")]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.status} for {self.path}"
