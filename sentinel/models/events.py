"""What was done to something, one row for each act."""

from typing import Any

from django.conf import settings
from django.db import models

from config.models import Identified
from sentinel.models.keys import ApiKey


class Event(Identified):
    """What was done, by whom and why. Nobody by name is the worker. A subclass says to what."""

    action = models.CharField(max_length=30)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    reason = models.TextField(blank=True, default="")
    facts: Any = models.JSONField(default=dict)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return self.action
