"""What runs count for and no rollup has yet."""

from django.db import models

from sentinel.models import Project


class PendingCount(models.Model):
    """What the runs of one transaction come to in an hour, for one agent, version and environment; negative where a
    run counts no longer as it did.

    The further columns are those of `agents.telemetry.count`: the sums of runs, and for each pair of a type and a code
    an entry in the lists of decisions and of signals.
    """

    project = models.ForeignKey(Project, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    start = models.DateTimeField()

    def __str__(self) -> str:
        return f"something of the hour of {self.start}"
