"""What was done to handoffs, one row for each act."""

from django.db import models

from agents.models.handoff_states import Status
from sentinel.models import Event


class HandoffEvent(Event):
    """What was done to a handoff, and where it stood after."""

    handoff = models.ForeignKey("Handoff", models.CASCADE, related_name="events")
    status = models.CharField(max_length=14, choices=Status)
    attempt = models.PositiveSmallIntegerField()
