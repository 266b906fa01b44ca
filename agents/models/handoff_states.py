"""Where a handoff may stand, how urgent it may be, and which moves are legal."""

from django.db import models


class Status(models.TextChoices):
    PENDING = "PENDING", "Pending"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    INPUT_REQUIRED = "INPUT_REQUIRED", "Input required"
    COMPLETED = "COMPLETED", "Completed"
    REJECTED = "REJECTED", "Rejected"
    FAILED = "FAILED", "Failed"
    CANCELED = "CANCELED", "Canceled"
    EXPIRED = "EXPIRED", "Expired"


class Priority(models.IntegerChoices):
    """As a number, so that the more urgent comes first in an index."""

    URGENT = 0, "Urgent"
    HIGH = 1, "High"
    NORMAL = 2, "Normal"
    LOW = 3, "Low"


# The reason of what failed because its last lease ran out, or was given back with no attempt left.
EXHAUSTED = "attempts_exhausted"
OPEN = (Status.PENDING, Status.IN_PROGRESS, Status.INPUT_REQUIRED)
# From where to where. The database holds the same: see the migration. That a lease or a deadline has run out is judged
# by the database's clock.
MOVES: dict[Status, tuple[Status, ...]] = {
    Status.PENDING: (Status.IN_PROGRESS, Status.REJECTED, Status.CANCELED, Status.EXPIRED),
    Status.IN_PROGRESS: (
        Status.PENDING,
        Status.INPUT_REQUIRED,
        Status.COMPLETED,
        Status.REJECTED,
        Status.FAILED,
        Status.CANCELED,
        Status.EXPIRED,
    ),
    Status.INPUT_REQUIRED: (Status.PENDING, Status.CANCELED, Status.EXPIRED),
}
