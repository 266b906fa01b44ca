"""Proof that background work gets done: a row that a task renews."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

ALIVE_FOR = timedelta(minutes=3)


class Heartbeat(models.Model):
    name = models.CharField(primary_key=True, max_length=50)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    def is_alive(self) -> bool:
        return self.beat_at > timezone.now() - ALIVE_FOR
