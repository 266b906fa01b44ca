"""What workers came back with."""

from typing import Any

from django.db import models

from agents.models.any_json import AnyJSON
from config.models import Identified


class HandoffResult(Identified):
    """What a worker came back with. `late`: its lease was lost, or the handoff was over; it is kept all the same."""

    handoff = models.ForeignKey("Handoff", models.CASCADE, related_name="results")
    attempt = models.PositiveSmallIntegerField()
    lease_id = models.UUIDField(null=True)
    worker = models.CharField(max_length=100, blank=True, default="")
    result: Any = AnyJSON()
    late = models.BooleanField(default=False)
    # Why it is late: lease_lost, or the state in which it found the handoff.
    late_reason = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["handoff"], condition=models.Q(late=False), name="one_result_in_time")
        ]

    def __str__(self) -> str:
        return f"late result of {self.handoff_id}" if self.late else f"result of {self.handoff_id}"
