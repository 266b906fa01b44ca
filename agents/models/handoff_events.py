"""What was done to handoffs, one row for each act."""

from typing import Any

from django.conf import settings
from django.db import models

from agents.models.handoff_states import Status
from config.models import Identified
from sentinel.models import ApiKey


class HandoffEvent(Identified):
    """What was done to a handoff, by whom and why, and where it stood after. Nobody by name is the worker."""

    handoff = models.ForeignKey("Handoff", models.CASCADE, related_name="events")
    action = models.CharField(max_length=30)
    status = models.CharField(max_length=14, choices=Status)
    attempt = models.PositiveSmallIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    reason = models.TextField(blank=True, default="")
    facts: Any = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.action
